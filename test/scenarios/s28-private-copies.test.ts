// S28, private copies: after copy on write the page is ordinary memory, and changes of the file do
// not affect it.
import { describe, expect, test } from 'vitest';
import { bytesOf, letters, type MachineOptions, okOf, page, shown, wordOf } from '../machine.ts';
import { blockOf, contentOf, golden, safeColumns, story } from './story.ts';

function privately(column: (typeof safeColumns)[number], options: MachineOptions = {}) {
  const m = story(column, options);
  const mapped = m.call(
    'mmap',
    { file: 'a' },
    { offset: 0, length: 8 * page, access: 'read-write', shared: false },
  );
  return { m, copies: Number(String(okOf(mapped).id).slice(4)) };
}

describe('S28 a private mapping over a file that is punched and truncated', () => {
  test.each(safeColumns)(
    'S28 %s: a page that was copied survives the punch, one that was only read does not',
    async (column) => {
      const { m, copies } = privately(column);
      m.store(copies, 0, letters('C'));
      m.fault(copies, page, 'read');
      expect(contentOf(m, 'a')).toBe('ABCDEFGH');
      m.punch('a', 0, 2 * page);
      expect(contentOf(m, 'a')).toBe('..CDEFGH');
      expect(shown(bytesOf(m.load(copies, 0, 2 * page)))).toBe('C.');
      expect(shown(bytesOf(m.load(m.mapping, 0, 2 * page)))).toBe('..');
      await golden(m, `S28.${column}`);
    },
  );

  test('S28 the wait of a truncate leaves copies alone, its end takes those beyond the new size', () => {
    const { m, copies } = privately('break-layouts.modern');
    m.store(copies, 0, letters('CC'));
    const pin = m.pinned(m.mapping, 4 * page, page);
    const cut = m.truncate('a', page);
    expect(m.opState(cut.task)).toBe(`S page ${blockOf(m, 'a', 4)}`);
    expect(shown(bytesOf(m.load(copies, 0, 2 * page)))).toBe('CC');
    m.unpin(pin);
    expect(m.opState(cut.task)).toBe('done');
    expect(shown(bytesOf(m.load(copies, 0, page)))).toBe('C');
    expect(wordOf(m.load(copies, page, page))).toBe('SIGBUS');
    expect(m.k.anonPages.size).toBe(1);
  });

  test('S28 a pin of a copy is not a reference on the file: no call waits for it, and it outlives the mapping', () => {
    const { m, copies } = privately('break-layouts.classic');
    const pin = m.pinned(copies, 0, page);
    expect(m.k.counts.pinnedPages).toBe(0);
    expect(wordOf(m.truncate('a', 0))).toBe('done');
    m.munmap(copies);
    m.dmaWrite(pin, letters('Z'));
    expect(shown(bytesOf(m.dmaRead(pin)))).toBe('Z');
    m.unpin(pin);
    expect(m.k.anonPages.size).toBe(0);
  });

  test('S28 a copy of a hole is zeroes and allocates nothing; a store to it never reaches the file', () => {
    const { m, copies } = privately('busy-extents');
    m.punch('a', 0, page);
    m.store(copies, 1, new Uint8Array([7]));
    expect(blockOf(m, 'a', 0)).toBe(-1);
    expect([...bytesOf(m.load(copies, 0, 3))]).toEqual([0, 7, 0]);
    expect(contentOf(m, 'a')).toBe('.BCDEFGH');
  });

  // XFS calls truncate_pagecache_range(), and at the end of a collapse truncate_pagecache() for the
  // new size; ext4 truncate_pagecache() at once.
  test.each([
    ['xfs', 'BCXYFGH', 'B.XYEFGH'],
    ['ext4', 'BCDEFGH', 'B.CDEFGH'],
  ] as const)('S28 %s: copies under which a file moves', (kind, collapsed, inserted) => {
    const { m, copies } = privately('break-layouts.modern', { kind });
    const seen = () => shown(bytesOf(m.load(copies, 0, m.file('a').sizeBytes)));
    m.store(copies, 2 * page, letters('XY'));
    m.store(copies, 7 * page, letters('Z'));
    m.collapse('a', 0, page);
    expect(seen()).toBe(collapsed);
    expect(wordOf(m.load(copies, 7 * page, page))).toBe('SIGBUS');
    m.insert('a', page, page);
    expect(contentOf(m, 'a')).toBe('B.CDEFGH');
    expect(seen()).toBe(inserted);
  });
});
