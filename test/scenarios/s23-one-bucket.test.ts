// S23: two waiters for different pages in one bucket. Waiters have keys, so a wake-up for one page
// walks further but wakes only its own waiter. Without keys it wakes the whole bucket; the other
// waiter tests again and sleeps again.
import { describe, expect, test } from 'vitest';
import { bucketOfPage } from '../../src/kernel/sched/hash.ts';
import { toPfn } from '../../src/kernel/units.ts';
import { letters, type Machine, okOf, page } from '../machine.ts';
import { blockOf, breaking, type Column, golden, space, story } from './story.ts';

/** busy-extents waits for a shift only, and there for what moves. */
const waiting: Column[] = ['busy-extents', 'wait-for-refs', 'detach-and-wait', ...breaking];
const sleeps = (m: Machine, column: Column, file: string, owner: string) =>
  column === 'busy-extents' ? m.insert(file, 0, page, { owner }) : m.truncate(file, 0, { owner });

const tables = [
  { table: '256 buckets', buckets: 256, keyed: true },
  { table: '256 buckets without keys', buckets: 256, keyed: false },
  { table: 'one bucket', buckets: 1, keyed: true },
  { table: 'one bucket without keys', buckets: 1, keyed: false },
];
const cases = (keyed: boolean) =>
  waiting.flatMap((column) =>
    tables.filter((row) => row.keyed === keyed).map((row) => ({ column, ...row })),
  );

/**
 * Files a and b, each with one pinned page and one task that waits for it; the two pages hash to
 * one bucket.
 */
function collision(column: Column, { buckets, keyed }: { buckets: number; keyed: boolean }) {
  const m = story(column, { waitqueue: { buckets, keyed } });
  m.create('b');
  m.write('b', letters('Z'.repeat(200)), 0);
  const bits = Math.log2(buckets);
  const bucketOf = (file: string, pgoff: number) =>
    bucketOfPage(toPfn(blockOf(m, file, pgoff)), bits);
  const pairs = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((inA) =>
    Array.from({ length: 200 }, (_, inB) => [inA, inB] as const),
  );
  const [inA, inB] = pairs.find(([one, other]) => bucketOf('a', one) === bucketOf('b', other)) ?? [
    -1, -1,
  ];
  const [pageA, pageB] = [blockOf(m, 'a', inA), blockOf(m, 'b', inB)];
  const bucket = bucketOf('a', inA);
  const pinA = m.pinned(m.mapping, inA * page, page, { owner: 'P' });
  const pinB = m.pinned(m.map('b', 200), inB * page, page, { owner: 'Q' });
  const ta = sleeps(m, column, 'a', 'T').task;
  const tb = sleeps(m, column, 'b', 'U').task;
  expect([ta, tb].map((task) => m.opState(task))).toEqual([`S page ${pageA}`, `S page ${pageB}`]);
  expect([...m.k.pageQueues.keys()]).toEqual([bucket]);
  return {
    ...m,
    pinA,
    pinB,
    pageA,
    pageB,
    ta,
    tb,
    result: (task: number) => okOf({ task, outcome: m.outcome(task) }),
  };
}

describe('S23 keyed: the release of a page wakes only its own waiter', () => {
  test.each(cases(true))('S23 $column, $table', async (row) => {
    const m = collision(row.column, row);
    expect(m.k.counts.bucketCollisions).toBe(1);
    m.unpin(m.pinA);
    expect(m.seen('waitqueue.wakeup').map(({ data }) => data)).toMatchObject([
      { pfn: m.pageA, walked: 2, woken: [`op_${m.ta}`], matched: 1 },
    ]);
    expect(m.opState(m.ta)).toBe('done');
    expect(m.opState(m.tb)).toBe(`S page ${m.pageB}`);
    expect(m.task(m.tb)?.wakeups).toBe(0);
    m.unpin(m.pinB);
    expect(m.seen('waitqueue.wakeup')[1]?.data).toMatchObject({
      pfn: m.pageB,
      walked: 1,
      woken: [`op_${m.tb}`],
      matched: 1,
    });
    expect([m.ta, m.tb].map((task) => m.result(task).wakeups)).toEqual([1, 1]);
    expect(m.k.counts).toMatchObject({ wakeups: 2, spuriousWakeups: 0 });
    if (row.buckets === 256) await golden(m, `S23.keyed.${row.column}`);
  });
});

describe('S23 without keys: both wake up, and the one whose page is still pinned sleeps again', () => {
  test.each(cases(false))('S23 $column, $table', async (row) => {
    const m = collision(row.column, row);
    m.unpin(m.pinA);
    // Non-exclusive waiters stand at the head: the last to come is the first to be woken.
    expect(m.seen('waitqueue.wakeup').map(({ data }) => data)).toMatchObject([
      { pfn: m.pageA, walked: 2, woken: [`op_${m.tb}`, `op_${m.ta}`], matched: 1 },
    ]);
    const woken = m.seen('task.woken').map(({ task, data }) => [task, data.spurious]);
    expect(woken).toEqual([
      [m.tb, true],
      [m.ta, false],
    ]);
    expect(m.opState(m.ta)).toBe('done');
    expect(m.opState(m.tb)).toBe(`S page ${m.pageB}`);
    expect(m.k.counts).toMatchObject({ wakeups: 2, spuriousWakeups: 1 });
    m.unpin(m.pinB);
    expect([m.ta, m.tb].map((task) => m.result(task).wakeups)).toEqual([1, 2]);
    expect(m.k.counts).toMatchObject({ wakeups: 3, spuriousWakeups: 1 });
    if (row.buckets === 256) await golden(m, `S23.unkeyed.${row.column}`);
  });
});

describe('S23 a herd: eight waiters of one file in one bucket, under detach-and-wait, which holds no lock in its wait', () => {
  test.each([
    { keyed: true, wakeups: 8, spurious: 0 },
    { keyed: false, wakeups: 36, spurious: 28 }, // 8 + 7 + … + 1, of whom eight had a reason.
  ])(
    'S23 keyed $keyed: $wakeups wake-ups, $spurious for nothing',
    ({ keyed, wakeups, spurious }) => {
      const m = story('detach-and-wait', { waitqueue: { buckets: 1, keyed } });
      const pages = [0, 1, 2, 3, 4, 5, 6, 7];
      const pins = pages.map((pgoff) => m.pinned(m.mapping, pgoff * page, page));
      const tasks = pages.map((pgoff) => m.punch('a', pgoff * page, page).task);
      for (const pgoff of pages) {
        m.unpin(pins[pgoff] as number);
        expect(tasks.map((task) => m.opState(task) === 'done')).toEqual(
          pages.map((other) => other <= pgoff),
        );
      }
      expect(m.k.counts).toMatchObject({ wakeups, spuriousWakeups: spurious });
      expect(space(m)).toMatchObject({ used: 0, detached: 0 });
    },
  );
});
