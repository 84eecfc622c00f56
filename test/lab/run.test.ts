// Runs against closed forms: workloads whose latencies are known from a formula. And what holds of
// every run: the laws, the accounts, the same draws under each strategy.
import { describe, expect, test } from 'vitest';
import { defaultBounds } from '../../src/lab/bounds.ts';
import { parseWorkload } from '../../src/lab/document.ts';
import { histogramOf } from '../../src/lab/histogram.ts';
import { LabError, RunError } from '../../src/lab/lab-error.ts';
import { callers, type RunFigures } from '../../src/lab/observe.ts';
import { type RunOptions, runOne } from '../../src/lab/run.ts';
import type { Workload } from '../../src/lab/schema.ts';
import { choiceOf, strategyNames } from '../../src/lab/strategies.ts';

const workloadOf = (text: string): Workload => parseWorkload(`name: x\n${text}`).workload;
const figuresOf = (workload: Workload, strategy: string, seed = 1): RunFigures =>
  runOne(workload, { seed, strategy: choiceOf(strategy, workload) }).figures;

/** One device holds one page; one thread truncates in the middle of a hold, each time. */
const residual = (hold: string): Workload =>
  workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 16Ki } }
durationMs: 200000
actors:
  device: { start: 0, periodMs: 200, loop: [ { pin: { file: a, pages: 1, access: write } }, { hold: ${hold} }, unpin ] }
  writer: { start: 5, periodMs: 200, loop: [ { truncate: { file: a, to: 16Ki } } ] }
`);

const meanMs = (figures: RunFigures, op: string): number => {
  const { latency } = figures.callers[op] as NonNullable<RunFigures['callers'][string]>;
  return latency.sum / latency.count / 1000;
};

describe('closed forms', () => {
  test('under break-layouts a truncate waits for the rest of the hold', () => {
    const figures = figuresOf(residual('12'), 'break-layouts fixed');
    const { latency } = figures.callers.truncate as NonNullable<RunFigures['callers'][string]>;
    expect(latency.count).toBe(1000);
    expect([latency.sum / latency.count, latency.max]).toEqual([7000, 7000]);
  });

  test('a device that holds for an exponential time of mean H is waited for H on average', () => {
    // The exponential distribution has no memory: of the holds that last longer than the 5 ms before
    // the truncate, the rest has the mean H too; the others are not waited for. Mean: H e^(-5/H).
    const H = 20;
    const expected = H * Math.exp(-5 / H);
    const means = Array.from({ length: 12 }, (_, seed) =>
      meanMs(figuresOf(residual(`{ exponential: ${H} }`), 'break-layouts fixed', seed), 'truncate'),
    );
    const mean = means.reduce((sum, one) => sum + one, 0) / means.length;
    const error = Math.sqrt(
      means.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (means.length * (means.length - 1)),
    );
    expect(Math.abs(mean - expected)).toBeLessThan(4 * error);
    expect(error / expected).toBeLessThan(0.03);
  });

  test('truncates that come at random times wait for the mean residual hold (PASTA, M/G/1)', () => {
    // A server without idle time between jobs: the device holds, releases, and pins again after
    // 1 µs at most. So a random arrival sees a residual of E[S²] / 2 E[S]: for uniform holds of 0 to
    // 20 ms that is 20/3 ms. The rate of truncates is low enough that they do not queue.
    const workload = workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 4Ki } }
durationMs: 200000
actors:
  device: { loop: [ { pin: { file: a, pages: 1, access: write } }, { hold: { uniform: [0, 20] } }, unpin ] }
  writer: { loop: [ { think: { exponential: 300 } }, { truncate: { file: a, to: 4Ki } } ] }
`);
    const means = Array.from({ length: 8 }, (_, seed) =>
      meanMs(figuresOf(workload, 'break-layouts fixed', seed), 'truncate'),
    );
    const mean = means.reduce((sum, one) => sum + one, 0) / means.length;
    const error = Math.sqrt(
      means.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (means.length * (means.length - 1)),
    );
    expect(Math.abs(mean - 20 / 3)).toBeLessThan(4 * error);
    expect(error).toBeLessThan(0.5);
  });

  test('busy-extents never waits, and holds back exactly the pinned blocks for the rest of the hold', () => {
    const workload = workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 4Ki } }
durationMs: 100000
actors:
  device: { start: 0, periodMs: 100, loop: [ { fault: { file: a, access: write } }, { pin: { file: a, pages: 1, access: write } }, { hold: 12 }, unpin ] }
  writer: { start: 5, periodMs: 100, loop: [ { punch-hole: { file: a, length: 4Ki } } ] }
`);
    const { callers: ops, space, device } = figuresOf(workload, 'busy-extents');
    expect(ops['punch-hole']?.latency).toEqual({ count: 1000, max: 0, sum: 0, buckets: [0, 1000] });
    expect([space.peakBlocks, space.blockUs]).toEqual([1, 7000 * 1000]);
    expect([device.lost, device.foreignWritten]).toEqual([1000, 0]);
    const sum = space.series.reduce((all, one) => all + one, 0);
    expect((sum * (workload.durationMs * 1000)) / space.series.length).toBeCloseTo(
      space.blockUs,
      0,
    );
  });

  test('a leapfrog starves exactly: one of two pages is always pinned', () => {
    const workload = workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 8Ki } }
durationMs: 10000
actors:
  p: { start: 0, periodMs: 10, loop: [ { pin: { file: a, offset: 0, pages: 1, access: write } }, { hold: 6 }, unpin ] }
  q: { start: 5, periodMs: 10, loop: [ { pin: { file: a, offset: 4096, pages: 1, access: write } }, { hold: 6 }, unpin ] }
  t: { start: 20, times: 1, loop: [ { punch-hole: { file: a, offset: 0, pages: 2 } }, { think: 1 } ] }
`);
    const starved = runOne(workload, {
      seed: 1,
      strategy: choiceOf('break-layouts fixed', workload),
    });
    expect(starved.figures.callers['punch-hole']?.neverEnded).toEqual([
      // The run goes on for as long again, and the call still finds no moment without a pin.
      { reason: 'starvation', us: 20_000_000 - 20_000 },
    ]);
    expect(starved.findings).toEqual([expect.objectContaining({ kind: 'starvation', atMs: 20 })]);
    // wait-for-refs lets nobody pin anew. t began before p's pin of the same moment, so it waits only
    // for q, who pinned at 15 ms for 6 ms.
    const ended = figuresOf(workload, 'wait-for-refs').callers['punch-hole'];
    expect([ended?.latency.count, ended?.latency.max]).toEqual([1, 1000]);
  });

  test('measured on Linux 6.12 and 7.3: a punch waits 3.6 to 3.9 s for a throttled direct read', () => {
    const workload = workloadOf(`
filesystem: { sizeBytes: 8Mi, files: { a: 1Mi } }
durationMs: 60000
actors:
  reader: { start: 0, periodMs: 10000, loop: [ { pin: { file: a, offset: 0, length: 1Mi, access: write } }, { hold: 4000 }, unpin ] }
  puncher: { start: 0, periodMs: 10000, loop: [ { think: { uniform: [100, 400] } }, { punch-hole: { file: a, offset: 0, length: 4Ki } } ] }
`);
    const latency = histogramOf(
      (
        figuresOf(workload, 'break-layouts fixed').callers['punch-hole'] as never as {
          latency: never;
        }
      ).latency,
    );
    expect(latency.count).toBe(6);
    expect(latency.quantile(0.01)).toBeGreaterThanOrEqual(3_600_000 * 0.99);
    expect(latency.max).toBeLessThanOrEqual(3_900_000);
  });
});

const busy = workloadOf(`
filesystem: { sizeBytes: 2Mi, longterm: allow, files: { a: 128Ki, b: 128Ki, tmp: { sizeBytes: 32Ki, count: 4, fill: absent } } }
durationMs: 1500
warmupMs: 100
costs: { read: { uniform: [0, 0.1] } }
actors:
  nic: { count: 3, loop: [ { pin: { file: [a, b], pages: { uniform: [1, 6] }, access: write, kind: rdma, longterm: true } }, { hold: { lognormal: { median: 2, p99: 30 } } }, unpin, { think: { exponential: 4 } } ] }
  toucher: { loop: [ { fault: { file: [a, b], access: read } }, { store: { length: 8 } }, { think: { exponential: 3 } } ] }
  writer: { loop: [ { truncate: { file: [a, b], to: 0, timeoutMs: 400 } }, { write: { length: 128Ki, offset: 0 } }, { think: { exponential: 50 } } ] }
  maker: { count: 2, loop: [ { create: { file: tmp } }, { write: { length: 32Ki, offset: 0 } }, { pin: { pages: 1, access: read } }, { hold: { exponential: 2 } }, unpin, { unlink: {} }, munmap, { think: 2 } ] }
  reader: { loop: [ { read: { file: a, length: 16Ki } }, { think: { exponential: 5 } }, { exchange-range: { file: a, with: b, offset: 0, withOffset: 4096, pages: 2 }, chance: 0.05 } ] }
  zero: { loop: [ { punch-hole: { file: b, pages: { uniform: [1, 8] } } }, { zero-range: { file: a, pages: 2 } }, { fiemap: {} }, { think: { exponential: 40 } } ] }
`);

describe.each([...strategyNames])('a busy workload under %s', (strategy) => {
  // The laws are checked after each few commands, because runOne throws if one is broken.
  const bounds = { ...defaultBounds, lawsEvery: 23 };
  const run = (seed: number, options: RunOptions = {}) =>
    runOne(busy, { seed, strategy: choiceOf(strategy, busy) }, { bounds, ...options });

  test('keeps the laws, and every operation ended, failed or is named', () => {
    for (const seed of [1, 2]) {
      const { figures } = run(seed);
      expect(figures.machine.commands).toBeGreaterThan(1000);
      expect(Object.keys(figures.callers).every((op) => callers.has(op))).toBe(true);
      const { meanBlocksOfFiles, meanBlocksNotFree, blockUs } = figures.space;
      // Every block-second is in one account: owned by a file, or held back; else it is free.
      expect(meanBlocksOfFiles + blockUs / figures.measuredUs).toBeCloseTo(meanBlocksNotFree, 6);
    }
  });

  test('gives the same twice', () => expect(JSON.stringify(run(3))).toBe(JSON.stringify(run(3))));
});

describe('bounds', () => {
  const run = (options: RunOptions) => () =>
    runOne(busy, { seed: 1, strategy: { name: 'none' } }, options);
  test('of commands, memory and time; and cancellation', () => {
    expect(run({ bounds: { ...defaultBounds, commandsMax: 100 } })).toThrow(RunError);
    expect(run({ bounds: { ...defaultBounds, commandsMax: 100 } })).toThrow(
      'more than 100 operations',
    );
    expect(run({ bounds: { ...defaultBounds, bytesMax: 1000 } })).toThrow('1000 bytes of memory');
    expect(run({ bounds: { ...defaultBounds, wallMsMax: 0 } })).toThrow('longer than 0 ms');
    expect(run({ isCancelled: () => true })).toThrow('cancelled');
  });
  test('a thread that makes rounds in no time is stopped', () => {
    const workload = workloadOf(`
filesystem: { files: { a: 4Ki } }
durationMs: 1000
actors: { x: { loop: [ { read: { file: a, length: 1 } }, { think: { empirical: [[0, 0], [0.999999, 0], [1, 1]] } } ] } }
`);
    expect(() => figuresOf(workload, 'none')).toThrow('makes 1000 rounds in no time');
  });
  test('a strategy that does not exist, or that the filesystem cannot have', () => {
    expect(() => choiceOf('busy-extent', busy)).toThrow(
      'there is no strategy "busy-extent"; did you mean "busy-extents"?',
    );
    const ext2 = workloadOf(`
filesystem: { kind: ext2, kernel: '6.12', files: { a: 4Ki } }
durationMs: 10
actors: { x: { loop: [ { read: { file: a, length: 1 } }, { think: 1 } ] } }
`);
    expect(() => figuresOf(ext2, 'busy-extents')).toThrow(LabError);
  });
  test('an umount ends the run', () => {
    const workload = workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 16Ki } }
durationMs: 10000
actors:
  user: { times: 5, loop: [ { pin: { file: a, pages: 1, access: read } }, { hold: 10 }, unpin, { think: 5 } ] }
  admin: { loop: [ umount, { think: 20 } ] }
`);
    const { measuredUs, callers: ops } = figuresOf(workload, 'break-layouts');
    expect(ops.umount?.failed.EBUSY).toBeGreaterThan(1);
    expect(ops.umount?.latency.count).toBe(1);
    expect(measuredUs).toBeLessThan(200_000);
  });
});
