// S08 to S10: which calls queue behind the waiting call, which deadlock with it, and what a signal
// does.
import { describe, expect, test } from 'vitest';
import { bytesOf, letters, okOf, page, wordOf } from '../machine.ts';
import {
  blockOf,
  breaking,
  type Column,
  contentOf,
  golden,
  immediate,
  perColumn,
  safeColumns,
  space,
  story,
  tell,
} from './story.ts';

const G = { owner: 'G' };
const T = { owner: 'T' };
const waiting: Column[] = ['wait-for-refs', ...breaking];

describe('S08 victims', () => {
  tell(
    'S08 pread, pwrite, a second truncate and O_TRUNC behind a truncate that waits',
    [...waiting, ...immediate],
    (m, column) => {
      const pin = m.pinned(m.mapping, 0, page, G);
      const first = m.truncate('a', 0, T);
      const read = m.read('a');
      const write = m.write('a', letters('w'), page);
      const second = m.truncate('a', page);
      const replace = m.write('a', letters('xyz'));
      const victims = [read, write, second, replace];
      if (immediate.includes(column)) {
        expect(victims.map(wordOf)).toEqual(['done', 'done', 'done', 'done']);
      } else {
        expect(victims.map(({ task }) => m.opState(task))).toEqual(victims.map(() => 'D i_rwsem'));
        expect(m.file('a').iRwsem.queue.map(({ task }) => task)).toEqual(
          victims.map(({ task }) => task),
        );
        expect(m.cancel(write.task).outcome).toMatchObject({
          failure: { errno: 'EBUSY', rule: 'CN1' },
        });
      }
      m.unpin(pin);
      expect([first, ...victims].map(({ task }) => m.opState(task))).toEqual([
        'done',
        'done',
        'done',
        'done',
        'done',
      ]);
      const done = m.seen('operation.done').map(({ task }) => task);
      const order = done.filter((task) => victims.some((victim) => victim.task === task));
      expect(order).toEqual(victims.map(({ task }) => task)); // First come, first served.
      expect(bytesOf({ ...read, outcome: m.outcome(read.task) })).toHaveLength(0);
      expect(m.outcome(second.task)).toMatchObject({ result: { sizeBytes: page, blocksFreed: 1 } });
      expect(contentOf(m, 'a')).toBe('xyz');
    },
  );

  test.each(waiting)('S08 %s: nowait gets EAGAIN instead of a place in the queue', (column) => {
    const m = story(column);
    m.pinned(m.mapping, 0, page, G);
    const nowait = { owner: 'N', nowait: true };
    expect(wordOf(m.truncate('a', 0, nowait))).toBe('EAGAIN');
    expect(contentOf(m, 'a')).toBe('ABCDEFGH');
    m.truncate('a', 0, T);
    expect(wordOf(m.read('a', 0, page, nowait))).toBe('EAGAIN');
    expect(wordOf(m.write('a', letters('w'), 0, nowait))).toBe('EAGAIN');
    expect(wordOf(m.fault(m.mapping, page, 'read', nowait))).toBe(
      column === 'wait-for-refs' ? 'EAGAIN' : 'done',
    );
  });
});

describe('S09 the holder of the pin reads the file before it unpins', () => {
  tell('S09 deadlock over i_rwsem', [...waiting, ...immediate, 'refuse'], (m, column) => {
    const pfn = blockOf(m, 'a', 0);
    m.pinned(m.mapping, 0, page, G);
    const truncate = m.truncate('a', 0, T);
    const read = m.read('a', 0, undefined, G);
    if (!waiting.includes(column)) {
      expect(wordOf(read)).toBe('done');
      expect(m.seen('deadlock.detected')).toEqual([]);
      return;
    }
    const [t, p] = [`op_${truncate.task}`, `op_${read.task}`];
    expect(m.seen('deadlock.detected').map(({ data }) => data.cycle)).toEqual([
      [t, `page:${pfn}`, p, 'lock:a:i_rwsem', t],
    ]);
    expect(wordOf(m.cancel(read.task))).toBe('EBUSY'); // P is in state D.
    m.cancel(truncate.task);
    expect(m.opState(truncate.task)).toBe('EINTR');
    expect(bytesOf({ ...read, outcome: m.outcome(read.task) })).toEqual(letters('ABCDEFGH'));
  });
});

describe('S10 a signal to the waiter', () => {
  const word = perColumn('done', 'EINTR', 'done', 'EINTR', 'EINTR', 'EINTR', 'EBUSY', 'done');
  tell('S10 without SA_RESTART', [...safeColumns], (m, column) => {
    const before = { ...m.file('a'), sizeBytes: 8 * page };
    const pin = m.pinned(m.mapping, 0, page, G);
    m.advance(7);
    const truncate = m.truncate('a', 0, T);
    if (wordOf(truncate) === 'asleep') m.cancel(truncate.task);
    expect(m.opState(truncate.task)).toBe(word[column]);
    if (word[column] === 'EINTR') {
      const { sizeBytes, version, modifiedMs } = m.file('a');
      expect({ sizeBytes, version, modifiedMs }).toEqual({
        sizeBytes: 8 * page,
        version: before.version,
        modifiedMs: 0,
      });
      expect(contentOf(m, 'a')).toBe('ABCDEFGH');
      expect(space(m)).toMatchObject({ used: 8 });
    }
    m.unpin(pin);
  });

  test('S10 detach-and-wait: the call is a success and the reaper frees the rest', async () => {
    const m = story('detach-and-wait');
    const pin = m.pinned(m.mapping, 2 * page, page, G);
    const truncate = m.truncate('a', page, T);
    expect(space(m)).toMatchObject({ used: 1, detached: 7 });
    m.cancel(truncate.task);
    expect(m.outcome(truncate.task)).toMatchObject({
      ok: true,
      result: { blocksFreed: 6, blocksDetached: 1 },
    });
    expect(space(m)).toMatchObject({ used: 1, detached: 1 });
    m.unpin(pin);
    expect(space(m)).toMatchObject({ used: 1, detached: 0 });
    await golden(m, 'S10.reaper.detach-and-wait');
  });

  test.each([...waiting, 'detach-and-wait'] as const)(
    'S10 %s with SA_RESTART: keeps waiting',
    async (column) => {
      const m = story(column);
      const pin = m.pinned(m.mapping, 0, page, G);
      const truncate = m.truncate('a', 0, T);
      m.cancel(truncate.task, true);
      m.cancel(truncate.task, true);
      expect(m.opState(truncate.task)).toBe('S page 2');
      m.unpin(pin);
      expect(m.opState(truncate.task)).toBe('done');
      expect(okOf({ ...truncate, outcome: m.outcome(truncate.task) })).toMatchObject({
        sizeBytes: 0,
        blocksFreed: 8,
      });
      await golden(m, `S10.restart.${column}`);
    },
  );

  test.each(breaking)(
    'S10 %s with SA_RESTART: the restarted call queues behind calls that arrived meanwhile',
    (column) => {
      const m = story(column);
      m.pinned(m.mapping, 0, page, G);
      const truncate = m.truncate('a', 0, T);
      const read = m.read('a');
      m.cancel(truncate.task, true);
      expect(bytesOf({ ...read, outcome: m.outcome(read.task) })).toEqual(letters('ABCDEFGH'));
      expect(m.opState(truncate.task)).toBe('S page 2');
    },
  );

  test.each(waiting)('S10 %s: a timeout is a signal at a time', (column) => {
    const m = story(column);
    m.pinned(m.mapping, 0, page, G);
    const truncate = m.truncate('a', 0, { ...T, timeoutMs: 10 });
    m.advance(9);
    expect(m.opState(truncate.task)).toBe('S page 2');
    m.advance(1);
    expect(m.opState(truncate.task)).toBe('EINTR');
  });
});
