// Attempts to break the statistics, each with a known answer. docs/lab-statistics.md lists them.
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { inverseOf } from '../../src/lab/distribution.ts';
import { parseWorkload } from '../../src/lab/document.ts';
import { streamOf } from '../../src/lab/draw.ts';
import { EventQueue } from '../../src/lab/event-queue.ts';
import { exp } from '../../src/lab/exact-math.ts';
import { figures } from '../../src/lab/figures.ts';
import { runLab } from '../../src/lab/lab.ts';
import type { RunFigures } from '../../src/lab/observe.ts';
import { planOf } from '../../src/lab/plan.ts';
import { presets } from '../../src/lab/presets/index.ts';
import { runOne } from '../../src/lab/run.ts';
import type { Workload } from '../../src/lab/schema.ts';
import { Bootstrap, difference } from '../../src/lab/statistics.ts';
import { choiceOf, strategyNames } from '../../src/lab/strategies.ts';
import { Thread } from '../../src/lab/thread.ts';
import { digests } from './digests.ts';
import { inProcess } from './in-process.ts';

const never = Number.POSITIVE_INFINITY;
const workloadOf = (text: string): Workload => parseWorkload(`name: x\n${text}`).workload;
const run = (workload: Workload, strategy: string, seed = 1): RunFigures =>
  runOne(workload, { seed, strategy: choiceOf(strategy, workload) }).figures;
const figure = (name: string, of: RunFigures): number | null => {
  const found = figures.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no figure ${name}`);
  return found.of(of);
};

describe('medians and intervals', () => {
  const summary = (values: number[]) => new Bootstrap(values.length).summary(values);

  test('a difference that is infinite in both directions is never a NaN', () => {
    for (const values of [
      [-never, 1],
      [-never, never],
      [-never, -never, -never, -never, 5, 6, 7, 8],
      [-never, -never, 0, 0, never, never],
    ])
      for (const value of Object.values(summary(values))) expect(value).not.toBeNaN();
    // Half of the pairs end here only: the limit of (−n + 5) / 2.
    expect(summary([-never, -never, -never, -never, 5, 6, 7, 8]).median).toBe('-never');
    // As many end here only as end there only.
    expect(summary([-never, never])).toMatchObject({ median: 0, q1: '-never', q3: 'never' });
    // The nearer end decides a quartile that lies between the two.
    expect(summary([-never, -never, never, never, never]).q1).toBe('-never');
    expect(summary([-never, never, never, never]).q1).toBe('never');
  });

  test.each([
    [8, 0.88],
    [12, 0.89],
    [24, 0.9],
  ])(
    'the interval of %i seeds covers the true median in at least %d of all samples',
    (n, least) => {
      const bootstrap = new Bootstrap(n);
      const shapes: [string, (u: number) => number, number][] = [
        ['skewed', (u) => u ** 8, 0.5 ** 8],
        ['half of the seeds nearly never end', (u) => (u > 0.55 ? never : u), 0.5],
        ['many ties', (u) => Math.floor(u * 3), 1],
      ];
      for (const [shape, inverse, truth] of shapes) {
        const stream = streamOf(1, shape, String(n));
        let covered = 0;
        for (let sample = 0; sample < 400; sample++) {
          const { low, high } = bootstrap.summary(
            Array.from({ length: n }, () => inverse(stream())),
          );
          const [from, to] = [low, high].map((end) => (end === 'never' ? never : Number(end)));
          if ((from as number) <= truth + 1e-6 && (to as number) >= truth - 1e-6) covered += 1;
        }
        expect([shape, covered / 400 >= least]).toEqual([shape, true]);
      }
    },
  );

  test('pairs by seed see a difference that the spread of the seeds hides', () => {
    // Seeds differ by up to 1000; the second strategy is better by 1 in each.
    const stream = streamOf(1, 'pairs', '');
    const first = Array.from({ length: 32 }, () => 1000 * stream());
    const bootstrap = new Bootstrap(32);
    const pairs = bootstrap.summary(first.map((value) => difference(value - 1, value)));
    expect([pairs.low, pairs.high]).toEqual([-1, -1]);
    const { low, high } = bootstrap.summary(first);
    expect(Number(high) - Number(low)).toBeGreaterThan(100);
  });
});

describe('common random numbers', () => {
  /** The rounds of each thread under a strategy, as the run drew them. */
  function roundsUnder(workload: Workload, strategy: string, seed: number) {
    const rounds = new Map<string, string[]>();
    const go = Thread.prototype.go;
    const spy = vi.spyOn(Thread.prototype, 'go').mockImplementation(function (this: Thread) {
      if (!rounds.has(this.plan.name)) {
        const own: string[] = [];
        rounds.set(this.plan.name, own);
        const draw = this.plan.round;
        this.plan.round = () => {
          const drawn = draw();
          own.push(JSON.stringify(drawn));
          return drawn;
        };
      }
      go.call(this);
    });
    try {
      run(workload, strategy, seed);
    } finally {
      spy.mockRestore();
    }
    return rounds;
  }

  // Calls that fail, are refused, sleep, time out and are tried again.
  test.each(['umount-under-load', 'thumbnailer', 'gup-two-pages'])(
    '%s: round n of each thread has the same draws under each strategy',
    (name) => {
      const { workload } = parseWorkload(presets.get(name)?.text ?? '');
      workload.durationMs /= 4;
      const planned = new Map(planOf(workload, 9).map((plan) => [plan.name, plan]));
      const expected = new Map<string, string[]>();
      let compared = 0;
      for (const strategy of strategyNames)
        for (const [thread, own] of roundsUnder(workload, strategy, 9)) {
          const known = expected.get(thread) ?? [];
          expected.set(thread, known);
          while (known.length < own.length)
            known.push(JSON.stringify(planned.get(thread)?.round()));
          expect(own).toEqual(known.slice(0, own.length));
          compared += own.length;
        }
      expect(compared).toBeGreaterThan(500);
    },
  );

  test('a thread has the same draws however many threads its actor has', () => {
    const rounds = (count: number) => {
      const plan = planOf(
        workloadOf(`
filesystem: { files: { a: 1Mi } }
durationMs: 1
actors: { nic: { count: ${count}, loop: [ { pin: { file: a, pages: { uniform: [1, 9] }, access: read } }, { hold: { exponential: 1 } }, unpin ] } }
`),
        1,
      )[0];
      return JSON.stringify([plan?.startUs, ...Array.from({ length: 20 }, () => plan?.round())]);
    };
    expect(rounds(3)).toBe(rounds(1));
  });
});

describe('calls that the end of the measurement cuts', () => {
  test('have their whole latency: a hold of 1.5 s in a measurement of 1 s', () => {
    const held = (ms: number) =>
      run(
        workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 4Ki } }
durationMs: 1000
actors:
  device: { start: 0, times: 1, loop: [ { pin: { file: a, pages: 1, access: write } }, { hold: ${ms} }, unpin ] }
  t: { start: 100, loop: [ { punch-hole: { file: a, offset: 0, pages: 1 } }, { think: 5000 } ] }
`),
        'break-layouts fixed',
      ).callers['punch-hole'];
    expect(held(1500)?.latency).toMatchObject({ count: 1, max: 1_400_000 });
    // The run goes on for as long again as the measurement, not longer.
    expect(held(3000)?.latency.count).toBe(0);
    expect(held(3000)?.neverEnded).toEqual([{ reason: 'unfinished', us: 1_900_000 }]);
  });

  test('do not starve because they have looked ten times', () => {
    // Six devices pin single pages for 4 ms; a punch of all pages ends after 20 ms or 300 ms.
    const workload = workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 64Ki } }
durationMs: 400
actors:
  device: { count: 6, loop: [ { pin: { file: a, pages: 1, access: write } }, { hold: { exponential: 4 } }, unpin, { think: { exponential: 5 } } ] }
  t: { loop: [ { punch-hole: { file: a, offset: 0, length: 64Ki } }, { think: { exponential: 20 } } ] }
`);
    for (let seed = 1; seed <= 40; seed++) {
      const punches = run(workload, 'break-layouts fixed', seed).callers['punch-hole'];
      expect([seed, punches?.neverEnded]).toEqual([seed, []]);
      expect(punches?.latency.count).toBeGreaterThan(0);
    }
  });

  test('a measurement of 10 periods has 10 calls, not the one of its last moment', () => {
    const { callers, machine, rounds } = run(
      workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 4Ki } }
warmupMs: 100
durationMs: 1000
actors: { t: { start: 0, periodMs: 100, loop: [ { punch-hole: { file: a, pages: 1 } } ] } }
`),
      'none',
    );
    expect(callers['punch-hole']?.latency.count).toBe(10);
    expect([machine.commands, rounds]).toEqual([10, { t: [10] }]);
  });
});

describe('figures over time', () => {
  test('space that the warm-up held back is a peak, and counts from the measurement on', () => {
    const { space } = run(
      workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 4p } }
warmupMs: 10
durationMs: 100
actors:
  device: { start: 0, times: 1, loop: [ { fault: { file: a, offset: 0, pages: 3, access: write } }, { pin: { file: a, offset: 0, pages: 3, access: write } }, { hold: 30 }, unpin ] }
  t: { start: 5, times: 1, loop: [ { punch-hole: { file: a, offset: 0, pages: 3 } }, { think: 1 } ] }
`),
      'busy-extents',
    );
    expect([space.peakBlocks, space.blockUs]).toEqual([3, 3 * 20_000]);
  });

  test('two readers behind a truncate are blocked for 6 and 4 ms, and nothing twice', () => {
    const figuresOf = run(
      workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 4p } }
durationMs: 100
actors:
  device: { start: 0, times: 1, loop: [ { pin: { file: a, offset: 0, pages: 1, access: write } }, { hold: 12 }, unpin ] }
  t: { start: 5, times: 1, loop: [ { truncate: { file: a, to: 0 } }, { think: 1 } ] }
  r1: { start: 6, times: 1, loop: [ { read: { file: a, offset: 0, length: 4Ki } }, { think: 1 } ] }
  r2: { start: 8, times: 1, loop: [ { read: { file: a, offset: 0, length: 4Ki } }, { think: 1 } ] }
`),
      'break-layouts fixed',
    );
    expect(figure('blockedShare', figuresOf)).toBeCloseTo(10 / (4 * 100), 12);
    expect(figure('longestBlockedMs', figuresOf)).toBe(6);
    expect(figure('latencyMaxMs', figuresOf)).toBe(7);
  });

  test('a call that spins for a page of its second file waits for that page', () => {
    const figuresOf = run(
      workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 4p, b: 4p } }
durationMs: 200000
actors:
  device: { start: 0, times: 1, loop: [ { pin: { file: b, offset: 0, pages: 1, access: write } }, { hold: 150000 }, unpin ] }
  t: { start: 5, times: 1, loop: [ { exchange-range: { file: a, with: b, offset: 0, withOffset: 0, pages: 1 } }, { think: 1 } ] }
`),
      'break-layouts fixed',
    );
    expect(figuresOf.callers['exchange-range']?.latency.max).toBe(149_995_000);
    expect(figuresOf.waitsForPages['exchange-range']).toMatchObject({
      usInS: 0,
      usInD: 149_995_000,
    });
    // It runs all the time, so khungtaskd has nothing to say.
    expect(figuresOf.hungTasks).toBe(0);
  });

  test('a timer of the machine never fires early', () => {
    // The call begins at 1.9 ms and waits until 6.8 ms, which is less than its 5 ms.
    const { callers } = run(
      workloadOf(`
filesystem: { sizeBytes: 1Mi, files: { a: 4Ki } }
durationMs: 100
actors:
  device: { start: 0, times: 1, loop: [ { pin: { file: a, pages: 1, access: write } }, { hold: 6.8 }, unpin ] }
  t: { start: 1.9, times: 1, loop: [ { punch-hole: { file: a, pages: 1, timeoutMs: 5 } }, { think: 1 } ] }
`),
      'break-layouts fixed',
    );
    expect(callers['punch-hole']).toMatchObject({ latency: { count: 1, max: 4900 }, failed: {} });
  });

  test('an actor of which more than half is stuck is not left out of the fairness', () => {
    const rounds = (...of: number[]) => figure('slowestThread', { rounds: { x: of } } as never);
    expect([rounds(0, 0, 0, 9), rounds(0, 0, 0), rounds(5, 10), rounds(7)]).toEqual([
      0,
      null,
      0.5,
      null,
    ]);
  });
});

describe('costs', () => {
  const roundsWith = (costs: string, loop: string, kind = 'xfs') => {
    const workload = workloadOf(`
filesystem: { sizeBytes: 2Mi, kind: ${kind}, files: { a: 64p } }
durationMs: 100
costs: ${costs}
actors: { x: { start: 0, loop: [ ${loop} ] } }
`);
    return run(workload, 'none').rounds.x?.[0];
  };
  test('are paid once, also by a call that maps its file first', () =>
    // At 1, 2, … 99 ms; what happens at 100 ms is not measured.
    expect(roundsWith('{ fault: 1 }', '{ fault: { file: a, access: read } }')).toBe(99));
  test('of less than a microsecond add up', () =>
    expect(
      roundsWith(
        '{ fault: 0.00004 }',
        '{ fault: { file: a, access: read } }, { think: 1 }, ' + '{ think: { empirical: [0, 0] } }',
      ),
    ).toBe(99));
  test('linux: a punch takes 38 µs on XFS and 8 µs on ext4', () => {
    const punch = '{ punch-hole: { file: a, offset: 0, pages: 1 } }, { think: 0.962 }';
    expect(roundsWith('linux', punch)).toBe(99);
    expect(roundsWith('linux', punch.replace('0.962', '0.992'), 'ext4')).toBe(99);
  });
  test('linux: a truncate pays for each block that it removes', () => {
    // 64 blocks at 3.1 µs are 198.4 µs, and the rest of 0.4 µs is paid later.
    const loop = '{ truncate: { file: a, to: 0 } }, { truncate: { to: 64p } }, { think: 0.8016 }';
    expect(roundsWith('linux', loop)).toBe(99);
    expect(roundsWith('linux', loop.replace('0.8016', '0.001'))).toBeLessThan(505);
  });
  test.each([
    ['linux', 'kind: ext2', 'there are measured costs for xfs and ext4, not for ext2'],
    ['linx', 'kind: xfs', 'linux'],
    ['{ fault: { perBlock: 1 } }', 'kind: xfs', 'only truncate has a cost per block, not fault'],
  ])('costs: %s with %s is refused', (costs, kind, why) =>
    expect(() =>
      workloadOf(`
filesystem: { ${kind}, files: { a: 4p } }
durationMs: 1
costs: ${costs}
actors: { x: { loop: [ { read: { file: a, length: 1 } }, { think: 1 } ] } }
`),
    ).toThrow(why),
  );
});

describe('draws', () => {
  test('a distribution with an extreme spread stays a number, and ascends', () => {
    const inverse = inverseOf({ lognormal: { median: 1e-300, p99: 1 } });
    const values = [0, 1e-9, 0.5, 0.99, 1 - 2 ** -53].map(inverse);
    expect(values[0]).toBe(0);
    expect(values[3]).toBeCloseTo(1, 9);
    expect(values.at(-1)).toBe(Number.POSITIVE_INFINITY);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect([exp(1000), exp(-1000)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  test('zipf has the probabilities of its formula', () => {
    const plan = planOf(
      workloadOf(`
filesystem: { files: { a: 5p } }
durationMs: 1
actors: { x: { loop: [ { read: { file: a, offset: { zipf: 1.5 }, length: 1 } }, { think: 1 } ] } }
`),
      1,
    )[0];
    const counts = [0, 0, 0, 0, 0];
    const total = 20_000;
    for (let at = 0; at < total; at++) {
      const [step] = plan?.round() ?? [];
      const page = step?.kind === 'call' ? Number(step.call.args.offset) / 4096 : -1;
      counts[page] = (counts[page] as number) + 1;
    }
    const weights = counts.map((_, rank) => (rank + 1) ** -1.5);
    const all = weights.reduce((sum, one) => sum + one, 0);
    const chiSquared = counts.reduce((sum, count, rank) => {
      const expected = (total * (weights[rank] as number)) / all;
      return sum + (count - expected) ** 2 / expected;
    }, 0);
    expect(chiSquared).toBeLessThan(18.5); // p = 0.001 for 4 degrees of freedom
  });

  test('events of the same time come in the order in which they were added', () => {
    const queue = new EventQueue();
    const reference: { us: number; who: number }[] = [];
    const stream = streamOf(1, 'queue', '');
    for (let who = 0; who < 3000; who++) {
      const us = Math.floor(stream() * 40);
      queue.add(us, who);
      reference.push({ us, who });
      if (stream() < 0.6) continue;
      reference.sort((a, b) => a.us - b.us); // A stable sort.
      expect(queue.take()).toBe(reference.shift()?.who);
    }
    reference.sort((a, b) => a.us - b.us);
    for (const { who } of reference) expect(queue.take()).toBe(who);
    expect(queue.nextUs).toBe(Number.POSITIVE_INFINITY);
  });
});

test('the presets give the digests that are recorded, on each machine and version of Node', async () => {
  // If they differ on purpose, increase labVersion or kernelVersion, and record them again:
  // npx tsx test/lab/digests.ts > test/fixtures/lab/digests.json
  const recorded = new URL('../fixtures/lab/digests.json', import.meta.url);
  expect(await digests()).toEqual(JSON.parse(readFileSync(recorded, 'utf8')));
});

describe('a table tells its limits', () => {
  const text = `name: x
filesystem: { sizeBytes: 1Mi, kind: ext2, kernel: '6.12', files: { a: 4p } }
durationMs: 100
actors:
  device: { start: 0, times: 1, loop: [ { pin: { file: a, pages: 1, offset: 0, access: write } }, { hold: 1000 }, unpin ] }
  t: { start: 5, loop: [ { truncate: { file: a, to: 0 } }, { think: 5 } ] }
`;
  test('failures, calls that did not end, a first strategy that is refused', async () => {
    const { notes } = await runLab(
      {
        parsed: parseWorkload(text),
        seeds: 8,
        strategies: ['busy-extents', 'break-layouts', 'refuse'],
      },
      { runner: inProcess() },
    );
    expect(notes).toEqual([
      expect.stringContaining('fewer than 100 layout changes'),
      expect.stringMatching(/^Under refuse one of 100 layout changes or more failed/),
      expect.stringMatching(/^Under break-layouts a layout change had not ended/),
      expect.stringMatching(/^The filesystem cannot have busy-extents, the first strategy/),
    ]);
  });
});
