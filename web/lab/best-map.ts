// Two swept values as a map: for each pair, which strategy is best.
import { type Figure, shown } from './figures.ts';
import {
  type LabResult,
  pointsOf,
  type StrategyRow,
  sweptPaths,
  type Value,
  valueText,
} from './result.ts';

/** What makes a strategy no answer, however good its figure is. */
export const disqualifiers = {
  corrupts: {
    text: 'a device writes into another file',
    has: ({ seedsWith, figures }: StrategyRow) =>
      (seedsWith['foreign write'] ?? 0) > 0 || isAbove0(figures.pagesForeign?.median),
  },
  waits: {
    text: 'a call waits for ever in some seed',
    has: ({ seedsWith }: StrategyRow) =>
      ['deadlock', 'hang', 'starvation'].some((what) => (seedsWith[what] ?? 0) > 0),
  },
  fails: {
    text: 'calls fail',
    has: ({ figures }: StrategyRow) => isAbove0(figures.failed?.median),
  },
} as const;
export type Disqualifier = keyof typeof disqualifiers;

const isAbove0 = (value: Value | undefined): boolean => value !== undefined && value !== 0;

export interface MapCell {
  /** The best ones; none if every strategy is disqualified. */
  best: readonly string[];
  /** The figure of the best. */
  text: string;
  /** Every strategy with its figure and why it is no answer. */
  all: readonly { strategy: string; text: string; because: readonly string[] }[];
}

export interface BestMap {
  rows: { path: string; values: readonly string[] };
  columns: { path: string; values: readonly string[] };
  cells: readonly (readonly MapCell[])[];
}

/** null without two swept values. */
export function bestMap(
  result: LabResult,
  figure: Figure,
  without: ReadonlySet<Disqualifier>,
): BestMap | null {
  const [first, second, third] = sweptPaths(result);
  if (first === undefined || second === undefined || third !== undefined) return null;
  const points = pointsOf(result);
  const distinct = (path: string): string[] => [
    ...new Set(points.map(({ at }) => valueText(at[path]))),
  ];
  const rows = { path: first, values: distinct(first) };
  const columns = { path: second, values: distinct(second) };
  const cells = rows.values.map((row) =>
    columns.values.map((column) => {
      const point = points.find(
        ({ at }) => valueText(at[first]) === row && valueText(at[second]) === column,
      );
      return cellFor(point?.strategies ?? [], figure, without);
    }),
  );
  return { rows, columns, cells };
}

const numberOf = (value: Value): number =>
  typeof value === 'number' ? value : Number.POSITIVE_INFINITY;

function cellFor(
  rows: readonly StrategyRow[],
  { name, unit }: Figure,
  without: ReadonlySet<Disqualifier>,
): MapCell {
  const all = rows.flatMap((row) => {
    const figure = row.figures[name];
    if (figure === undefined) return [];
    const because = [...without].filter((what) => disqualifiers[what].has(row));
    return [{ strategy: row.strategy, value: figure.median, because }];
  });
  const able = all.filter(({ because }) => because.length === 0);
  const least = Math.min(...able.map(({ value }) => numberOf(value)));
  const best = able.filter(({ value }) => numberOf(value) === least);
  const [one] = best;
  return {
    best: best.map(({ strategy }) => strategy),
    text: one === undefined ? 'none qualifies' : shown(one.value, unit),
    all: all.map(({ strategy, value, because }) => ({
      strategy,
      text: shown(value, unit),
      because: because.map((what) => disqualifiers[what].text),
    })),
  };
}
