// Which events a filter by file and byte range shows: those about bytes in the range and those
// about no bytes.
import { describe, expect, it } from 'vitest';
import { filterOf, shows } from '../../src/http/stream/filter.ts';
import type { EventData, EventType, KernelEvent } from '../../src/kernel/events.ts';
import { toPfn, toPgOff } from '../../src/kernel/units.ts';

const page = 4096;
const MiB = 1024 * 1024;

function event<T extends EventType>(
  type: T,
  data: EventData<T>,
  whose: { file?: string; ino?: number; unlinked?: true } = {},
): KernelEvent {
  return {
    seq: 1,
    timeMs: 0,
    task: 0,
    op: null,
    file: 'a',
    ino: 2,
    unlinked: false,
    ...whose,
    type,
    data,
  } as unknown as KernelEvent;
}

/** Shown to a reader of these bytes of the file? */
const seen = (one: KernelEvent, offset: number, length: number, file = 'a'): boolean => {
  const filter = filterOf({ file, range: { offset, length } });
  if (filter === null) throw new Error('a filter that hides nothing');
  return shows(filter, one);
};

describe('a range of bytes', () => {
  it('shows what begins before it, lies in it or ends behind it, and not what only touches it', () => {
    const lost = { offset: 2 * page, length: 2 * page, pages: 2 };
    const unmapped = event('page.unmapped', { ...lost, mappings: [{ mapping: 'map_1', ...lost }] });
    expect(seen(unmapped, 0, 2 * page)).toBe(false);
    expect(seen(unmapped, 0, 2 * page + 1)).toBe(true);
    expect(seen(unmapped, 3 * page, page)).toBe(true);
    expect(seen(unmapped, 4 * page - 1, 1)).toBe(true);
    expect(seen(unmapped, 4 * page, page)).toBe(false);
    expect(seen(unmapped, 2 * page, 2 * page, 'b')).toBe(false);
  });

  it('shows a fault of 2 MiB to who reads of any byte of it', () => {
    const huge = {
      mapping: 'map_1',
      pfn: null,
      access: 'read',
      result: 'NOPAGE',
      zeroPage: true,
      why: null,
    } as const;
    const fault = event('page.pmd_faulted', { ...huge, pgoff: toPgOff(512) });
    expect(seen(fault, 2 * MiB, 1)).toBe(true);
    expect(seen(fault, 3 * MiB, page)).toBe(true);
    expect(seen(fault, 4 * MiB - 1, 1)).toBe(true);
    expect(seen(fault, 4 * MiB, page)).toBe(false);
    expect(seen(fault, 2 * MiB - 1, 1)).toBe(false);
  });

  it('shows a page by its place, and one that has none to everybody', () => {
    expect(seen(event('memory.failed', { pfn: toPfn(7), pgoff: toPgOff(3) }), 3 * page, 1)).toBe(
      true,
    );
    expect(seen(event('memory.failed', { pfn: toPfn(7), pgoff: toPgOff(3) }), 0, page)).toBe(false);
    expect(seen(event('memory.failed', { pfn: toPfn(7), pgoff: null }), 3 * page, 1)).toBe(true);
    expect(seen(event('page.idle', { pfn: toPfn(7) }), 3 * page, 1)).toBe(true);
  });

  it('shows an exchange to the readers of both files, each by its own range', () => {
    const exchanged = event('range.exchanged', {
      offset: 0,
      length: page,
      with: 'b',
      withIno: 3,
      withOffset: 8 * page,
      retries: 0,
    });
    expect(seen(exchanged, 0, page, 'a')).toBe(true);
    expect(seen(exchanged, 8 * page, page, 'a')).toBe(false);
    expect(seen(exchanged, 8 * page, page, 'b')).toBe(true);
    expect(seen(exchanged, 0, page, 'b')).toBe(false);
    expect(seen(exchanged, 0, 1024 * page, 'c')).toBe(false);
    const within = event('range.exchanged', {
      offset: 0,
      length: page,
      with: 'a',
      withIno: 2,
      withOffset: 8 * page,
      retries: 0,
    });
    expect(seen(within, 8 * page, page, 'a')).toBe(true);
    const whole = filterOf({ file: 'b' });
    expect(whole !== null && shows(whole, exchanged)).toBe(true);
  });
});

describe('a file and its inode', () => {
  const shown = (asked: { file?: string; ino?: number }, one: KernelEvent): boolean => {
    const filter = filterOf(asked);
    if (filter === null) throw new Error('a filter that hides nothing');
    return shows(filter, one);
  };
  const faulted = {
    mapping: 'map_1',
    pgoff: toPgOff(0),
    pfn: null,
    access: 'read',
    result: 'NOPAGE',
    zeroPage: true,
    copied: false,
  } as const;

  it('a name is that of the file that had it then; who lost it is asked for by inode', () => {
    const old = event('page.faulted', faulted, { ino: 2, unlinked: true });
    const young = event('page.faulted', faulted, { ino: 3 });
    expect([old, young].map((one) => shown({ file: 'a' }, one))).toEqual([false, true]);
    expect([old, young].map((one) => shown({ ino: 2 }, one))).toEqual([true, false]);
    expect([old, young].map((one) => shown({ file: 'a', ino: 3 }, one))).toEqual([false, true]);
    expect([old, young].map((one) => shown({ file: 'a', ino: 2 }, one))).toEqual([false, false]);
  });

  it('an inode is followed over its names', () => {
    expect(shown({ ino: 2 }, event('page.faulted', faulted, { file: 'b', ino: 2 }))).toBe(true);
    expect(shown({ file: 'a' }, event('page.faulted', faulted, { file: 'b', ino: 2 }))).toBe(false);
  });

  it('an exchange is about both inodes, by name as far as they have one', () => {
    const about = { offset: 0, length: page, with: 'b', withIno: 3, withOffset: 0, retries: 0 };
    expect(shown({ ino: 3 }, event('range.exchanged', about))).toBe(true);
    expect(shown({ file: 'b' }, event('range.exchanged', { ...about, withUnlinked: true }))).toBe(
      false,
    );
    expect(shown({ ino: 3 }, event('range.exchanged', { ...about, withUnlinked: true }))).toBe(
      true,
    );
  });

  it('a range works with an inode as with a name', () => {
    const filter = filterOf({ ino: 2, range: { offset: page, length: page } });
    expect(filter !== null && shows(filter, event('page.faulted', faulted))).toBe(false);
  });
});

describe('types that a client does not know', () => {
  const lock = event('lock.acquired', { lock: 'i_rwsem', mode: 'exclusive' });
  const step = event('task.step', { op: 'truncate', step: 'scan' });
  const types = (...names: string[]) => filterOf({ types: names });

  it('are hidden by a filter that names others, and shown in their family', () => {
    const known = types('pinhole.task.blocked', 'pinhole.operation.*');
    const family = types('pinhole.task.*');
    if (known === null || family === null) throw new Error('a filter that hides nothing');
    expect([shows(known, lock), shows(known, step)]).toEqual([false, false]);
    expect([shows(family, lock), shows(family, step)]).toEqual([false, true]);
  });

  it('about a whole file are shown to who reads of any byte of it', () => {
    expect(seen(lock, 7 * page, 1)).toBe(true);
    expect(seen(lock, 7 * page, 1, 'b')).toBe(false);
  });
});
