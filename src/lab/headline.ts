// The numbers of a row that a reader compares first: a measure is the median of the seeds, a count
// is their sum.
import { callersOf, latencyAt, sum } from './figures.ts';
import type { RunFigures } from './observe.ts';
import { type Headline, latencyFields } from './result.ts';
import { medianOf } from './statistics.ts';
import type { NeverEnded } from './stuck.ts';

const shares = { p50: 0.5, p90: 0.9, p99: 0.99, max: 1 } as const;

/** Of the runs of all seeds under one strategy. */
export function headlineOf(runs: readonly RunFigures[]): Headline {
  const total = (of: (run: RunFigures) => number): number => sum(runs.map(of));
  const middle = (of: (run: RunFigures) => number): number | null => medianOf(runs.map(of));
  return {
    changes: {
      ended: total((run) => callersOf(run).ended),
      failed: total((run) =>
        sum(Object.values(run.callers).flatMap(({ failed }) => Object.values(failed))),
      ),
      neverEnded: total((run) => callersOf(run).stuck),
      latencyMs: latencies(runs),
    },
    others: {
      blockedMs: middle((run) => sum(waits(run).map(({ usInS, usInD }) => usInS + usInD)) / 1000),
      longestMs: middle((run) => Math.max(0, ...waits(run).map((one) => one.longestUs)) / 1000),
    },
    space: {
      peakBlocks: middle(({ space }) => space.peakBlocks),
      blockMs: middle(({ space }) => space.blockUs / 1000),
    },
    device: {
      lost: total(({ device }) => device.lost),
      foreign: total(({ device }) => device.foreignWritten),
      refused: total(({ device }) => sum(Object.values(device.pinsRefused))),
    },
    deadlocks: total(({ machine }) => machine.deadlocks),
    hangs: total(stuckBy('hang')),
    starved: total(stuckBy('starvation')),
    scans: total(({ machine }) => machine.scans),
    wakeups: total(({ machine }) => machine.wakeups),
    spurious: total(({ machine }) => machine.spuriousWakeups),
  };
}

const waits = ({ waitsForLocks }: RunFigures) => Object.values(waitsForLocks);

/** Calls of any operation, because a fault can hang behind a layout change. */
const stuckBy = (own: NeverEnded) => (run: RunFigures) =>
  [...Object.values(run.callers), ...Object.values(run.others)]
    .flatMap(({ neverEnded }) => neverEnded)
    .filter(({ reason }) => reason === own).length;

type Latencies = Headline['changes']['latencyMs'];

function latencies(runs: readonly RunFigures[]): Latencies {
  const latencyMs: Latencies = { p50: null, p90: null, p99: null, max: null };
  const nullBecause: Latencies['nullBecause'] = {};
  for (const field of latencyFields) {
    const values = runs.map(latencyAt(shares[field])).filter((value) => value !== null);
    const value = medianOf(values);
    if (value === null) nullBecause[field] = 'none';
    else if (value === Number.POSITIVE_INFINITY) nullBecause[field] = 'never';
    else latencyMs[field] = value;
  }
  return Object.keys(nullBecause).length === 0 ? latencyMs : { ...latencyMs, nullBecause };
}

/** Of a strategy that the filesystem cannot have. */
export const noHeadline: Headline = {
  changes: {
    ended: null,
    failed: null,
    neverEnded: null,
    latencyMs: { p50: null, p90: null, p99: null, max: null },
  },
  others: { blockedMs: null, longestMs: null },
  space: { peakBlocks: null, blockMs: null },
  device: { lost: null, foreign: null, refused: null },
  deadlocks: null,
  hangs: null,
  starved: null,
  scans: null,
  wakeups: null,
  spurious: null,
};
