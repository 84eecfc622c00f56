// S22: collapse and insert do not free a pinned block but move it. A device that still writes
// through its pin would write live data at another offset, so every strategy that protects pins
// waits for pins on moved blocks.
import { describe, expect, test } from 'vitest';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { type Machine, okOf, page, wordOf } from '../machine.ts';
import { blockOf, breaking, type Column, contentOf, golden, safeColumns, story } from './story.ts';

const T = { owner: 'T' };
const waiting = safeColumns.filter((column) => column !== 'refuse');
const x = new Uint8Array(page).fill(0x78);

/** Page 5 of the file moves to `to`. */
const shifts = [
  {
    op: 'collapse',
    run: (m: Machine) => m.collapse('a', 0, page, T),
    to: 4,
    clean: 'BCDEFGH',
    marked: 'BCDExGH',
  },
  {
    op: 'insert',
    run: (m: Machine) => m.insert('a', page, page, T),
    to: 6,
    clean: 'A.BCDEFGH',
    marked: 'A.BCDExGH',
  },
];
const each = (columns: Column[]) =>
  columns.flatMap((column) => shifts.map((shift) => ({ column, ...shift })));

describe('S22 a shift with page 5, beyond the offset, pinned', () => {
  test.each(each(waiting))(
    'S22 $column: $op waits, then moves',
    async ({ column, op, run, to, marked }) => {
      const m = story(column);
      const pfn = blockOf(m, 'a', 5);
      const pin = m.pinned(m.mapping, 5 * page, page, { owner: 'P' });
      const { task } = run(m);
      expect(m.opState(task)).toBe(`S page ${pfn}`);
      const held = m.task(task)?.locks.map(({ lock }) => lock);
      expect(held).toEqual(
        column === 'wait-for-refs' ? ['i_rwsem', 'invalidate_lock'] : ['i_rwsem'],
      );
      // The device writes while the page is where it was pinned: the write moves along with the
      // page.
      expect(okOf(m.dmaWrite(pin, x))).toMatchObject({ pagesOrphan: 0 });
      expect(contentOf(m, 'a')).toBe('ABCDExGH');
      const touch = m.fault(m.mapping, 6 * page, 'read');
      expect(m.opState(touch.task)).toBe(column === 'wait-for-refs' ? 'D invalidate_lock' : 'done');
      m.unpin(pin);
      expect(okOf({ task, outcome: m.outcome(task) })).toMatchObject({
        wakeups: 1,
        blocksBusy: 0,
        blocksDetached: 0,
      });
      expect(contentOf(m, 'a')).toBe(marked);
      expect(blockOf(m, 'a', to)).toBe(pfn);
      expect(m.opState(touch.task)).toBe('done');
      await golden(m, `S22.${op}.${column}`);
    },
  );

  test.each(shifts)('S22 refuse: $op is EBUSY and nothing moved', async ({ op, run, clean }) => {
    const m = story('refuse');
    const pin = m.pinned(m.mapping, 5 * page, page);
    expect(wordOf(run(m))).toBe('EBUSY');
    expect(contentOf(m, 'a')).toBe('ABCDEFGH');
    m.unpin(pin);
    expect(wordOf(run(m))).toBe('done');
    expect(contentOf(m, 'a')).toBe(clean);
    await golden(m, `S22.${op}.refuse`);
  });

  test.each(shifts)(
    'S22 none: $op moves the page under its pin, and the device writes live data there',
    async (shift) => {
      const { op, run, to, clean, marked } = shift;
      const m = story('none');
      const pfn = blockOf(m, 'a', 5);
      const pin = m.pinned(m.mapping, 5 * page, page);
      expect(wordOf(run(m))).toBe('done');
      expect(contentOf(m, 'a')).toBe(clean);
      expect(blockOf(m, 'a', to)).toBe(pfn);
      expect(() => checkInvariants(m.k)).toThrow('law 1');
      expect(
        m.seen('warning.raised').map(({ data }) => [data.pfn, data.text.split(':')[0]]),
      ).toEqual([[pfn, 'block moved under 1 pin(s)']]);
      expect(okOf(m.dmaWrite(pin, x))).toMatchObject({ pagesOrphan: 1 });
      expect(contentOf(m, 'a')).toBe(marked); // Nobody asked for a write there.
      m.unpin(pin);
      checkInvariants(m.k);
      await golden(m, `S22.${op}.none`);
    },
  );
});

describe('S22 a shift does not wait for a pin before the offset', () => {
  const still = [
    { op: 'collapse', run: (m: Machine) => m.collapse('a', 2 * page, page, T), after: 'ABDEFGH' },
    { op: 'insert', run: (m: Machine) => m.insert('a', 2 * page, page, T), after: 'AB.CDEFGH' },
  ];
  const columns: Column[] = ['busy-extents', 'wait-for-refs', 'detach-and-wait', 'refuse', 'none'];
  test.each(columns.flatMap((column) => still.map((shift) => ({ column, ...shift }))))(
    'S22 $column: $op at once',
    ({ column, run, after }) => {
      const m = story(column);
      const pfn = blockOf(m, 'a', 1);
      m.pinned(m.mapping, page, page);
      expect(wordOf(run(m))).toBe('done');
      expect(contentOf(m, 'a')).toBe(after);
      expect(blockOf(m, 'a', 1)).toBe(pfn);
      expect(m.seen('warning.raised')).toEqual([]);
      checkInvariants(m.k);
    },
  );

  test.each(breaking.flatMap((column) => still.map((shift) => ({ column, ...shift }))))(
    'S22 $column: $op still waits, because it scans the whole file',
    ({ column, run, after }) => {
      const m = story(column);
      const pin = m.pinned(m.mapping, page, page);
      const { task } = run(m);
      expect(m.opState(task)).toMatch(/^S page/);
      m.unpin(pin);
      expect(m.opState(task)).toBe('done');
      expect(contentOf(m, 'a')).toBe(after);
    },
  );

  test.each(still)('S22 break-layouts over the range only: $op at once', ({ run, after }) => {
    const m = story('break-layouts.modern', {
      strategy: { name: 'break-layouts', breakScope: 'range' },
    });
    m.pinned(m.mapping, page, page);
    expect(wordOf(run(m))).toBe('done');
    expect(contentOf(m, 'a')).toBe(after);
  });
});

test.each(each(waiting))(
  'S22 $column: $op is interrupted, and nothing moved',
  ({ column, run }) => {
    const m = story(column);
    const pfn = blockOf(m, 'a', 5);
    const pin = m.pinned(m.mapping, 5 * page, page);
    const { task } = run(m);
    m.cancel(task);
    expect(m.opState(task)).toBe('EINTR');
    expect(contentOf(m, 'a')).toBe('ABCDEFGH');
    expect(blockOf(m, 'a', 5)).toBe(pfn);
    expect(okOf(m.dmaWrite(pin, x))).toMatchObject({ pagesOrphan: 0 });
  },
);
