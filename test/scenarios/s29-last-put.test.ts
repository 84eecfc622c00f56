// S29: the last put of a page whose block has left its file. It may run in interrupt context, so it
// only queues work; the worker, table 12.5, takes the run off the busy list, exactly once, whenever
// it comes: before the commit, after it, or when somebody else has the block.
import { describe, expect, test } from 'vitest';
import { operations } from '../../src/kernel/ops/index.ts';
import { idOf, letters, type Machine, page, wordOf } from '../machine.ts';
import {
  blockOf,
  type Column,
  contentOf,
  everyColumn,
  golden,
  safeColumns,
  space,
  story,
} from './story.ts';

const T = { owner: 'T' };
const stepped = { scheduler: 'stepped' } as const;

function pinInSteps(m: Machine, mapping: number, offset: number, length = page): number {
  const { task } = m.pin(mapping, offset, length, { owner: 'P' });
  m.settle(task);
  return idOf({ task, outcome: m.outcome(task) });
}

/** busy-extents; pages 2 and 3 pinned by one pin, a punch of pages 1 to 4 not yet begun. */
function punch() {
  const m = story('busy-extents', stepped);
  const first = blockOf(m, 'a', 2);
  const pin = pinInSteps(m, m.mapping, 2 * page, 2 * page);
  return { ...m, first, held: pin, t: m.punch('a', page, 4 * page, T).task };
}

/** Stepped, and file b can only have the blocks that a has left; it takes all of them. */
function full(column: Column) {
  const m = story(column, { ...stepped, blocks: 16 });
  m.create('rest');
  m.settle(m.write('rest', letters('......'), 0).task);
  const reuse = (): number => {
    m.create('b');
    m.settle(m.write('b', letters('QRSTUVWX'), 0).task);
    return m.map('b', 8);
  };
  return { ...m, reuse };
}

const removals = (m: Machine) =>
  m
    .seen('extent.freed')
    .flatMap(({ data }) => (data.from === 'inode' ? [] : [`${data.pfn}+${data.pages}`]));

describe('S29 busy-extents: the moment of the last put', () => {
  test('S29 between insert and commit, the worker first: it leaves the run, and the commit callback erases it', async () => {
    const m = punch();
    m.stepTo(m.t, 'commit');
    // Cut where pinned and unpinned pages meet.
    expect([...m.k.busyByAge]).toEqual([m.first - 1, m.first, m.first + 2]);
    m.unpin(m.held);
    expect(m.k.workqueue).toEqual([m.first, m.first + 1]);
    m.step('kworker');
    m.step('kworker');
    expect(m.k.workqueue).toEqual([]);
    expect(removals(m)).toEqual([]); // Step W3: the run still has its transaction.
    expect(space(m)).toMatchObject({ used: 4, busy: 4 });
    m.settle(m.t);
    expect(m.outcome(m.t)).toMatchObject({ result: { blocksFreed: 4, blocksBusy: 0 } });
    expect(removals(m)).toEqual([`${m.first - 1}+1`, `${m.first}+2`, `${m.first + 2}+1`]);
    expect(space(m)).toMatchObject({ used: 4, busy: 0 });
    await golden(m, 'S29.before-commit.worker-first');
  });

  test('S29 between insert and commit, the commit first: it erases the run, and the worker finds nothing', async () => {
    const m = punch();
    m.stepTo(m.t, 'commit');
    m.unpin(m.held);
    m.settle(m.t);
    expect(m.outcome(m.t)).toMatchObject({ result: { blocksFreed: 4, blocksBusy: 0 } });
    expect(removals(m)).toHaveLength(3);
    m.settle();
    expect(removals(m)).toHaveLength(3);
    expect(space(m)).toMatchObject({ used: 4, busy: 0 });
    await golden(m, 'S29.before-commit.commit-first');
  });

  test('S29 after the commit: the block stays off the allocator until the worker has run', async () => {
    const m = punch();
    m.settle(m.t);
    expect(m.outcome(m.t)).toMatchObject({ result: { blocksFreed: 2, blocksBusy: 2 } });
    m.unpin(m.held);
    expect(space(m).busy).toBe(2);
    expect(removals(m)).toHaveLength(2);
    m.settle();
    expect(removals(m).slice(2)).toEqual([`${m.first}+2`]);
    expect(space(m)).toMatchObject({ used: 4, busy: 0 });
    await golden(m, 'S29.after-commit');
  });

  test('S29 before the insert: the block is not marked, and nothing is queued', () => {
    const m = punch();
    m.stepTo(m.t, 'change');
    m.unpin(m.held);
    m.settle();
    expect(m.seen('page.delayed_free')).toEqual([]);
    expect(m.seen('page.worker_queued')).toEqual([]);
    expect(space(m)).toMatchObject({ used: 4, busy: 0 });
  });
});

describe('S29 two puts, one removal', () => {
  const lists = [
    { column: 'busy-extents', reap: false },
    { column: 'detach-and-wait', reap: false },
    { column: 'detach-and-wait', reap: true },
  ] as const;

  test.each(lists)('S29 $column, reaper $reap: two pins on one page', ({ column, reap }) => {
    const m = story(column);
    const pfn = blockOf(m, 'a', 3);
    const [one, other] = [m.pinned(m.mapping, 3 * page, page), m.pinned(m.mapping, 3 * page, page)];
    const { task } = m.truncate('a', 0, T);
    if (reap) m.cancel(task);
    m.unpin(one);
    expect(m.seen('page.idle')).toEqual([]);
    expect(m.seen('page.worker_queued')).toEqual([]);
    m.unpin(other);
    const run = column === 'detach-and-wait' && !reap ? `${pfn - 3}+8` : `${pfn}+1`;
    expect(removals(m).filter((removed) => removed === run)).toHaveLength(1);
    expect(m.seen('page.worker_queued')).toHaveLength(column === 'busy-extents' || reap ? 1 : 0);
    expect(space(m)).toMatchObject({ used: 0, busy: 0, detached: 0 });
  });

  test.each(lists)('S29 $column, reaper $reap: two pages of one run', async ({ column, reap }) => {
    const m = story(column, stepped);
    const pfn = blockOf(m, 'a', 3);
    const [one, other] = [pinInSteps(m, m.mapping, 3 * page), pinInSteps(m, m.mapping, 4 * page)];
    const { task } = m.truncate('a', 0, T);
    m.settle(task);
    if (reap) m.cancel(task);
    m.settle();
    m.unpin(one);
    m.unpin(other);
    m.settle();
    const run = column === 'detach-and-wait' && !reap ? `${pfn - 3}+8` : `${pfn}+2`;
    expect(removals(m).filter((removed) => removed === run)).toHaveLength(1);
    expect(removals(m)).toHaveLength(column === 'detach-and-wait' && !reap ? 1 : 3);
    expect(space(m)).toMatchObject({ used: 0, busy: 0, detached: 0 });
    await golden(m, `S29.two-puts.${reap ? 'reaper' : column}`);
  });
});

describe('S29 the worker runs late, and another file already owns the block', () => {
  test('S29 busy-extents: the first put is not taken for the second', async () => {
    const m = full('busy-extents');
    const pfn = blockOf(m, 'a', 0);
    const pin = pinInSteps(m, m.mapping, 0);
    const { task } = m.truncate('a', 0, T);
    m.stepTo(task, 'commit');
    m.unpin(pin); // The worker is told …
    m.settle(task); // … and the commit is faster.
    const b = m.reuse();
    const again = pinInSteps(
      m,
      b,
      [0, 1, 2, 3, 4, 5, 6, 7].findIndex((pgoff) => blockOf(m, 'b', pgoff) === pfn) * page,
    );
    m.settle(m.truncate('b', 0, T).task);
    m.step('kworker'); // Only now, for the first put.
    expect(space(m)).toMatchObject({ busy: 1, free: 7 });
    m.unpin(again);
    m.settle();
    expect(space(m)).toMatchObject({ busy: 0, free: 8 });
    await golden(m, 'S29.late-worker');
  });

  test('S29 detach-and-wait: the reaper does not free blocks for which a call waits', () => {
    const m = full('detach-and-wait');
    const [one, other] = [pinInSteps(m, m.mapping, 0), pinInSteps(m, m.mapping, page)];
    const { task } = m.truncate('a', 0, T);
    m.settle(task);
    m.cancel(task);
    m.settle();
    expect(space(m)).toMatchObject({ detached: 2, free: 6 });
    m.unpin(one);
    m.unpin(other);
    // The whole run is idle: reaped. The second put still has its work in the queue.
    m.step('kworker');
    expect(space(m)).toMatchObject({ detached: 0, free: 8 });
    const b = m.reuse();
    const again = pinInSteps(m, b, page);
    const waits = m.truncate('b', 0, T).task;
    m.settle(waits);
    m.step('kworker');
    expect(space(m)).toMatchObject({ detached: 8, free: 0 });
    m.unpin(again);
    m.settle();
    expect(m.opState(waits)).toBe('done');
    expect(space(m)).toMatchObject({ detached: 0, free: 8 });
  });
});

describe('S29 the put takes no lock', () => {
  test.each(everyColumn)(
    'S29 %s: the put runs at once, although T holds both locks of the file, at any step of T',
    (column) => {
      const steps = [
        'lockMapping',
        'scan',
        'enqueue',
        'test',
        'sleep',
        'change',
        'commit',
        'drain',
      ];
      for (const next of steps) {
        const m = story(column, stepped);
        const pin = pinInSteps(m, m.mapping, 3 * page);
        const { task } = m.truncate('a', 0, T);
        for (
          let taken = 0;
          m.k.runnable.includes(task as never) && m.task(task)?.step !== next;
          taken++
        ) {
          expect(taken).toBeLessThan(20);
          m.step(task);
        }
        if (m.task(task)?.step !== next) continue; // Not a step of this strategy.
        const locks = structuredClone(m.task(task)?.locks);
        const queues = [m.file('a').iRwsem.queue, m.file('a').invalidateLock.queue];
        const blocked = m.seen('task.blocked').length;
        const put = m.unpin(pin);
        expect(wordOf(put)).toBe('done'); // No step of the scheduler was needed.
        expect(m.k.tasks.has(put.task as never)).toBe(false);
        expect(m.task(task)?.locks).toEqual(locks);
        expect(queues).toEqual([[], []]);
        expect(m.seen('task.blocked')).toHaveLength(blocked);
        expect(m.seen('extent.freed').filter(({ task: who }) => who === put.task)).toEqual([]);
        m.settle();
        expect(m.opState(task)).toBe(
          column === 'refuse' && next !== 'scan' && next !== 'lockMapping' ? 'EBUSY' : 'done',
        );
      }
    },
  );

  test('S29 unpin and the DMA of a device are operations that cannot sleep', () => {
    for (const name of ['unpin', 'dma-read', 'dma-write']) {
      expect(operations.get(name)).toMatchObject({ waits: false });
    }
  });
});

describe('S29 the worker and the allocator', () => {
  test('S29 busy-extents: on a full device a write gets ENOSPC, not a busy block, up to the run of the worker', () => {
    const m = full('busy-extents');
    const pin = pinInSteps(m, m.mapping, 0, 8 * page);
    const { task } = m.truncate('a', 0, T);
    m.create('b');
    const tries = (): string => {
      const write = m.write('b', letters('Z'), 0);
      m.settle(write.task);
      return m.opState(write.task);
    };
    m.stepTo(task, 'commit');
    expect(tries()).toBe('ENOSPC');
    m.settle(task);
    expect(tries()).toBe('ENOSPC');
    m.unpin(pin);
    expect(m.k.workqueue).toHaveLength(8);
    expect(tries()).toBe('ENOSPC');
    m.step('kworker');
    expect(tries()).toBe('done');
    expect(contentOf(m, 'b')).toBe('Z');
    m.settle();
    expect(removals(m)).toHaveLength(1);
    expect(space(m)).toMatchObject({ busy: 0, free: 7 });
  });

  test.each(safeColumns)('S29 %s: a timer lets the pin go', (column) => {
    const m = story(column, { forgiving: true });
    m.pinned(m.mapping, 0, page, { owner: 'P' }, { holdMs: 10 });
    const { task } = m.truncate('a', 0, T);
    m.advance(10);
    expect(m.opState(task)).toBe(column === 'refuse' ? 'EBUSY' : 'done');
    expect(space(m)).toMatchObject({ used: column === 'refuse' ? 8 : 0, busy: 0, detached: 0 });
  });
});
