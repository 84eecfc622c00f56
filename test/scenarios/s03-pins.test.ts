// S03 to S07: which calls wait for a pin, for how long, and what a fault does meanwhile.
import { describe, expect, test } from 'vitest';
import { bytesOf, okOf, page, shown, wordOf } from '../machine.ts';
import {
  breaking,
  columns,
  contentOf,
  everyColumn,
  immediate,
  perColumn,
  space,
  story,
  tell,
} from './story.ts';

const G = { owner: 'G' };
const H = { owner: 'H' };
const T = { owner: 'T' };
const total = 256 - 2;

describe('S03 a pin inside the range, released at t=5', () => {
  const word = perColumn('done', 'asleep', 'asleep', 'asleep', 'asleep', 'asleep', 'EBUSY', 'done');
  const sizeAtOnce = perColumn(0, 8, 0, 8, 8, 8, 8, 0);
  const atOnce = perColumn(
    { used: 0, free: total - 1, busy: 1, detached: 0 },
    { used: 8, free: total - 8, busy: 0, detached: 0 },
    { used: 0, free: total - 8, busy: 0, detached: 8 },
    { used: 8, free: total - 8, busy: 0, detached: 0 },
    { used: 8, free: total - 8, busy: 0, detached: 0 },
    { used: 8, free: total - 8, busy: 0, detached: 0 },
    { used: 8, free: total - 8, busy: 0, detached: 0 },
    { used: 0, free: total, busy: 0, detached: 0 },
  );
  tell('S03 truncate to 0', everyColumn, (m, column) => {
    m.pinned(m.mapping, 0, page, G, { holdMs: 5 });
    const truncate = m.truncate('a', 0, T);
    expect(wordOf(truncate)).toBe(word[column]);
    expect(m.file('a').sizeBytes).toBe(sizeAtOnce[column] * page);
    expect(space(m)).toEqual(atOnce[column]);
    m.advance(4);
    expect(wordOf(truncate)).toBe(word[column]);
    expect(space(m)).toEqual(atOnce[column]);
    m.advance(1);
    expect(m.opState(truncate.task)).toBe(column === 'refuse' ? 'EBUSY' : 'done');
    if (word[column] === 'asleep')
      expect(m.outcome(truncate.task)).toMatchObject({ result: { sleptMs: 5, blocksFreed: 8 } });
    if (column !== 'refuse')
      expect(space(m)).toEqual({ used: 0, free: total, busy: 0, detached: 0 });
  });
});

describe('S04 a pin outside the range', () => {
  tell('S04 punch of pages 2 and 3 with page 0 pinned', everyColumn, (m, column) => {
    const pin = m.pinned(m.mapping, 0, page, G);
    const punch = m.punch('a', 2 * page, 2 * page, T);
    expect(wordOf(punch)).toBe(breaking.includes(column) ? 'asleep' : 'done');
    m.unpin(pin);
    expect(m.opState(punch.task)).toBe('done');
    expect(contentOf(m, 'a')).toBe('AB..EFGH');
  });

  test('S04 breakScope range scans only the range', () => {
    const m = story('break-layouts.modern', {
      strategy: { ...columns['break-layouts.modern'], breakScope: 'range' },
    });
    m.pinned(m.mapping, 0, page, G);
    expect(wordOf(m.punch('a', 2 * page, 2 * page, T))).toBe('done');
    expect(wordOf(m.punch('a', 10, 10, T))).toBe('asleep'); // The partial page counts.
  });
});

describe('S05 a fault of another page during the wait', () => {
  const word = perColumn('SIGBUS', 'asleep', 'SIGBUS', 'done', 'done', 'done', 'done', 'SIGBUS');
  tell('S05 load of page 1 while truncate to 0 waits for page 0', everyColumn, (m, column) => {
    const pin = m.pinned(m.mapping, 0, page, G);
    const truncate = m.truncate('a', 0, T);
    const load = m.load(m.mapping, page, page, H);
    expect(wordOf(load)).toBe(word[column]);
    // The size has not changed yet.
    if (word[column] === 'done') expect(shown(bytesOf(load))).toBe('B');
    if (word[column] === 'asleep') expect(m.opState(load.task)).toBe('D invalidate_lock');
    m.unpin(pin);
    expect(m.opState(truncate.task)).toBe(column === 'refuse' ? 'EBUSY' : 'done');
    // The rescan has unmapped page 1 again: no mapping shows the old data.
    expect(wordOf(m.load(m.mapping, page, page, H))).toBe(column === 'refuse' ? 'done' : 'SIGBUS');
    if (column === 'wait-for-refs') expect(m.opState(load.task)).toBe('SIGBUS');
  });
});

describe('S06 the pinned page is faulted back in during the wait, then unpinned, and the mapping stays', () => {
  const touched = perColumn('SIGBUS', 'asleep', 'SIGBUS', 'done', 'done', 'done', 'done', 'SIGBUS');
  const afterUnpin = perColumn('done', 'done', 'done', 'done', 'S page 2', 'done', 'EBUSY', 'done');
  tell('S06 modern hangs until munmap, classic and fixed do not', everyColumn, (m, column) => {
    const pin = m.pinned(m.mapping, 0, page, G);
    const truncate = m.truncate('a', 0, T);
    expect(wordOf(m.fault(m.mapping, 0, 'read', H))).toBe(touched[column]);
    m.unpin(pin);
    expect(m.opState(truncate.task)).toBe(afterUnpin[column]);
    m.advance(3_600_000);
    expect(m.opState(truncate.task)).toBe(afterUnpin[column]);
    m.munmap(m.mapping);
    expect(m.opState(truncate.task)).toBe(column === 'refuse' ? 'EBUSY' : 'done');
  });

  test('S06 a signal ends the hang too', () => {
    const m = story('break-layouts.modern');
    const pin = m.pinned(m.mapping, 0, page, G);
    const truncate = m.truncate('a', 0, T);
    m.fault(m.mapping, 0, 'read', H);
    m.unpin(pin);
    m.cancel(truncate.task);
    expect(m.opState(truncate.task)).toBe('EINTR');
    expect(contentOf(m, 'a')).toBe('ABCDEFGH');
  });

  test('S06 a change to fixed lets it continue', () => {
    const m = story('break-layouts.modern');
    const pin = m.pinned(m.mapping, 0, page, G);
    const truncate = m.truncate('a', 0, T);
    m.fault(m.mapping, 0, 'read', H);
    m.unpin(pin);
    m.strategy(columns['break-layouts.fixed']);
    expect(m.opState(truncate.task)).toBe('done');
  });
});

describe('S07 leapfrog: one of pages 0 and 1 is always pinned', () => {
  const waits = perColumn(
    'done',
    'S page 2',
    'S page 2',
    'S page 2',
    'S page 2',
    'S page 2',
    'EBUSY',
    'done',
  );
  tell('S07 starves D as long as it goes on', everyColumn, (m, column) => {
    let held = m.pinned(m.mapping, 0, page, G);
    const truncate = m.truncate('a', 0, T);
    expect(m.opState(truncate.task)).toBe(waits[column]);
    for (let round = 1; round <= 6; round++) {
      const next = m.pin(m.mapping, (round % 2) * page, page, round % 2 === 1 ? H : G);
      m.unpin(held);
      if (wordOf(next) !== 'done') {
        // The size is 0 already, or new references are stopped: the leapfrog has come to its end.
        expect(m.opState(next.task)).toBe('EFAULT');
        expect([...immediate, 'wait-for-refs', 'none']).toContain(column);
        expect(m.opState(truncate.task)).toBe('done');
        return;
      }
      held = Number(String(okOf(next).id).slice(4));
      expect(m.opState(truncate.task)).toBe(
        column === 'refuse' ? 'EBUSY' : `S page ${2 + (round % 2)}`,
      );
    }
    m.unpin(held);
    expect(m.opState(truncate.task)).toBe(column === 'refuse' ? 'EBUSY' : 'done');
    if (column !== 'refuse')
      expect(m.outcome(truncate.task)).toMatchObject({ result: { wakeups: 7, scans: 8 } });
  });

  test('S07 modern hangs after the leapfrog too, where its pages are touched between', () => {
    const m = story('break-layouts.modern');
    const first = m.pinned(m.mapping, 0, page, G);
    const truncate = m.truncate('a', 0, T);
    const second = m.pinned(m.mapping, page, page, H);
    m.store(m.mapping, 0, new Uint8Array(1), G);
    m.unpin(first);
    m.unpin(second);
    expect(m.k.pins.size).toBe(0);
    expect(m.opState(truncate.task)).toBe('S page 2');
  });
});
