// The distribution of latencies as a chart: for each share of the calls, how long they took at most.
import { type Chart, type Line, merged, scaleFor } from './chart.ts';
import { shown } from './figures.ts';
import type { HistogramRecord, OpLatency, StrategyRow, Value } from './result.ts';

const perOctave = 128;

/** The smallest value of a bucket and their number, as in src/lab/histogram.ts. */
function boundsOf(bucket: number): { from: number; width: number } {
  if (bucket < perOctave) return { from: bucket, width: 1 };
  const width = 2 ** (Math.floor(bucket / perOctave) - 1);
  return { from: ((bucket % perOctave) + perOctave) * width, width };
}

/**
 * Of calls: their times in order, and how many wait for ever. A call that the end of its run cut off
 * counts with the time so far, as in the figures of the table.
 */
interface Distribution {
  /** In milliseconds, ascending. */
  steps: { ms: number; count: number }[];
  forEver: number;
  total: number;
}

function distributionOf(ops: readonly OpLatency[]): Distribution {
  const steps = ops
    .flatMap(({ ended, unfinished }) => [...stepsOf(ended), ...stepsOf(unfinished)])
    .sort((one, other) => one.ms - other.ms);
  const forEver = sum(
    ops
      .flatMap((op) => Object.entries(op.neverEnded))
      .map(([reason, count]) => (reason === 'unfinished' ? 0 : count)),
  );
  return { steps, forEver, total: forEver + sum(steps.map(({ count }) => count)) };
}

function stepsOf({ buckets, max }: HistogramRecord): Distribution['steps'] {
  const steps: Distribution['steps'] = [];
  for (let at = 0; at < buckets.length; at += 2) {
    const { from, width } = boundsOf(buckets[at] as number);
    const us = Math.min(max, from + Math.floor(width / 2));
    steps.push({ ms: us / 1000, count: buckets[at + 1] as number });
  }
  return steps;
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

/** The time that at least this share of the calls does not exceed. */
function quantile({ steps, total }: Distribution, share: number): Value {
  const rank = Math.max(1, Math.ceil(share * total - 1e-9));
  let seen = 0;
  for (const { ms, count } of steps) {
    seen += count;
    if (seen >= rank) return ms;
  }
  return 'never';
}

/** Places on the axis: 1 is 90 %, 2 is 99 %, 3 is 99.9 %. */
const shareAt = (place: number): number => 1 - 10 ** -place;
const placesPerNine = 40;

const shareText = (share: number): string => `${Number((share * 100).toPrecision(5))} %`;
const shares = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];
const placeOf = (share: number): number => -Math.log10(1 - share);

/** The operations whose latency was measured, over all strategies. */
export const operationsIn = (rows: readonly StrategyRow[]): string[] =>
  [...new Set(rows.flatMap(({ latency }) => Object.keys(latency)))].sort();

/** Of one operation, or of all together. null if no call was made. */
export function latencyChart(rows: readonly StrategyRow[], op: string | null): Chart | null {
  const own = rows.flatMap((row) => {
    const ops = Object.entries(row.latency).flatMap(([name, one]) =>
      op === null || name === op ? [one] : [],
    );
    const distribution = distributionOf(ops);
    return distribution.total === 0 ? [] : [{ strategy: row.strategy, distribution }];
  });
  if (own.length === 0) return null;
  const last = Math.max(1, ...own.map(({ distribution }) => Math.log10(distribution.total)));
  const xs = Array.from(
    { length: Math.floor(last * placesPerNine) + 1 },
    (_, at) => at / placesPerNine,
  );
  const values = own.map(({ distribution }) => {
    // Beyond its last call a line would only repeat the longest one.
    const end = Math.log10(distribution.total) + 1 / placesPerNine;
    return xs.map((x) => (x > end ? null : quantile(distribution, shareAt(x))));
  });
  const scale = scaleFor(
    values.flat().filter((value): value is Value => value !== null),
    'ms',
  );
  const lines: Line[] = own.map(({ strategy }, at) => ({
    strategies: [strategy],
    ys: (values[at] ?? []).map((value) => (value === null ? null : scale.place(value))),
  }));
  const listed = shares.filter((share) => placeOf(share) <= last + 0.01 && share > 0);
  return {
    title: `How long ${op === null ? 'layout changes' : op} took`,
    about:
      'The calls of all seeds together: the share at the bottom took at most the time at the left.',
    x: {
      label: 'share of the calls',
      from: 0,
      to: last,
      ticks: shares
        .filter((share) => placeOf(share) <= last)
        .map((share) => ({ at: placeOf(share), text: shareText(share) })),
    },
    y: scale.axis('latency'),
    xs,
    lines: merged(lines),
    textOfX: (index) => shareText(Number(shareAt(xs[index] ?? 0).toPrecision(4))),
    textOfY: (y) => shown(scale.valueAt(y), 'ms'),
    table: {
      columns: ['strategy', 'calls', ...listed.map(shareText), 'longest', 'never ended', 'failed'],
      rows: own.map(({ strategy, distribution }) => {
        const failed = sum(
          rows
            .filter((row) => row.strategy === strategy)
            .flatMap((row) => Object.entries(row.latency))
            .filter(([name]) => op === null || name === op)
            .flatMap(([, one]) => Object.values(one.failed)),
        );
        return [
          strategy,
          String(distribution.total),
          ...listed.map((share) => shown(quantile(distribution, share), 'ms')),
          shown(quantile(distribution, 1), 'ms'),
          String(distribution.forEver),
          String(failed),
        ];
      }),
    },
    marks: false,
  };
}
