// --expect of `compare`: `deadlocks=0`, or `wait-for-refs: hangs>=1` for one strategy.
import { InvalidArgumentError } from 'commander';
import type { StrategyRow } from '../../compare/table.ts';

const figures = {
  deadlocks: ({ deadlocks }) => deadlocks,
  hangs: ({ hangs }) => hangs,
  freedUnderPin: ({ freedUnderPin }) => freedUnderPin,
  dmaLost: ({ dmaLost }) => dmaLost,
  dmaForeign: ({ dmaForeign }) => dmaForeign,
  peak: ({ blocksHeldBack }) => blocksHeldBack.peak,
  blockMs: ({ blocksHeldBack }) => blocksHeldBack.blockMs,
  sleptMs: ({ operations }) => Math.max(0, ...operations.map(({ sleptMs }) => sleptMs)),
  done: (row) => countOf(row, 'done'),
  failed: (row) => countOf(row, 'failed'),
  sleeping: (row) => countOf(row, 'sleeping'),
} satisfies Record<string, (row: StrategyRow) => number>;

const countOf = ({ operations }: StrategyRow, outcome: string): number =>
  operations.filter((one) => one.outcome === outcome).length;

const compares: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  '=': (one, other) => one === other,
  '!=': (one, other) => one !== other,
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
};

export interface Expectation {
  text: string;
  /** Null: every strategy that the filesystem can have. */
  strategy: string | null;
  figure: keyof typeof figures;
  compare: string;
  value: number;
}

const figureNames = Object.keys(figures);

/** For commander. */
export function expectationOf(text: string, before: readonly Expectation[] = []): Expectation[] {
  const [, strategy, figure = '', compare = '', digits] =
    /^(?:([a-z- ]+):\s*)?(\w+)\s*(!=|<=|>=|=|<|>)\s*(\d+)$/.exec(text.trim()) ?? [];
  if (digits === undefined || !Object.hasOwn(figures, figure))
    throw new InvalidArgumentError(
      `write a figure, a comparison and a number, such as deadlocks=0 or ` +
        `"wait-for-refs: hangs>=1". The figures are ${figureNames.join(', ')}.`,
    );
  const known = figure as keyof typeof figures;
  const one = { text, strategy: strategy ?? null, figure: known, compare, value: Number(digits) };
  return [...before, one];
}

/** A sentence for each expectation that does not hold. */
export function unmet(
  expectations: readonly Expectation[],
  rows: readonly StrategyRow[],
): string[] {
  return expectations.flatMap(({ text, strategy, figure, compare, value }) => {
    const about = rows.filter(
      (row) => row.refused === undefined && (strategy === null || row.strategy === strategy),
    );
    if (about.length === 0) return [`${text}: the strategy was not compared`];
    return about.flatMap((row) => {
      const found = figures[figure](row);
      if (compares[compare]?.(found, value) === true) return [];
      return [`${text}: ${figure} of ${row.strategy} is ${found}`];
    });
  });
}
