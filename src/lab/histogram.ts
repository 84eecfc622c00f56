// A histogram of whole numbers with a relative error below 1 %, as HDR histograms have: each power
// of two is divided into 128 buckets of equal width, and numbers below 128 have one each. The
// maximum, the count and the sum are exact.
import { powerOfTwo } from './exact-math.ts';

const perOctave = 128;
const octaveBits = 7;

/** Buckets that are not empty, ascending: [bucket, count, bucket, count, …]. */
export interface HistogramRecord {
  count: number;
  max: number;
  sum: number;
  buckets: number[];
}

export class Histogram {
  readonly #counts = new Map<number, number>();
  count = 0;
  max = 0;
  sum = 0;

  add(value: number): void {
    const bucket = bucketOf(value);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.count += 1;
    this.sum += value;
    if (value > this.max) this.max = value;
  }

  merge({ count, max, sum, buckets }: HistogramRecord): void {
    for (let at = 0; at < buckets.length; at += 2) {
      const bucket = buckets[at] as number;
      this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + (buckets[at + 1] as number));
    }
    this.count += count;
    this.sum += sum;
    if (max > this.max) this.max = max;
  }

  record(): HistogramRecord {
    const buckets = [...this.#counts].sort(([a], [b]) => a - b).flat();
    return { count: this.count, max: this.max, sum: this.sum, buckets };
  }

  /**
   * The smallest value that at least this share of `total` values does not exceed. `total` counts
   * values that have no end too; null if one of those is the answer.
   */
  quantile(share: number, total: number = this.count): number | null {
    const rank = Math.max(1, Math.ceil(share * total - 1e-9));
    if (rank > this.count) return null;
    let seen = 0;
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= rank) return Math.min(this.max, middleOf(bucket));
    }
    return this.max;
  }
}

export function histogramOf(record: HistogramRecord): Histogram {
  const histogram = new Histogram();
  histogram.merge(record);
  return histogram;
}

function bucketOf(value: number): number {
  if (value < perOctave) return value;
  // The number of binary digits, from the exponent of the float; no logarithm.
  let shift = 0;
  let rest = value;
  while (rest >= 2 ** 31) {
    rest = Math.floor(rest / 2);
    shift += 1;
  }
  const more = 31 - octaveBits - Math.clz32(rest);
  shift += more;
  return (shift + 1) * perOctave + (Math.floor(value / powerOfTwo(shift)) - perOctave);
}

/** The smallest value of a bucket, and how many values it has. */
export function boundsOf(bucket: number): { from: number; width: number } {
  if (bucket < perOctave) return { from: bucket, width: 1 };
  const width = powerOfTwo(Math.floor(bucket / perOctave) - 1);
  return { from: ((bucket % perOctave) + perOctave) * width, width };
}

function middleOf(bucket: number): number {
  const { from, width } = boundsOf(bucket);
  return from + Math.floor(width / 2);
}
