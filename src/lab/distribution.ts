// The distributions of a workload: how long a device holds pages, how many bytes a call takes.
// Each value is computed from one uniform draw by the inverse of the distribution function, so that
// a larger draw is a larger value under every distribution.
import { z } from 'zod';
import { pageSize } from '../kernel/units.ts';
import { exp, ln, normalQuantile } from './exact-math.ts';
import { zSize } from './sizes.ts';

/** `value` is the schema of one number: milliseconds, bytes, or a count. */
function distributionOf(value: z.ZodType<number>) {
  const pair = z.tuple([value, value]);
  const ascends = (values: readonly number[]): boolean =>
    values.every((one, at) => at === 0 || (values[at - 1] as number) <= one);
  const quantile = z.tuple([z.number().min(0).max(1), value]);
  return z.union([
    value,
    z.strictObject({ fixed: value }),
    z.strictObject({
      uniform: pair
        .refine(([low, high]) => low <= high, 'the first number must not be above the second')
        .describe('From the first to the second number, both included.'),
    }),
    z.strictObject({ exponential: value.describe('The mean.') }),
    z.strictObject({
      lognormal: z
        .strictObject({ median: value, p99: value })
        .refine(
          ({ median, p99 }) => median > 0 && p99 >= median,
          'p99 must not be below median, and median must be above 0',
        ),
    }),
    z.strictObject({
      empirical: z
        .union([
          z.array(value).min(2).max(1001).refine(ascends, 'must ascend'),
          z
            .array(quantile)
            .min(2)
            .max(1001)
            .refine(
              (pairs) => ascends(pairs.map(([p]) => p)) && ascends(pairs.map((pair) => pair[1])),
              'must ascend',
            )
            .refine(
              (pairs) => pairs[0]?.[0] === 0 && pairs.at(-1)?.[0] === 1,
              'must begin at 0 and end at 1',
            ),
        ])
        .describe(
          'Quantiles of a measurement, with straight lines between them: values at equal ' +
            'distances from the minimum to the maximum, or pairs [probability, value].',
        ),
    }),
  ]);
}

/** Ten years, so that no sum of times in microseconds leaves the whole numbers. */
const msMax = 315_360_000_000;
const zMillis = z.number().nonnegative().max(msMax);

export const zTime = distributionOf(zMillis).describe('Milliseconds, or their distribution.');
export const zSizes = distributionOf(zSize).describe('Bytes, or their distribution.');
export const zCounts = distributionOf(z.int().nonnegative()).describe(
  'A count, or its distribution.',
);
export type Distribution = z.infer<typeof zTime>;

/** The value at `u`, a number from 0 (included) to 1 (excluded). */
export type Inverse = (u: number) => number;

const z99 = 2.3263478740408408;

export function inverseOf(distribution: Distribution): Inverse {
  if (typeof distribution === 'number') return () => distribution;
  if ('fixed' in distribution) return () => distribution.fixed;
  if ('uniform' in distribution) {
    const [low, high] = distribution.uniform;
    return (u) => low + u * (high - low);
  }
  if ('exponential' in distribution) {
    const mean = distribution.exponential;
    return (u) => -mean * ln(1 - u);
  }
  if ('lognormal' in distribution) {
    const { median, p99 } = distribution.lognormal;
    const sigma = ln(p99 / median) / z99;
    // A draw of exactly 0 would be minus infinity.
    return (u) => median * exp(sigma * normalQuantile(Math.max(u, 2 ** -54)));
  }
  return empirical(distribution.empirical);
}

function empirical(given: readonly number[] | readonly (readonly [number, number])[]): Inverse {
  const points = given.map((one, at): readonly [number, number] =>
    typeof one === 'number' ? [at / (given.length - 1), one] : one,
  );
  return (u) => {
    let above = points.findIndex(([p]) => p > u);
    if (above < 0) above = points.length - 1;
    const [p0, low] = points[Math.max(0, above - 1)] as readonly [number, number];
    const [p1, high] = points[above] as readonly [number, number];
    return p1 === p0 ? high : low + ((u - p0) / (p1 - p0)) * (high - low);
  };
}

/** For whole numbers: a uniform distribution includes its upper end. */
export function wholeInverseOf(distribution: Distribution): Inverse {
  if (typeof distribution === 'object' && 'uniform' in distribution) {
    const [low, high] = distribution.uniform;
    return (u) => low + Math.floor(u * (high - low + 1));
  }
  const inverse = inverseOf(distribution);
  return (u) => Math.round(inverse(u));
}

/**
 * Bytes. A drawn number of bytes is cut to whole pages, because DAX works in pages, and to `least`
 * pages at least: a length is not 0, an offset may be. Each whole page of a uniform distribution
 * has the same probability, its ends included. A fixed number stays as it is.
 */
export function sizeInverseOf(distribution: Distribution, { least }: { least: 0 | 1 }): Inverse {
  if (typeof distribution === 'number' || 'fixed' in distribution) return inverseOf(distribution);
  if ('uniform' in distribution) {
    const [low, high] = distribution.uniform;
    const first = Math.max(least, Math.ceil(low / pageSize));
    const last = Math.max(first, Math.floor(high / pageSize));
    return (u) => (first + Math.floor(u * (last - first + 1))) * pageSize;
  }
  const inverse = inverseOf(distribution);
  return (u) => Math.max(least, Math.floor(inverse(u) / pageSize)) * pageSize;
}

/** The largest value that can be drawn; Infinity where there is none. */
export function greatestOf(distribution: Distribution): number {
  if (typeof distribution === 'number') return distribution;
  if ('fixed' in distribution) return distribution.fixed;
  if ('uniform' in distribution) return distribution.uniform[1];
  if ('empirical' in distribution) {
    const last = distribution.empirical.at(-1) as number | readonly [number, number];
    return typeof last === 'number' ? last : last[1];
  }
  const scale =
    'exponential' in distribution ? distribution.exponential : distribution.lognormal.median;
  return scale === 0 ? 0 : Number.POSITIVE_INFINITY;
}

/** The mean; of empirical quantiles that of the straight lines between them. */
export function meanOf(distribution: Distribution): number {
  if (typeof distribution === 'number') return distribution;
  if ('fixed' in distribution) return distribution.fixed;
  if ('uniform' in distribution) return (distribution.uniform[0] + distribution.uniform[1]) / 2;
  if ('exponential' in distribution) return distribution.exponential;
  if ('lognormal' in distribution) {
    const { median, p99 } = distribution.lognormal;
    const sigma = ln(p99 / median) / z99;
    return median * exp((sigma * sigma) / 2);
  }
  const inverse = inverseOf(distribution);
  const parts = 1000;
  let sum = 0;
  for (let at = 0; at < parts; at++) sum += inverse((at + 0.5) / parts);
  return sum / parts;
}
