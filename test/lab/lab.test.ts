// Many runs as one table: statistics, sweeps, what is the same for the same document, and bad
// requests.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseWorkload } from '../../src/lab/document.ts';
import { figures } from '../../src/lab/figures.ts';
import { type LabRequest, runLab } from '../../src/lab/lab.ts';
import { LabError, RunError } from '../../src/lab/lab-error.ts';
import { LabPool } from '../../src/lab/pool.ts';
import { presets } from '../../src/lab/presets/index.ts';
import {
  digestOf,
  type LabResult,
  pointsIn,
  type StrategyRow,
  zLabResult,
} from '../../src/lab/result.ts';
import { Bootstrap, difference } from '../../src/lab/statistics.ts';
import { sixStrategies } from '../../src/lab/strategies.ts';
import { inProcess } from './in-process.ts';

const small = `name: small
filesystem: { sizeBytes: 1Mi, files: { a: 64Ki } }
durationMs: 500
actors:
  device: { count: 2, loop: [ { pin: { file: a, pages: { uniform: [1, 4] }, access: write } }, { hold: { lognormal: { median: 2, p99: 20 } } }, unpin, { think: { exponential: 3 } } ] }
  writer: { loop: [ { punch-hole: { file: a, pages: 4 } }, { think: { exponential: 5 } } ] }
`;
const lab = async (
  text: string,
  request: Omit<LabRequest, 'parsed'> = {},
  threads = 1,
): Promise<LabResult> =>
  runLab({ parsed: parseWorkload(text), ...request }, { runner: inProcess(threads) });

describe('statistics', () => {
  test('median, quartiles and interval of known values', () => {
    const values = Array.from({ length: 33 }, (_, i) => (i * 7) % 33);
    const summary = new Bootstrap(33).summary(values);
    expect(summary).toMatchObject({ median: 16, q1: 8, q3: 24 });
    // The exact interval of order statistics for n = 33 is that of the 11th and the 23rd.
    expect(Number(summary.low)).toBeGreaterThanOrEqual(9);
    expect(Number(summary.low)).toBeLessThanOrEqual(12);
    expect(Number(summary.high)).toBeGreaterThanOrEqual(20);
    expect(Number(summary.high)).toBeLessThanOrEqual(23);
  });
  test('the interval covers the true median in about 95 of 100 samples', async () => {
    const { streamOf } = await import('../../src/lab/draw.ts');
    const bootstrap = new Bootstrap(32);
    const stream = streamOf(1, 'test', 'coverage');
    let covered = 0;
    for (let sample = 0; sample < 400; sample++) {
      const { low, high } = bootstrap.summary(Array.from({ length: 32 }, stream));
      if (Number(low) <= 0.5 && Number(high) >= 0.5) covered += 1;
    }
    expect(covered / 400).toBeGreaterThan(0.9);
    expect(covered / 400).toBeLessThan(0.99);
  });
  test('what never ended sorts after every number', () => {
    const never = Number.POSITIVE_INFINITY;
    const { summary } = {
      summary: (values: number[]) => new Bootstrap(values.length).summary(values),
    };
    expect(summary([1, never, 2])).toMatchObject({ median: 2, high: 'never' });
    expect(summary([1, never, never])).toMatchObject({ median: 'never', q3: 'never' });
    expect(summary([1, never])).toMatchObject({ median: 'never', q1: 'never' });
    expect(summary([never, never])).toEqual({
      median: 'never',
      q1: 'never',
      q3: 'never',
      low: 'never',
      high: 'never',
    });
    expect([difference(never, never), difference(never, 1), difference(1, never)]).toEqual([
      0,
      never,
      -never,
    ]);
    expect(summary([-never, 1, 1]).low).toBe('-never');
    expect(summary([-never, 1])).toMatchObject({ median: '-never', q3: '-never' });
    expect(summary([-never, never])).toMatchObject({ median: 0, q1: '-never', q3: 'never' });
  });
  test('figures have names of their own', () =>
    expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length));
});

describe('a lab', () => {
  test('gives a row for each strategy, with a spread and the difference to the first', async () => {
    const { strategies, notes } = await lab(small, { seeds: 8 });
    expect(notes).toEqual([
      expect.stringContaining('fewer than 100 layout changes'),
      expect.stringContaining('Under refuse'),
    ]);
    expect(strategies.map(({ strategy }) => strategy)).toEqual(sixStrategies);
    const [first, second] = strategies as [StrategyRow, StrategyRow];
    for (const { name, headline } of figures)
      if (headline) expect(first.figures[name]).toBeDefined();
    expect(first.figures.latencyP50Ms?.difference).toBeUndefined();
    expect(second.figures.latencyP50Ms).toMatchObject({ median: 0 });
    expect(second.strategy).toBe('busy-extents');
    expect(second.figures.pins?.difference).toBeDefined();
    expect(Number(second.figures.heldBackPeakBytes?.median)).toBeGreaterThan(0);
    expect(first.latency['punch-hole']?.ended.count).toBeGreaterThan(20);
  });

  test('has the numbers that are compared first: medians of measures, sums of counts', async () => {
    const result = await lab(small, { seeds: 8 });
    expect(zLabResult.strict().parse(result)).toEqual(result);
    expect(result.seeds).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const [waits, returns] = result.strategies as [StrategyRow, StrategyRow];
    const { latencyMs } = waits.changes;
    expect(latencyMs.p50).toBe(waits.figures.latencyP50Ms?.median);
    expect(latencyMs.p90 ?? 'never').toBe(waits.figures.latencyP90Ms?.median);
    expect(waits.changes.ended).toBe(waits.latency['punch-hole']?.ended.count);
    expect(waits.others.longestMs).toBe(waits.figures.longestBlockedMs?.median);
    expect(waits.space).toEqual({ peakBlocks: 0, blockMs: 0 });
    expect(returns.space.peakBlocks).toBeGreaterThan(0);
    const alone = await Promise.all(result.seeds.map((seed) => lab(small, { seeds: [seed] })));
    for (const count of ['scans', 'wakeups', 'spurious'] as const) {
      const each = alone.map(({ strategies }) => strategies[0]?.[count] as number);
      expect(waits[count]).toBe(each.reduce((all, one) => all + one, 0));
    }
  });

  test('a latency that is null has its reason', async () => {
    const deadlocks = await lab(presets.get('gup-two-pages')?.text ?? '', {
      seeds: 8,
      strategies: ['wait-for-refs'],
    });
    const [row] = deadlocks.strategies as [StrategyRow];
    expect(row.changes.latencyMs).toMatchObject({ max: null, nullBecause: { max: 'never' } });
    expect(row.changes.neverEnded).toBe(row.seedsWith.deadlock);
    expect(row.deadlocks).toBe(row.seedsWith.deadlock);
    expect(row.deadlocks).toBeGreaterThan(4);
    const idle = await lab(small.replace(/ +writer.*/, ''), { seeds: 1 });
    expect(idle.strategies[0]?.changes).toEqual({
      ended: 0,
      failed: 0,
      neverEnded: 0,
      latencyMs: {
        ...{ p50: null, p90: null, p99: null, max: null },
        nullBecause: { p50: 'none', p90: 'none', p99: 'none', max: 'none' },
      },
    });
  });

  test('takes a list of seeds, each as it is in a lab of its own', async () => {
    const both = await lab(small, { seeds: [7, 3], strategies: ['busy-extents'] });
    expect(both.seeds).toEqual([7, 3]);
    const [seven, three] = await Promise.all(
      [7, 3].map((seed) => lab(small, { seeds: [seed], strategies: ['busy-extents'] })),
    );
    const ended = (result?: LabResult) => result?.strategies[0]?.changes.ended as number;
    expect(ended(both)).toBe(ended(seven) + ended(three));
  });

  test('numbers its findings, and the digest is that of the rest in canonical JSON', async () => {
    const result = await lab(presets.get('gup-two-pages')?.text ?? '', { seeds: 2 });
    const numbers = result.strategies.flatMap(({ findings }) => findings.map((one) => one.number));
    expect(numbers.length).toBeGreaterThan(2);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
    const { digest, ...rest } = result;
    const reversed = Object.fromEntries(Object.entries(rest).reverse()) as typeof rest;
    expect(digestOf(reversed)).toBe(digest);
    expect(digestOf({ ...rest, name: 'other' })).not.toBe(digest);
    // An independent way to the same bytes: every key of the document, sorted.
    const keys = new Set<string>();
    JSON.stringify(rest, (key, value) => {
      keys.add(key);
      return value;
    });
    const text = JSON.stringify(rest, (_, value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries([...keys].sort().flatMap((k) => (k in value ? [[k, value[k]]] : [])))
        : value,
    );
    expect(digest).toBe(`sha256:${createHash('sha256').update(text).digest('hex')}`);
  });

  test('with fewer than 8 seeds says so', async () =>
    expect((await lab(small, { seeds: 2, strategies: ['none'] })).notes).toContain(
      '2 seeds are too few for a spread; take 8 or more.',
    ));

  test('a strategy that the filesystem cannot have is a row that says so', async () => {
    const ext2 = small.replace('sizeBytes: 1Mi,', "sizeBytes: 1Mi, kind: ext2, kernel: '6.12',");
    const { strategies } = await lab(ext2, { seeds: 1 });
    const refused = strategies
      .filter((row) => row.refused !== undefined)
      .map(({ strategy }) => strategy);
    expect(refused).toEqual(['busy-extents', 'detach-and-wait']);
  });

  test('a sweep replaces the value at its path, and two sweeps are a map', async () => {
    const swept = `${small}sweep: { actors.device.loop.hold.median: [1, 4], actors.device.count: [1, 2, 3] }\n`;
    const result = await lab(swept, { seeds: 1, strategies: ['break-layouts fixed'] });
    const points = pointsIn(result);
    expect(result.strategies).toEqual(points[0]?.strategies);
    expect(points.map(({ at }) => Object.values(at))).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [4, 1],
      [4, 2],
      [4, 3],
    ]);
    const pins = points.map(({ strategies: [row] }) => Number(row?.figures.pins?.median));
    expect(pins[2]).toBeGreaterThan(pins[0] as number);
    expect(pins[3]).toBeLessThan(pins[0] as number);
  });

  const bad: [string, () => Promise<unknown>, string][] = [
    [
      'a sweep of nothing',
      () => lab(`${small}sweep: { actors.device.loop.hold.medain: [1] }\n`),
      'sweep.actors.device.loop.hold.medain: there is no field "medain"; did you mean',
    ],
    [
      'a sweep to a wrong value',
      () => lab(`${small}sweep: { actors.device.count: [1, -1] }\n`),
      'in the sweep at {"actors.device.count":-1}',
    ],
    [
      'three sweeps',
      () => lab(`${small}sweep: { durationMs: [1], warmupMs: [1], name: [a] }\n`),
      'a sweep has one or two paths',
    ],
    [
      'a strategy that does not exist',
      () => lab(small, { strategies: ['refsue'] }),
      'there is no strategy "refsue"; did you mean "refuse"?',
    ],
    ['a strategy twice', () => lab(small, { strategies: ['none', 'none'] }), 'none is named twice'],
    ['no seeds', () => lab(small, { seeds: 0 }), 'seeds: must be a whole number from 1 to 1000'],
    ['a list without seeds', () => lab(small, { seeds: [] }), 'seeds: the list has 0 seeds'],
    ['a seed twice', () => lab(small, { seeds: [4, 4] }), 'seeds.1: 4 is named twice'],
    ['a seed below 0', () => lab(small, { seeds: [1, -1] }), 'seeds.1: must be a whole number'],
    ['half a seed', () => lab(small, { seeds: 1.5 }), 'seeds: must be a whole number'],
    [
      'too many runs',
      () => lab(`${small}sweep: { durationMs: [1, 2, 3, 4, 5] }\n`, { seeds: 1000 }),
      '30000 runs; 20000 is the maximum',
    ],
    ['too many operations', () => lab(small.replace('500', '50000000')), 'a run would need about'],
  ];
  test.each(bad)('%s is refused before the first run', async (_name, run, why) => {
    await expect(run()).rejects.toThrow(why);
    await expect(run()).rejects.toThrow(LabError);
  });
});

describe('the same document, seeds and version give the same bytes', () => {
  const request = { parsed: parseWorkload(small), seeds: 3 };

  test('with any number of threads, in the process or in a pool', async () => {
    const expected = JSON.stringify(await runLab(request, { runner: inProcess() }));
    expect(JSON.stringify(await runLab(request, { runner: inProcess(3) }))).toBe(expected);
    for (const threads of [1, 2]) {
      const pool = new LabPool({ threads, heapBytes: 2 ** 29 });
      const progress: number[] = [];
      const result = await runLab(request, {
        runner: pool,
        progress: ({ runsDone }) => void progress.push(runsDone),
      });
      await pool.close();
      expect(JSON.stringify(result)).toBe(expected);
      expect(progress).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
    }
  });

  test('in other time zones and locales', () => {
    const script = join(import.meta.dirname, 'print-lab.ts');
    const outputs = [{}, { TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }].map(
      (env) => {
        const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script], {
          input: small,
          encoding: 'utf8',
          env: { ...process.env, ...env },
        });
        expect(stderr).toBe('');
        return stdout;
      },
    );
    expect(outputs[0]).toBe(outputs[1]);
    expect(outputs[0]?.length).toBeGreaterThan(10_000);
  });
});

describe('the pool', () => {
  const endless = parseWorkload(small.replace('500', '3000000'));

  test('a cancelled lab ends, and the pool runs the next one', async () => {
    const pool = new LabPool({ threads: 2, heapBytes: 2 ** 29 });
    const abort = new AbortController();
    const running = runLab({ parsed: endless, seeds: 2 }, { runner: pool, signal: abort.signal });
    const reason = new RunError('cancelled', 'DELETE');
    setImmediate(() => abort.abort(reason));
    await expect(running).rejects.toBe(reason);
    const { strategies } = await runLab(
      { parsed: parseWorkload(small), seeds: 1, strategies: ['none'] },
      { runner: pool },
    );
    expect(strategies).toHaveLength(1);
    await pool.close();
  });

  test('a run that reaches a bound fails its lab with the reason', async () => {
    const pool = new LabPool({ threads: 2, heapBytes: 2 ** 29 });
    const bounds = { commandsMax: 1e9, bytesMax: 2 ** 29, wallMsMax: 50, lawsEvery: 10_000 };
    await expect(
      runLab({ parsed: endless, seeds: 2, bounds }, { runner: pool }),
    ).rejects.toMatchObject({ kind: 'time' });
    await pool.close();
  });

  test('a thread without memory fails its lab, and the pool heals', async () => {
    const pool = new LabPool({ threads: 1, heapBytes: 2 ** 26 });
    // Two million references to pages: more than 64 MiB, less than the bound of a machine.
    const hungry = parseWorkload(`name: hungry
filesystem: { sizeBytes: 32Mi, files: { a: 16Mi } }
durationMs: 1000
actors: { x: { count: 500, loop: [ { pin: { file: a, pages: 4096, access: read } }, { hold: 10000 }, unpin ] } }
`);
    const run = runLab({ parsed: hungry, seeds: 1, strategies: ['none'] }, { runner: pool });
    await expect(run).rejects.toMatchObject({ kind: 'memory' });
    const { strategies } = await runLab(
      { parsed: parseWorkload(small), seeds: 1, strategies: ['none'] },
      { runner: pool },
    );
    expect(strategies).toHaveLength(1);
    await pool.close();
  });

  test('close ends what runs', async () => {
    const pool = new LabPool({ threads: 1, heapBytes: 2 ** 29 });
    const running = runLab({ parsed: endless, seeds: 1, strategies: ['none'] }, { runner: pool });
    setImmediate(() => void pool.close());
    await expect(running).rejects.toThrow('the lab was stopped');
  });
});

describe.each([...presets])('preset %s', (name, { text, title, source }) => {
  const parsed = parseWorkload(text);
  test('has its name, a paragraph and a source', () => {
    expect(parsed.workload.name).toBe(name);
    expect(parsed.workload.about?.length).toBeGreaterThan(150);
    expect(title.length).toBeGreaterThan(10);
    expect(source.length).toBeGreaterThan(40);
  });
  test('runs under each of the six strategies, and nothing fails that the workload does not mean', async () => {
    const short = structuredClone(parsed.raw) as { durationMs: number };
    if (name !== 'throttled-read') short.durationMs /= 4;
    const { strategies } = await runLab(
      { parsed: parseWorkload(JSON.stringify(short)), seeds: 1 },
      { runner: inProcess() },
    );
    for (const row of strategies) {
      expect(row.refused).toBeUndefined();
      const calls = Object.values(row.latency);
      expect(
        calls.some(
          ({ ended, failed, neverEnded }) =>
            ended.count + Object.keys(failed).length + Object.keys(neverEnded).length > 0,
        ),
      ).toBe(true);
      for (const { failed } of calls)
        for (const errno of Object.keys(failed)) expect(['EBUSY', 'ENOENT']).toContain(errno);
    }
  });
});

test('throttled-read waits as long as on Linux under break-layouts, and not at all under busy-extents', async () => {
  const { strategies } = await runLab(
    {
      parsed: parseWorkload(presets.get('throttled-read')?.text ?? ''),
      seeds: 8,
      strategies: ['break-layouts', 'busy-extents'],
    },
    { runner: inProcess() },
  );
  const [waits, returns] = strategies;
  expect(Number(waits?.figures.latencyP50Ms?.median)).toBeGreaterThan(3600);
  expect(Number(waits?.figures.latencyMaxMs?.q3)).toBeLessThanOrEqual(3900);
  expect(returns?.figures.latencyMaxMs?.median).toBe(0);
});
