// Draws: distributions have the quantiles that they name, streams are their own, and a round has
// the same values whatever happened before.
import { describe, expect, test } from 'vitest';
import { inverseOf, meanOf, sizeInverseOf, wholeInverseOf } from '../../src/lab/distribution.ts';
import { parseWorkload } from '../../src/lab/document.ts';
import { streamOf } from '../../src/lab/draw.ts';
import { exp, ln, normalQuantile } from '../../src/lab/exact-math.ts';
import { boundsOf, Histogram, histogramOf } from '../../src/lab/histogram.ts';
import { planOf } from '../../src/lab/plan.ts';

describe('mathematics that is the same on each engine', () => {
  test('ln and exp agree with those of the engine to the last digits', () => {
    for (let x = 1e-9; x < 1e12; x *= 1.37)
      expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(
        4e-15 * Math.max(1, Math.abs(Math.log(x))),
      );
    for (let x = -300; x < 300; x += 0.77)
      expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-14);
  });
  test('the bits of some values', () => {
    const values = [ln(7), exp(0.7), normalQuantile(1e-10), normalQuantile(0.3)];
    expect(values).toEqual([
      1.9459101490553132, 2.0137527074704766, -6.361340902404056, -0.5244005127080407,
    ]);
  });
});

describe('distributions', () => {
  const quantile = (draws: number[], p: number) => draws[Math.floor(p * draws.length)] as number;
  const many = (distribution: Parameters<typeof inverseOf>[0]): number[] => {
    const stream = streamOf(1, 'a', JSON.stringify(distribution));
    const inverse = inverseOf(distribution);
    return Array.from({ length: 100_000 }, () => inverse(stream())).sort((a, b) => a - b);
  };
  const mean = (draws: number[]) => draws.reduce((sum, one) => sum + one, 0) / draws.length;

  test('lognormal has its median, its p99 and its mean', () => {
    const draws = many({ lognormal: { median: 2, p99: 40 } });
    expect(quantile(draws, 0.5)).toBeCloseTo(2, 1);
    expect(quantile(draws, 0.99)).toBeGreaterThan(36);
    expect(quantile(draws, 0.99)).toBeLessThan(44);
    expect(mean(draws) / meanOf({ lognormal: { median: 2, p99: 40 } })).toBeCloseTo(1, 1);
  });
  test('exponential has its mean', () => expect(mean(many({ exponential: 5 }))).toBeCloseTo(5, 0));
  test('empirical passes through its quantiles', () => {
    const evenly = inverseOf({ empirical: [1, 2, 10] });
    expect([0, 0.25, 0.5, 0.75].map(evenly)).toEqual([1, 1.5, 2, 6]);
    const pairs = inverseOf({
      empirical: [
        [0, 0],
        [0.9, 1],
        [1, 101],
      ],
    });
    expect([0.45, 0.95].map(pairs)).toEqual([0.5, expect.closeTo(51, 9)]);
  });
  test('whole numbers include both ends with the same probability', () => {
    const inverse = wholeInverseOf({ uniform: [1, 4] });
    expect([0, 0.24, 0.25, 0.5, 0.75, 0.999].map(inverse)).toEqual([1, 1, 2, 3, 4, 4]);
  });
  test('drawn bytes are whole pages and never none', () => {
    const inverse = sizeInverseOf({ exponential: 8192 }, { least: 1 });
    expect([0, 0.4, 0.9].map(inverse)).toEqual([4096, 4096, 16384]);
    expect(sizeInverseOf(100, { least: 1 })(0.5)).toBe(100);
  });
  test('a uniform number of bytes has both its ends, and an offset can be 0', () => {
    const both = sizeInverseOf({ uniform: [4096, 8192] }, { least: 1 });
    expect([0, 0.49, 0.5, 0.999].map(both)).toEqual([4096, 4096, 8192, 8192]);
    const offsets = sizeInverseOf({ uniform: [0, 8192] }, { least: 0 });
    expect([0, 0.4, 0.9].map(offsets)).toEqual([0, 4096, 8192]);
    expect(sizeInverseOf({ uniform: [1, 4095] }, { least: 1 })(0.5)).toBe(4096);
  });
});

test('streams of neighbouring seeds, threads and purposes do not agree', () => {
  const keys: [number, string, string][] = [
    [1, 'a', 'x'],
    [2, 'a', 'x'],
    [1, 'b', 'x'],
    [1, 'a', 'y'],
    [1, 'a', 'x '],
  ];
  const draws = keys.map(([seed, actor, purpose]) => {
    const stream = streamOf(seed, actor, purpose);
    return Array.from({ length: 4096 }, stream);
  });
  for (const [i, one] of draws.entries())
    for (const other of draws.slice(i + 1)) {
      const correlation =
        (12 * one.reduce((sum, u, at) => sum + (u - 0.5) * ((other[at] as number) - 0.5), 0)) /
        one.length;
      expect(Math.abs(correlation)).toBeLessThan(0.08);
    }
});

test('the first draws over many seeds are uniform', () => {
  const bins = new Array<number>(16).fill(0);
  for (let seed = 0; seed < 8000; seed++) {
    const bin = Math.floor(streamOf(seed, 'a', 'x')() * 16);
    bins[bin] = (bins[bin] as number) + 1;
  }
  const chiSquared = bins.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
  expect(chiSquared).toBeLessThan(37.7); // p = 0.001 for 15 degrees of freedom
});

describe('rounds', () => {
  const { workload } = parseWorkload(`
name: x
filesystem: { files: { a: 1Mi, b: { sizeBytes: 16Ki, count: 3 } } }
durationMs: 1
actors:
  one:
    count: 2
    loop:
      - pin: { file: { any: [b, a], by: { zipf: 1 } }, pages: { uniform: [1, 4] }, access: read }
      - hold: 1
      - unpin
      - { punch-hole: { file: a, offset: sequential, pages: 3 }, every: 2 }
      - { truncate: { to: 0 }, chance: 0.5 }
      - read: { length: 4Ki }
`);
  test('are the same for the same seed and thread, and differ otherwise', () => {
    const rounds = (seed: number, thread: number) => {
      const plan = planOf(workload, seed)[thread];
      return JSON.stringify(Array.from({ length: 50 }, () => plan?.round()));
    };
    expect(rounds(1, 0)).toBe(rounds(1, 0));
    expect(rounds(1, 0)).not.toBe(rounds(2, 0));
    expect(rounds(1, 0)).not.toBe(rounds(1, 1));
  });
  test('every and chance choose rounds; a sequential offset moves on; ranges fit', () => {
    const plan = planOf(workload, 1)[0];
    const rounds = Array.from({ length: 400 }, () => plan?.round() ?? []);
    const kinds = (step: number) => rounds.map((round) => round[step]?.kind);
    expect(kinds(3).map((kind) => kind === 'call')).toEqual(rounds.map((_, i) => i % 2 === 1));
    const chosen = kinds(4).filter((kind) => kind === 'call').length;
    expect(chosen).toBeGreaterThan(150);
    expect(chosen).toBeLessThan(250);
    const offsets = rounds.flatMap((round) =>
      round[3]?.kind === 'call' ? [round[3].call.args.offset] : [],
    );
    // Everything is drawn in each round, so the offset moves on in the rounds between, too.
    expect(offsets.slice(0, 3)).toEqual([3 * 4096, 9 * 4096, 15 * 4096]);
    for (const round of rounds) {
      const pin = round[0];
      if (pin?.kind !== 'call') throw new Error('a pin is in each round');
      const size = pin.call.file === 'a' ? 2 ** 20 : 16384;
      expect(Number(pin.call.args.offset) + Number(pin.call.args.length)).toBeLessThanOrEqual(size);
      const read = round[5];
      expect(read?.kind === 'call' && read.call.file).toBe('a');
    }
    const files = rounds.map((round) => (round[0]?.kind === 'call' ? round[0].call.file : ''));
    const times = (name: string) => files.filter((file) => file === name).length;
    expect(times('b.0')).toBeGreaterThan(times('b.1'));
    expect(times('b.1')).toBeGreaterThan(times('a'));
    expect(times('a')).toBeGreaterThan(10);
  });
});

describe('histogram', () => {
  test('each value is in its bucket, and buckets are narrower than 1 %', () => {
    for (const value of [
      0,
      1,
      127,
      128,
      129,
      255,
      256,
      257,
      1000,
      65_535,
      1e6,
      123_456_789,
      2 ** 31,
      2 ** 31 + 7,
      1e12,
      2 ** 50,
    ]) {
      const histogram = new Histogram();
      histogram.add(value);
      const [bucket] = histogram.record().buckets as [number];
      const { from, width } = boundsOf(bucket);
      expect(from).toBeLessThanOrEqual(value);
      expect(from + width).toBeGreaterThan(value);
      expect(width).toBeLessThanOrEqual(Math.max(1, value / 100));
    }
  });
  test('quantiles are within 1 %, merged or not; the maximum is exact', () => {
    const stream = streamOf(1, 'a', 'h');
    const inverse = inverseOf({ lognormal: { median: 5000, p99: 90_000 } });
    const values = Array.from({ length: 5000 }, () => Math.round(inverse(stream())));
    const parts = [new Histogram(), new Histogram()];
    for (const [i, value] of values.entries()) parts[i % 2]?.add(value);
    const merged = histogramOf((parts[0] as Histogram).record());
    merged.merge((parts[1] as Histogram).record());
    values.sort((a, b) => a - b);
    for (const share of [0.01, 0.5, 0.9, 0.99, 0.999]) {
      const exact = values[Math.ceil(share * values.length) - 1] as number;
      expect(Math.abs((merged.quantile(share) as number) / exact - 1)).toBeLessThan(0.01);
    }
    expect([merged.max, merged.quantile(1), merged.count]).toEqual([
      values.at(-1),
      values.at(-1),
      5000,
    ]);
  });
  test('values without an end count: a rank among them has none', () => {
    const histogram = new Histogram();
    for (const value of [1, 2, 3]) histogram.add(value);
    expect([histogram.quantile(0.5, 4), histogram.quantile(0.99, 4)]).toEqual([2, null]);
  });
});
