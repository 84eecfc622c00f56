// The table that a reader sees first: the headline figures of each strategy, with their spread.
import { type Figure, figures } from './figures.ts';
import type { FigureSummary, LabResult, StrategyRow } from './result.ts';
import type { Value } from './statistics.ts';

/** The short names of the columns. */
const titles: Readonly<Record<string, string>> = {
  latencyP50Ms: 'p50',
  latencyP99Ms: 'p99',
  latencyMaxMs: 'max',
  failed: 'failed',
  neverEnded: 'never ended',
  blockedShare: 'others blocked',
  pagesLost: 'lost DMA',
  pagesForeign: 'foreign DMA',
  heldBackPeakBytes: 'held back',
  heldBackByteSeconds: 'held × time',
  deadlocks: 'deadlocks',
};

const three = (value: number): string => String(Number(value.toPrecision(3)));

const scaled = (value: number, steps: readonly (readonly [number, string])[]): string => {
  const [size, unit] =
    steps.find(([least]) => value >= least) ?? (steps.at(-1) as [number, string]);
  return `${three(value / size)} ${unit}`;
};

/** With three digits, as a person reads it. */
export function shown(value: Value, unit: Figure['unit']): string {
  if (typeof value !== 'number') return value === 'never' ? 'never' : '-never';
  if (value === 0) return '0';
  switch (unit) {
    case 'ms':
      return scaled(value, [
        [1000, 's'],
        [1, 'ms'],
        [0.001, 'µs'],
      ]);
    case 'share':
      return `${three(value * 100)} %`;
    case 'bytes':
      return scaled(value, [
        [2 ** 20, 'MiB'],
        [2 ** 10, 'KiB'],
        [1, 'B'],
      ]);
    case 'byte-seconds':
      return scaled(value, [
        [2 ** 20, 'MiB·s'],
        [2 ** 10, 'KiB·s'],
        [1, 'B·s'],
      ]);
    default:
      return three(value);
  }
}

/** `2.8–3.4 ms`; empty if all seeds agree. */
function spread({ low, high }: FigureSummary, unit: Figure['unit']): string {
  if (low === high) return '';
  const [from, to] = [shown(low, unit), shown(high, unit)];
  const [, own = ''] = /^[\d.e+-]+( .+)$/.exec(to) ?? [];
  return `${own !== '' && from.endsWith(own) ? from.slice(0, -own.length) : from}–${to}`;
}

const headlines = figures.filter(({ headline }) => headline);

export interface Cell {
  /** The median of the seeds. */
  text: string;
  /** The interval in which the median lies with 95 %; empty if all seeds agree. */
  spread: string;
}

export interface Row {
  strategy: string;
  cells: Cell[];
  /** Why the filesystem cannot have the strategy. */
  refused?: string;
}

export const tableColumns: readonly string[] = headlines.map(({ name }) => titles[name] ?? name);

export const rowsOf = (strategies: readonly StrategyRow[]): Row[] =>
  strategies.map(({ strategy, figures: own, refused }) => ({
    strategy,
    cells: headlines.map(({ name, unit }) => {
      const figure = own[name];
      return figure === undefined
        ? { text: '-', spread: '' }
        : { text: shown(figure.median, unit), spread: spread(figure, unit) };
    }),
    ...(refused === undefined ? {} : { refused }),
  }));

/** `3 of 32 seeds deadlock`: what happens in some seeds and not in all is no median. */
export function seedNotes({ seeds }: LabResult, { strategy, seedsWith }: StrategyRow): string[] {
  return Object.entries(seedsWith).flatMap(([what, count]) =>
    count === 0 ? [] : [`${strategy}: ${what} in ${count} of ${seeds.length} seeds`],
  );
}
