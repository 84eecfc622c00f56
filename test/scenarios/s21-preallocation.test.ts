// S21: preallocation removes no block. XFS still breaks the layout for it, ext4 does not.
// Strategies that look only at blocks that leave the file never wait.
import { describe, expect, test } from 'vitest';
import { type Machine, okOf, page, wordOf } from '../machine.ts';
import { blockOf, breaking, type Column, contentOf, everyColumn, golden, story } from './story.ts';

const T = { owner: 'T' };
const kinds = ['xfs', 'ext4'] as const;
const both = (columns: Column[]) =>
  columns.flatMap((column) => kinds.map((kind) => ({ column, kind })));
const atOnce = everyColumn.filter((column) => !breaking.includes(column));

const modes = [
  {
    mode: 'mode 0',
    allocate: (m: Machine) => m.allocate('a', 8 * page, 2 * page, false, T),
    sizePages: 10,
  },
  {
    mode: 'KEEP_SIZE',
    allocate: (m: Machine) => m.allocate('a', 8 * page, 2 * page, true, T),
    sizePages: 8,
  },
  {
    mode: 'over blocks that are there',
    allocate: (m: Machine) => m.allocate('a', 0, 8 * page, false, T),
    sizePages: 8,
  },
];

describe('S21 allocate with page 3 pinned', () => {
  test.each(both(atOnce))('S21 $kind $column: at once', async ({ column, kind }) => {
    const m = story(column, { kind });
    const pfn = blockOf(m, 'a', 3);
    const pin = m.pinned(m.mapping, 3 * page, page);
    for (const { allocate, sizePages } of modes.toReversed()) {
      expect(okOf(allocate(m))).toMatchObject({
        sizeBytes: sizePages * page,
        blocksFreed: 0,
        wakeups: 0,
      });
    }
    expect(m.seen('task.blocked')).toEqual([]);
    expect(blockOf(m, 'a', 3)).toBe(pfn);
    m.unpin(pin);
    expect(contentOf(m, 'a')).toBe('ABCDEFGH__');
    await golden(m, `S21.${kind}.${column}`);
  });

  test.each(breaking)('S21 ext4 %s: at once, and nothing is scanned', async (column) => {
    const m = story(column, { kind: 'ext4' });
    m.pinned(m.mapping, 3 * page, page);
    for (const { allocate, sizePages } of modes.toReversed()) {
      expect(okOf(allocate(m))).toMatchObject({ sizeBytes: sizePages * page, scans: 0 });
    }
    expect(m.seen('task.blocked')).toEqual([]);
    expect(m.seen('layout.busy')).toEqual([]);
    expect(contentOf(m, 'a')).toBe('ABCDEFGH__');
    await golden(m, `S21.ext4.${column}`);
  });

  test.each(breaking.flatMap((column) => modes.map((row) => ({ column, ...row }))))(
    'S21 xfs $column: $mode, after the wait',
    async ({ column, mode, allocate, sizePages }) => {
      const m = story(column);
      const used = m.k.counts.blocksUsed;
      const pfn = blockOf(m, 'a', 3);
      const pin = m.pinned(m.mapping, 3 * page, page);
      const { task } = allocate(m);
      expect(m.opState(task)).toBe(`S page ${pfn}`);
      expect(m.file('a').sizeBytes).toBe(8 * page);
      expect(m.k.counts.blocksUsed).toBe(used);
      m.unpin(pin);
      expect(okOf({ task, outcome: m.outcome(task) })).toMatchObject({
        sizeBytes: sizePages * page,
        scans: 2,
        wakeups: 1,
      });
      if (mode === 'mode 0') await golden(m, `S21.xfs.${column}`);
    },
  );

  test.each(breaking)(
    'S21 %s: UNSHARE waits on XFS; ext4 has none, and says so without a wait',
    (column) => {
      const unshare = (m: Machine) =>
        m.call('allocate', { file: 'a' }, { offset: 0, length: page, unshare: true }, T);
      const xfs = story(column);
      const pin = xfs.pinned(xfs.mapping, 3 * page, page);
      const { task } = unshare(xfs);
      expect(xfs.opState(task)).toMatch(/^S page/);
      xfs.unpin(pin);
      expect(xfs.opState(task)).toBe('done');
      const ext4 = story(column, { kind: 'ext4' });
      ext4.pinned(ext4.mapping, 3 * page, page);
      expect(wordOf(unshare(ext4))).toBe('EOPNOTSUPP');
    },
  );

  test('S21 calls that never wait, whatever is pinned: read, an overwrite of the pinned page, msync', () => {
    for (const column of everyColumn) {
      const m = story(column);
      m.pinned(m.mapping, 3 * page, page);
      expect(wordOf(m.read('a', 0, 8 * page, T))).toBe('done');
      expect(wordOf(m.write('a', new Uint8Array(page).fill(0x64), 3 * page, T))).toBe('done');
      expect(wordOf(m.call('flush', { mapping: m.mapping }, { how: 'msync' }, T))).toBe('done');
      expect(contentOf(m, 'a')).toBe('ABCdEFGH');
    }
  });
});
