// Many seeds as one figure. A value is a number, or Infinity for what never ended, which sorts
// after every number: leaving it out would make a strategy look better the more it hangs.
import { streamOf } from './draw.ts';

/** In an answer: `never` is what never ended; `-never` in a difference is what only ends here. */
export type Value = number | 'never' | '-never';

export interface Summary {
  median: Value;
  /** Quartiles of the seeds. */
  q1: Value;
  q3: Value;
  /** Bootstrap interval of 95 % for the median. */
  low: Value;
  high: Value;
}

/** Fewer seeds than this say little about a spread. */
export const seedsForSpread = 8;
const resamples = 1000;

const ascending = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** The quantile of sorted values, with a straight line between two neighbours (type 7 of R). */
function quantileOf(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return between(below, above, at - Math.floor(at));
}

/**
 * The point of the line from `below` to `above` at `rest` of its length. A neighbour that is
 * infinite stands for a number without bound, and the answer is the limit. Differences can have
 * both infinities as neighbours: then the nearer end decides, and the middle of both is 0.
 */
function between(below: number, above: number, rest: number): number {
  if (rest === 0 || below === above) return below;
  if (below === Number.NEGATIVE_INFINITY)
    return above !== Number.POSITIVE_INFINITY || rest < 0.5 ? below : rest > 0.5 ? above : 0;
  return below + rest * (above - below);
}

/** Null without a value. Infinity if half of them or more never ended. */
export function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const median = quantileOf([...values].sort(ascending), 0.5);
  return Number.isFinite(median) ? rounded(median) : median;
}

/**
 * The resamples of a bootstrap over `seeds` seeds, each as how often it has each seed. All figures
 * use the same ones, which depend on the number of seeds only.
 */
export class Bootstrap {
  readonly #counts: Uint16Array[] = [];

  constructor(seeds: number) {
    const stream = streamOf(0, 'bootstrap', String(seeds));
    for (let at = 0; at < resamples; at++) {
      const chosen = new Uint16Array(seeds);
      for (let one = 0; one < seeds; one++) {
        const seed = Math.floor(stream() * seeds);
        chosen[seed] = (chosen[seed] as number) + 1;
      }
      this.#counts.push(chosen);
    }
  }

  /** `values` by seed; there must be one at least. */
  summary(values: readonly number[]): Summary {
    const order = values
      .map((_, at) => at)
      .sort((a, b) => ascending(values[a] as number, values[b] as number));
    const sorted = order.map((at) => values[at] as number);
    const median = quantileOf(sorted, 0.5);
    const ends = sorted[0] === sorted.at(-1) ? [median, median] : this.#interval(sorted, order);
    return {
      median: written(median),
      q1: written(quantileOf(sorted, 0.25)),
      q3: written(quantileOf(sorted, 0.75)),
      low: written(ends[0] as number),
      high: written(ends[1] as number),
    };
  }

  #interval(sorted: readonly number[], order: readonly number[]): [number, number] {
    const medians = this.#counts.map((counts) => {
      const resample: number[] = [];
      for (const [rank, seed] of order.entries())
        for (let times = counts[seed] as number; times > 0; times--)
          resample.push(sorted[rank] as number);
      return quantileOf(resample, 0.5);
    });
    medians.sort(ascending);
    return [quantileOf(medians, 0.025), quantileOf(medians, 0.975)];
  }
}

function written(value: number): Value {
  if (value === Number.POSITIVE_INFINITY) return 'never';
  if (value === Number.NEGATIVE_INFINITY) return '-never';
  return rounded(value);
}

/** Six digits after the point are a nanosecond of a millisecond; -0 would be written as 0 anyway. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;

/** How much more `value` is; two that never ended do not differ. */
export const difference = (value: number, first: number): number =>
  value === first ? 0 : value - first;
