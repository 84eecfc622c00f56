// S20: a truncate to a larger or the same size frees nothing. Linux still waits for every pin of
// the file.
import { describe, expect, test } from 'vitest';
import { okOf, page, wordOf } from '../machine.ts';
import { blockOf, breaking, type Column, contentOf, everyColumn, golden, story } from './story.ts';

const T = { owner: 'T' };
const atOnce = everyColumn.filter((column) => !breaking.includes(column));

const sizes = [
  { to: 'the same size', sizeBytes: 8 * page, after: 'ABCDEFGH' },
  { to: 'one page more', sizeBytes: 9 * page, after: 'ABCDEFGH.' },
  { to: 'one byte more', sizeBytes: 8 * page + 1, after: 'ABCDEFGH.' },
];
const cases = (columns: Column[]) =>
  columns.flatMap((column) => sizes.map((size) => ({ column, ...size })));

describe('S20 truncate that frees nothing, with page 3 pinned', () => {
  test.each(cases(atOnce))(
    'S20 $column: to $to, at once',
    async ({ column, to, sizeBytes, after }) => {
      const m = story(column);
      const pfn = blockOf(m, 'a', 3);
      const pin = m.pinned(m.mapping, 3 * page, page);
      expect(okOf(m.truncate('a', sizeBytes, T))).toMatchObject({
        sizeBytes,
        blocksFreed: 0,
        blocksBusy: 0,
        blocksDetached: 0,
      });
      expect(m.seen('task.blocked')).toEqual([]);
      expect(m.seen('warning.raised')).toEqual([]);
      expect(blockOf(m, 'a', 3)).toBe(pfn);
      expect(m.unpin(pin).outcome?.ok).toBe(true);
      expect(contentOf(m, 'a')).toBe(after);
      if (to !== 'one byte more')
        await golden(m, `S20.${to === 'the same size' ? 'same' : 'up'}.${column}`);
    },
  );

  test.each(cases(breaking))(
    'S20 $column: to $to, after the wait',
    async ({ column, to, sizeBytes, after }) => {
      const m = story(column);
      const pfn = blockOf(m, 'a', 3);
      const pin = m.pinned(m.mapping, 3 * page, page);
      const { task } = m.truncate('a', sizeBytes, T);
      expect(m.opState(task)).toBe(`S page ${pfn}`);
      expect(m.file('a').sizeBytes).toBe(8 * page);
      m.unpin(pin);
      expect(okOf({ task, outcome: m.outcome(task) })).toMatchObject({
        sizeBytes,
        blocksFreed: 0,
        scans: 2,
        wakeups: 1,
      });
      expect(contentOf(m, 'a')).toBe(after);
      if (to !== 'one byte more')
        await golden(m, `S20.${to === 'the same size' ? 'same' : 'up'}.${column}`);
    },
  );

  test.each(sizes)('S20 break-layouts over the range only: to $to, at once', ({ sizeBytes }) => {
    const m = story('break-layouts.modern', {
      strategy: { name: 'break-layouts', breakScope: 'range' },
    });
    m.pinned(m.mapping, 3 * page, page);
    expect(wordOf(m.truncate('a', sizeBytes, T))).toBe('done');
  });

  test.each(breaking)('S20 %s: nowait is EAGAIN and the size is as before', (column) => {
    const m = story(column);
    m.pinned(m.mapping, 3 * page, page);
    expect(wordOf(m.truncate('a', 8 * page, { ...T, nowait: true }))).toBe('EAGAIN');
    expect(wordOf(m.truncate('a', 9 * page, { ...T, nowait: true }))).toBe('EAGAIN');
    expect(m.file('a').sizeBytes).toBe(8 * page);
  });

  test.each(breaking)('S20 %s: two of them queue up behind one pin', (column) => {
    const m = story(column);
    const pin = m.pinned(m.mapping, 3 * page, page);
    const up = m.truncate('a', 9 * page, T);
    const same = m.truncate('a', 9 * page, { owner: 'U' });
    expect(m.opState(up.task)).toMatch(/^S page/);
    expect(m.opState(same.task)).toBe('D i_rwsem');
    m.unpin(pin);
    expect([up, same].map(({ task }) => m.opState(task))).toEqual(['done', 'done']);
  });

  test('S20 the last page in part: truncate to the same size leaves its pin alone', () => {
    const m = story('busy-extents');
    m.truncate('a', 8 * page - 1);
    const pin = m.pinned(m.mapping, 7 * page, page);
    expect(okOf(m.truncate('a', 8 * page - 1, T))).toMatchObject({ blocksFreed: 0, blocksBusy: 0 });
    // The block stays: it is partial.
    expect(okOf(m.truncate('a', 7 * page + 1, T))).toMatchObject({ blocksFreed: 0, blocksBusy: 0 });
    m.unpin(pin);
    expect(contentOf(m, 'a')).toBe('ABCDEFGH');
  });
});
