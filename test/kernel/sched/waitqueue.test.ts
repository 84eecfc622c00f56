// The page waitqueues: one table, waiters with keys, the newest waiter first.
import { describe, expect, test } from 'vitest';
import { bucketOfPage } from '../../../src/kernel/sched/hash.ts';
import { newestFirst } from '../../../src/kernel/sched/waitqueue.ts';
import { toPfn } from '../../../src/kernel/units.ts';
import { letters, type Machine, machine, page } from '../../machine.ts';

/** Three files with a pinned page each, and a truncate of each that sleeps on it, in this order. */
function sleepers(waitqueue: { buckets: number; keyed: boolean }): Machine & { tasks: number[] } {
  const m = machine({ strategy: 'break-layouts', waitqueue });
  for (const name of 'abc') {
    m.create(name);
    m.write(name, letters('X'), 0);
    m.pinned(m.map(name, 1), 0, page);
  }
  return { ...m, tasks: [...'abc'].map((name) => m.truncate(name, 0).task) };
}

const op = (task: number | undefined): string => `op_${task}`;

describe('SL7 one bucket for all', () => {
  test('SL7 keyed: the wake-up walks everybody and wakes its own', () => {
    const m = sleepers({ buckets: 1, keyed: true });
    expect(m.k.counts.bucketCollisions).toBe(2);
    m.unpin(2);
    expect(m.seen('waitqueue.wakeup').map(({ data }) => data)).toMatchObject([
      { bucket: 0, walked: 3, woken: [op(m.tasks[1])], matched: 1 },
    ]);
    expect(m.tasks.map((task) => m.opState(task))).toEqual(['S page 2', 'done', 'S page 4']);
    expect(m.k.counts).toMatchObject({ wakeups: 1, spuriousWakeups: 0 });
  });

  test('SL7 unkeyed: all of them wake, newest first, and two sleep again', () => {
    const m = sleepers({ buckets: 1, keyed: false });
    m.unpin(2);
    expect(m.seen('waitqueue.wakeup').map(({ data }) => data)).toMatchObject([
      { walked: 3, woken: [op(m.tasks[2]), op(m.tasks[1]), op(m.tasks[0])], matched: 1 },
    ]);
    expect(m.seen('task.woken').map(({ data }) => data.spurious)).toEqual([true, false, true]);
    expect(m.tasks.map((task) => m.opState(task))).toEqual(['S page 2', 'done', 'S page 4']);
    expect(m.k.counts).toMatchObject({ wakeups: 3, spuriousWakeups: 2 });
    m.unpin(1);
    m.unpin(3);
    expect(m.tasks.map((task) => m.opState(task))).toEqual(['done', 'done', 'done']);
    expect(m.k.pageQueues.size).toBe(0);
  });

  test.each([true, false])(
    'SL7 keyed %s: the bucket keeps the order of queueing, with the newest at the head',
    (keyed) => {
      const m = sleepers({ buckets: 1, keyed });
      expect(newestFirst(m.k.pageQueues.get(0) ?? new Map()).map(({ task }) => task)).toEqual(
        [...m.tasks].reverse(),
      );
    },
  );
});

describe('SL7 with 256 buckets', () => {
  test('SL7 waiters of different buckets never meet', () => {
    const m = sleepers({ buckets: 256, keyed: false });
    expect(m.k.counts.bucketCollisions).toBe(0);
    m.unpin(2);
    expect(m.seen('waitqueue.wakeup').map(({ data }) => [data.walked, data.matched])).toEqual([
      [1, 1],
    ]);
  });

  test('SL7 every sleeper is in the bucket of its page', () => {
    const m = sleepers({ buckets: 256, keyed: true });
    for (const [bucket, queue] of m.k.pageQueues)
      for (const { key } of queue.values()) expect(bucket).toBe(bucketOfPage(toPfn(key), 8));
    expect(m.seen('task.blocked').map(({ data }) => data.bucket)).toEqual([
      ...m.k.pageQueues.keys(),
    ]);
  });

  test('SL7 a put of a page without waiters walks no bucket', () => {
    const m = sleepers({ buckets: 256, keyed: true });
    m.create('d');
    m.write('d', letters('X'), 0);
    m.unpin(m.pinned(m.map('d', 1), 0, page));
    expect(m.seen('waitqueue.wakeup')).toEqual([]);
  });
});
