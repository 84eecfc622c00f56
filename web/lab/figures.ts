// The figures of a table, and how a person reads them. `pinhole lab run` prints the same texts:
// test/web/lab-figures.unit.test.ts compares both.
import type { FigureSummary, StrategyRow, Value } from './result.ts';

export type Unit = 'ms' | 'share' | 'count' | 'bytes' | 'byte-seconds' | 'pages';

export interface Figure {
  name: string;
  group: 'caller' | 'others' | 'device' | 'space' | 'machine' | 'fairness';
  unit: Unit;
  doc: string;
  /** The short name of a column; only those of the first table have one. */
  title?: string;
}

type Row = [name: string, unit: Unit, doc: string, title?: string];

const group = (name: Figure['group'], rows: readonly Row[]): Figure[] =>
  rows.map(([own, unit, doc, title]) => ({
    name: own,
    group: name,
    unit,
    doc,
    ...(title === undefined ? {} : { title }),
  }));

export const figures: readonly Figure[] = [
  ...group('caller', [
    ['latencyP50Ms', 'ms', 'Layout changes: half of the calls take at most this long.', 'p50'],
    ['latencyP90Ms', 'ms', 'Layout changes: 90 % of the calls take at most this long.'],
    ['latencyP99Ms', 'ms', 'Layout changes: 99 % of the calls take at most this long.', 'p99'],
    ['latencyMaxMs', 'ms', 'The longest call; never: one waits for ever.', 'max'],
    ['ended', 'count', 'Layout changes that succeeded.'],
    ['failed', 'count', 'Layout changes that failed.', 'failed'],
    ['neverEnded', 'count', 'Layout changes that wait for ever.', 'never ended'],
    ['neverEnded.deadlock', 'count', 'Layout changes that had not ended: deadlock.'],
    ['neverEnded.hang', 'count', 'Layout changes that had not ended: hang.'],
    ['neverEnded.starvation', 'count', 'Layout changes that had not ended: starvation.'],
    ['neverEnded.unfinished', 'count', 'Layout changes that had not ended: unfinished.'],
  ]),
  ...group('others', [
    [
      'blockedShare',
      'share',
      'The share of the time of all threads that they waited for a lock or an entry.',
      'others blocked',
    ],
    ['blockedInSMs', 'ms', 'Of that, in state S.'],
    ['blockedInDMs', 'ms', 'Of that, in state D.'],
    ['longestBlockedMs', 'ms', 'The longest of these waits.'],
    ['hungTasks', 'count', 'Waits of more than 120 s in state D, which khungtaskd prints.'],
  ]),
  ...group('device', [
    ['pagesLost', 'pages', 'Pages that a device wrote after no file owned the block.', 'lost DMA'],
    [
      'pagesForeign',
      'pages',
      'Pages of another file that a device overwrote: corruption.',
      'foreign DMA',
    ],
    ['pagesReadForeign', 'pages', 'Pages of another file that a device read: a leak.'],
    ['pagesReadStale', 'pages', 'Pages that a device read after no file owned the block.'],
    ['pagesWritten', 'pages', 'Pages that devices wrote.'],
    ['pins', 'count', 'Pins that were granted.'],
    ['pinsRefused', 'count', 'Pins that were refused.'],
  ]),
  ...group('space', [
    [
      'heldBackPeakBytes',
      'bytes',
      'The most space at one time that no file owned and nobody could use.',
      'held back',
    ],
    ['heldBackByteSeconds', 'byte-seconds', 'That space times its time.', 'held × time'],
    ['dfLessDuBytes', 'bytes', 'How much more df shows as used than du finds, on average.'],
    ['noSpaceWhileHeldBack', 'count', 'ENOSPC while space was held back.'],
    ['freedUnderPin', 'count', 'Blocks that were freed, moved or zeroed under a pin.'],
  ]),
  ...group('machine', [
    ['deadlocks', 'count', 'Cycles of waits that were completed.', 'deadlocks'],
    ['commands', 'count', 'Operations that the threads made.'],
    ['scans', 'count', 'Scans of a range for pinned pages.'],
    ['wakeups', 'count', 'Tasks that were woken.'],
    ['spuriousWakeups', 'count', 'Of these, woken for the page of somebody else.'],
    ['workItems', 'count', 'Work that the last put of a page queued.'],
    ['events', 'count', 'Tracepoints that were hit.'],
  ]),
  ...group('fairness', [
    [
      'slowestThread',
      'share',
      'The rounds of the slowest thread as a share of the median one of its actor.',
    ],
  ]),
];

/** Those of the first table. */
export const headlines: readonly (Figure & { title: string })[] = figures.flatMap((figure) =>
  figure.title === undefined ? [] : [{ ...figure, title: figure.title }],
);

export const groupTitles: Readonly<Record<Figure['group'], string>> = {
  caller: 'Layout changes',
  others: 'Everybody else',
  device: 'Devices',
  space: 'Space',
  machine: 'The machine',
  fairness: 'Fairness',
};

const three = (value: number): string => String(Number(value.toPrecision(3)));

type Steps = readonly (readonly [size: number, unit: string])[];

const steps: Readonly<Record<'ms' | 'bytes' | 'byte-seconds', Steps>> = {
  ms: [
    [1000, 's'],
    [1, 'ms'],
    [0.001, 'µs'],
  ],
  bytes: [
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
    [1, 'B'],
  ],
  'byte-seconds': [
    [2 ** 20, 'MiB·s'],
    [2 ** 10, 'KiB·s'],
    [1, 'B·s'],
  ],
};

function scaled(value: number, own: Steps): string {
  const [size, unit] =
    own.find(([least]) => Math.abs(value) >= least) ?? (own.at(-1) as [number, string]);
  return `${three(value / size)} ${unit}`;
}

/** With three digits. */
export function shown(value: Value, unit: Unit): string {
  if (typeof value !== 'number') return value;
  if (value === 0) return '0';
  if (unit === 'share') return `${three(value * 100)} %`;
  return unit in steps ? scaled(value, steps[unit as keyof typeof steps]) : three(value);
}

/** `2.8–3.4 ms`; empty if all seeds agree. */
export function spreadText({ low, high }: FigureSummary, unit: Unit): string {
  if (low === high) return '';
  const [from, to] = [shown(low, unit), shown(high, unit)];
  const [, own = ''] = /^[\d.e+-]+( .+)$/.exec(to) ?? [];
  return `${own !== '' && from.endsWith(own) ? from.slice(0, -own.length) : from}–${to}`;
}

export interface Cell {
  /** The median of the seeds. */
  text: string;
  spread: string;
  /** It is never good: a wait for ever, a deadlock, DMA into another file. */
  isBad: boolean;
}

const badIfAny = new Set(['neverEnded', 'pagesForeign', 'deadlocks']);

export function cellOf({ figures: own }: StrategyRow, { name, unit }: Figure): Cell {
  const figure = own[name];
  if (figure === undefined) return { text: '-', spread: '', isBad: false };
  const { median } = figure;
  return {
    text: shown(median, unit),
    spread: spreadText(figure, unit),
    isBad: median === 'never' || (badIfAny.has(name) && median !== 0),
  };
}

/** `deadlock in 31 of 32 seeds`: what happens in some seeds and not in all is no median. */
export const seedNotes = ({ seedsWith }: StrategyRow, seeds: number): string[] =>
  Object.entries(seedsWith).flatMap(([what, count]) =>
    count === 0 ? [] : [`${what} in ${count} of ${seeds} seeds`],
  );
