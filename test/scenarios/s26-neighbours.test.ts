// S26: a pin on one file or machine never makes an operation on another one wait. They share at
// most a waitqueue bucket, which only makes the walk longer.
import { describe, expect, test } from 'vitest';
import { letters, type Machine, okOf, page, wordOf } from '../machine.ts';
import {
  blockOf,
  type Column,
  contentOf,
  everyColumn,
  golden,
  safeColumns,
  story,
} from './story.ts';

const T = { owner: 'T' };
const U = { owner: 'U' };

const changes = [
  { op: 'punch', run: (m: Machine) => m.punch('b', 0, page, U), after: '.RSTUVWX' },
  { op: 'zero', run: (m: Machine) => m.zero('b', page, page, false, U), after: '._STUVWX' },
  { op: 'collapse', run: (m: Machine) => m.collapse('b', 0, page, U), after: '_STUVWX' },
  { op: 'insert', run: (m: Machine) => m.insert('b', page, page, U), after: '_.STUVWX' },
  { op: 'allocate', run: (m: Machine) => m.allocate('b', page, page, false, U), after: '__STUVWX' },
  { op: 'write', run: (m: Machine) => m.write('b', letters('Q'), 0, U), after: 'Q_STUVWX' },
  { op: 'truncate', run: (m: Machine) => m.truncate('b', 3 * page, U), after: 'Q_S' },
  { op: 'O_TRUNC', run: (m: Machine) => m.write('b', letters('YZ'), undefined, U), after: 'YZ' },
];

function neighbour(m: Machine): number {
  m.create('b');
  m.write('b', letters('QRSTUVWX'), 0);
  const mapping = m.map('b', 8);
  m.store(mapping, 2 * page, letters('S'), U);
  return mapping;
}

/** Every change of b, one after the other: none waits, and none looks at a page of a. */
function everyChange(m: Machine, mapping: number): void {
  for (const { run, after } of changes) {
    expect(okOf(run(m)).wakeups ?? 0).toBe(0);
    expect(contentOf(m, 'b')).toBe(after);
  }
  m.unpin(m.pinned(mapping, 0, page, U));
  m.munmap(mapping, U);
  expect(wordOf(m.unlink('b', U))).toBe('done');
}

describe('S26 two files of one device', () => {
  test.each(everyColumn)('S26 %s: a page of a is pinned, and b changes at once', async (column) => {
    const m = story(column);
    const mapping = neighbour(m);
    const pin = m.pinned(m.mapping, 3 * page, page, { owner: 'P' });
    everyChange(m, mapping);
    expect(m.seen('task.blocked')).toEqual([]);
    expect(m.seen('layout.busy')).toEqual([]);
    expect(m.seen('warning.raised')).toEqual([]);
    m.unpin(pin);
    expect(contentOf(m, 'a')).toBe('ABCDEFGH');
    await golden(m, `S26.${column}`);
  });

  test.each(everyColumn)(
    'S26 %s: a truncate of a waits or has left its blocks, and b changes at once',
    (column) => {
      const m = story(column);
      const mapping = neighbour(m);
      const pfn = blockOf(m, 'a', 3);
      const pin = m.pinned(m.mapping, 3 * page, page, { owner: 'P' });
      m.truncate('a', 0, T);
      const asleep = m.seen('task.blocked').length;
      everyChange(m, mapping);
      expect(m.seen('task.blocked')).toHaveLength(asleep);
      const blocks = m.seen('extent.allocated').slice(2); // The first two wrote a and b.
      const handedOut = blocks.some(({ data }) => data.pfn <= pfn && pfn < data.pfn + data.pages);
      if (column !== 'none') expect(handedOut).toBe(false);
      m.unpin(pin);
      expect(m.k.tasks.size).toBe(0);
    },
  );

  test.each(safeColumns)('S26 %s: the pinned file is unlinked, and b changes at once', (column) => {
    const m = story(column, { forgiving: true }); // The classic eviction frees under the pin: S11.
    const mapping = neighbour(m);
    m.pinned(m.mapping, 3 * page, page, { owner: 'P' });
    m.munmap(m.mapping);
    m.unlink('a', T);
    const asleep = m.seen('task.blocked').length;
    everyChange(m, mapping);
    expect(m.seen('task.blocked')).toHaveLength(asleep);
  });

  test.each([true, false])(
    'S26 one bucket for all pages, keyed %s: a longer walk, and no other difference',
    (keyed) => {
      for (const column of [
        'wait-for-refs',
        'detach-and-wait',
        'break-layouts.modern',
      ] satisfies Column[]) {
        const m = story(column, { waitqueue: { buckets: 1, keyed } });
        const mapping = neighbour(m);
        const pinA = m.pinned(m.mapping, 3 * page, page, { owner: 'P' });
        const pinB = m.pinned(mapping, 3 * page, page, { owner: 'P' });
        const ta = m.truncate('a', 0, T).task;
        const tb = m.truncate('b', 0, U).task;
        m.unpin(pinB);
        expect(m.seen('waitqueue.wakeup')[0]?.data).toMatchObject({ walked: 2, matched: 1 });
        expect(m.opState(tb)).toBe('done');
        expect(m.opState(ta)).toMatch(/^S page/);
        m.unpin(pinA);
        expect(m.opState(ta)).toBe('done');
      }
    },
  );
});

describe('S26 two machines', () => {
  test.each(everyColumn)('S26 %s: a waiter on one, and nothing of it on the other', (column) => {
    const [one, other, alone] = [story(column), story(column), story(column)];
    const pin = one.pinned(one.mapping, 3 * page, page, { owner: 'P' });
    const { task } = one.truncate('a', 0, T);
    everyChange(other, neighbour(other));
    expect(wordOf(other.truncate('a', 0, T))).toBe('done');
    one.unpin(pin);
    expect(one.opState(task)).toBe(column === 'refuse' ? 'EBUSY' : 'done');
    everyChange(alone, neighbour(alone));
    alone.truncate('a', 0, T);
    expect(other.trace()).toBe(alone.trace());
    expect(other.seen('task.blocked')).toEqual([]);
  });
});
