// The figures of a table, each computed from one run. A reader compares them across strategies.
import { pageSize } from '../kernel/units.ts';
import { Histogram } from './histogram.ts';
import type { RunFigures } from './observe.ts';
import { type NeverEnded, neverEndedReasons } from './stuck.ts';

export const groups = ['caller', 'others', 'device', 'space', 'machine', 'fairness'] as const;

export interface Figure {
  name: string;
  group: (typeof groups)[number];
  unit: 'ms' | 'share' | 'count' | 'bytes' | 'byte-seconds' | 'pages';
  /** In the table that a reader sees first. */
  headline: boolean;
  doc: string;
  /** Infinity: it never ended. Null: the run has no such thing. */
  of(run: RunFigures): number | null;
}

type CallerFigures = RunFigures['callers'][string];

/** All layout changes of a run together. */
interface Callers {
  /** Calls that ended, and those that the end of the run cut off. */
  latency: Histogram;
  ended: number;
  stuck: number;
  total: number;
}

export const callersOf = (run: RunFigures): Callers => latencyOf(Object.values(run.callers));

/**
 * A call that waits for ever counts as one of infinite latency. One that has not ended for another
 * reason, although the run went on after the measurement, counts with the time it had waited, which
 * is less than it will take.
 */
function latencyOf(ops: readonly CallerFigures[]): Callers {
  const latency = new Histogram();
  let ended = 0;
  let stuck = 0;
  for (const op of ops) {
    latency.merge(op.latency);
    ended += op.latency.count;
    for (const { reason, us } of op.neverEnded) {
      if (reason === 'unfinished') latency.add(us);
      else stuck += 1;
    }
  }
  return { latency, ended, stuck, total: latency.count + stuck };
}

export function latencyAt(share: number): Figure['of'] {
  return (run) => {
    const { latency, stuck, total } = callersOf(run);
    if (total === 0) return null;
    const us = share === 1 ? (stuck > 0 ? null : latency.max) : latency.quantile(share, total);
    return us === null ? Number.POSITIVE_INFINITY : us / 1000;
  };
}

const neverEnded =
  (reasons: readonly NeverEnded[]): Figure['of'] =>
  (run) =>
    Object.values(run.callers)
      .flatMap((op) => op.neverEnded)
      .filter(({ reason }) => reasons.includes(reason)).length;

export const sum = (values: Iterable<number>): number => {
  let all = 0;
  for (const one of values) all += one;
  return all;
};
const lockWaits = (run: RunFigures) => Object.values(run.waitsForLocks);

/** The rounds of the slowest thread as a share of the median thread of its actor. */
function slowest({ rounds }: RunFigures): number | null {
  const shares = Object.values(rounds).flatMap((own) => {
    if (own.length < 2) return [];
    const sorted = [...own].sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1] as number;
    // If more than half of the threads are stuck, the slowest did nothing of what others did.
    if (median === 0) return sorted.at(-1) === 0 ? [] : [0];
    return [(sorted[0] as number) / median];
  });
  return shares.length === 0 ? null : Math.min(...shares);
}

type Row = [
  name: string,
  unit: Figure['unit'],
  doc: string,
  of: Figure['of'],
  headline?: 'headline',
];
const group = (name: Figure['group'], rows: readonly Row[]): Figure[] =>
  rows.map(([own, unit, doc, of, headline]) => ({
    name: own,
    group: name,
    unit,
    doc,
    of,
    headline: headline !== undefined,
  }));

export const figures: readonly Figure[] = [
  ...group('caller', [
    [
      'latencyP50Ms',
      'ms',
      'Layout changes: half of the calls take at most this long.',
      latencyAt(0.5),
      'headline',
    ],
    [
      'latencyP90Ms',
      'ms',
      'Layout changes: 90 % of the calls take at most this long.',
      latencyAt(0.9),
    ],
    [
      'latencyP99Ms',
      'ms',
      'Layout changes: 99 % of the calls take at most this long.',
      latencyAt(0.99),
      'headline',
    ],
    [
      'latencyMaxMs',
      'ms',
      'The longest call; never: one waits for ever.',
      latencyAt(1),
      'headline',
    ],
    ['ended', 'count', 'Layout changes that succeeded.', (run) => callersOf(run).ended],
    [
      'failed',
      'count',
      'Layout changes that failed.',
      (run) => sum(Object.values(run.callers).flatMap((op) => Object.values(op.failed))),
      'headline',
    ],
    [
      'neverEnded',
      'count',
      'Layout changes that wait for ever.',
      neverEnded(['deadlock', 'hang', 'starvation']),
      'headline',
    ],
    ...neverEndedReasons.map(
      (reason): Row => [
        `neverEnded.${reason}`,
        'count',
        `Layout changes that had not ended: ${reason}.`,
        neverEnded([reason]),
      ],
    ),
  ]),
  ...group('others', [
    [
      'blockedShare',
      'share',
      'The share of the time of all threads that they waited for a lock or an entry.',
      (run) =>
        run.measuredUs === 0
          ? 0
          : sum(lockWaits(run).map(({ usInS, usInD }) => usInS + usInD)) /
            (run.threads * run.measuredUs),
      'headline',
    ],
    [
      'blockedInSMs',
      'ms',
      'Of that, in state S.',
      (run) => sum(lockWaits(run).map(({ usInS }) => usInS)) / 1000,
    ],
    [
      'blockedInDMs',
      'ms',
      'Of that, in state D.',
      (run) => sum(lockWaits(run).map(({ usInD }) => usInD)) / 1000,
    ],
    [
      'longestBlockedMs',
      'ms',
      'The longest of these waits.',
      (run) => Math.max(0, ...lockWaits(run).map(({ longestUs }) => longestUs)) / 1000,
    ],
    [
      'hungTasks',
      'count',
      'Waits of more than 120 s in state D, which khungtaskd prints.',
      (run) => run.hungTasks,
    ],
  ]),
  ...group('device', [
    [
      'pagesLost',
      'pages',
      'Pages that a device wrote after no file owned the block.',
      (run) => run.device.lost,
      'headline',
    ],
    [
      'pagesForeign',
      'pages',
      'Pages of another file that a device overwrote: corruption.',
      (run) => run.device.foreignWritten,
      'headline',
    ],
    [
      'pagesReadForeign',
      'pages',
      'Pages of another file that a device read: a leak.',
      (run) => run.device.foreignRead,
    ],
    [
      'pagesReadStale',
      'pages',
      'Pages that a device read after no file owned the block.',
      (run) => run.device.staleRead,
    ],
    ['pagesWritten', 'pages', 'Pages that devices wrote.', (run) => run.device.pagesWritten],
    ['pins', 'count', 'Pins that were granted.', (run) => run.device.pins],
    [
      'pinsRefused',
      'count',
      'Pins that were refused.',
      (run) => sum(Object.values(run.device.pinsRefused)),
    ],
  ]),
  ...group('space', [
    [
      'heldBackPeakBytes',
      'bytes',
      'The most space at one time that no file owned and nobody could use.',
      (run) => run.space.peakBlocks * pageSize,
      'headline',
    ],
    [
      'heldBackByteSeconds',
      'byte-seconds',
      'That space times its time.',
      (run) => (run.space.blockUs / 1e6) * pageSize,
      'headline',
    ],
    [
      'dfLessDuBytes',
      'bytes',
      'How much more df shows as used than du finds, on average.',
      (run) => (run.space.meanBlocksNotFree - run.space.meanBlocksOfFiles) * pageSize,
    ],
    [
      'noSpaceWhileHeldBack',
      'count',
      'ENOSPC while space was held back.',
      (run) => run.space.noSpaceWhileHeldBack,
    ],
    [
      'freedUnderPin',
      'count',
      'Blocks that were freed, moved or zeroed under a pin.',
      (run) => run.space.freedUnderPin,
    ],
  ]),
  ...group('machine', [
    [
      'deadlocks',
      'count',
      'Cycles of waits that were completed.',
      (run) => run.machine.deadlocks,
      'headline',
    ],
    ['commands', 'count', 'Operations that the threads made.', (run) => run.machine.commands],
    ['scans', 'count', 'Scans of a range for pinned pages.', (run) => run.machine.scans],
    ['wakeups', 'count', 'Tasks that were woken.', (run) => run.machine.wakeups],
    [
      'spuriousWakeups',
      'count',
      'Of these, woken for the page of somebody else.',
      (run) => run.machine.spuriousWakeups,
    ],
    [
      'workItems',
      'count',
      'Work that the last put of a page queued.',
      (run) => run.machine.workItems,
    ],
    ['events', 'count', 'Tracepoints that were hit.', (run) => run.machine.events],
  ]),
  ...group('fairness', [
    [
      'slowestThread',
      'share',
      'The rounds of the slowest thread as a share of the median one of its actor.',
      slowest,
    ],
  ]),
];
