// When a fault maps 2 MiB and when 4 KiB, and what happens to 2 MiB entries.
import { describe, expect, test } from 'vitest';
import { idOf, type Machine, machine, okOf, page, wordOf } from '../../machine.ts';
import { extentsOf } from '../ops/replay.ts';

const huge = 512;
const hugeBytes = huge * page;

function made(pages = 2 * huge): Machine {
  const m = machine({ blocks: 4096 });
  m.create('a');
  if (pages > 0) m.write('a', new Uint8Array(pages * page).fill(0x41), 0);
  return m;
}
const map = (
  m: Machine,
  first: number,
  pages: number,
  more: Record<string, unknown> = {},
): number =>
  idOf(
    m.call(
      'mmap',
      { file: 'a' },
      { offset: first * page, length: pages * page, access: 'read-write', ...more },
    ),
  );
const sizeOf = (
  m: Machine,
  mapping: number,
  at: number,
  access: 'read' | 'write' = 'read',
): number =>
  (okOf(m.fault(mapping, at * page, access)).pages as { sizeBytes: number }[])[0]?.sizeBytes ?? 0;
const why = (m: Machine) => m.seen('page.pmd_faulted').at(-1)?.data.why;

describe('FT6 the size of a fault', () => {
  test('FT6 2 MiB where everything fits: each fault maps all of it, a fault of every page is two of 2 MiB', () => {
    const m = made();
    const mapping = map(m, 0, 2 * huge);
    const { pages } = okOf(m.fault(mapping, 0, 'read', {}, 2 * hugeBytes)) as {
      pages: { sizeBytes: number }[];
    };
    expect(new Set(pages.map(({ sizeBytes }) => sizeBytes))).toEqual(new Set([hugeBytes]));
    expect(m.seen('page.pmd_faulted').map(({ data }) => [data.pgoff, data.result])).toEqual([
      [0, 'NOPAGE'],
      [huge, 'NOPAGE'],
    ]);
    expect(m.seen('page.faulted')).toEqual([]);
  });

  test.each([
    { what: 'one page short at its end', first: 0, pages: huge - 1, at: 0 },
    { what: 'a page too late', first: 1, pages: huge, at: 0 },
  ])(
    'FT6 a mapping that is $what does not cover 2 MiB: 4 KiB, without an attempt at 2 MiB',
    ({ first, pages, at }) => {
      const m = made();
      expect(sizeOf(m, map(m, first, pages), at)).toBe(page);
      expect(m.seen('page.pmd_faulted')).toEqual([]);
    },
  );

  test('FT6 the offset of the mapping need not be aligned where it covers 2 MiB of the file that are', () => {
    const m = made();
    const mapping = map(m, 5, 2 * huge - 5);
    expect(sizeOf(m, mapping, huge - 5)).toBe(hugeBytes);
    expect(sizeOf(m, mapping, 0)).toBe(page);
  });

  test('FT6 the last page may be partly behind the end of the file, no page wholly', () => {
    const m = made();
    const mapping = map(m, 0, 2 * huge);
    m.truncate('a', 2 * hugeBytes - 10);
    expect(sizeOf(m, mapping, huge)).toBe(hugeBytes);
    m.truncate('a', 2 * hugeBytes - page);
    expect(sizeOf(m, mapping, huge)).toBe(page);
    expect(why(m)).toBe('end of file');
  });

  test('FT6 blocks in two pieces, or not on an aligned frame: 4 KiB', () => {
    const m = made();
    m.punch('a', 7 * page, page);
    const mapping = map(m, 0, 2 * huge);
    expect([sizeOf(m, mapping, 0), why(m)]).toEqual([page, 'blocks']);
    m.collapse('a', 0, page);
    m.write('a', new Uint8Array(page), 2 * hugeBytes - page);
    const fresh = map(m, huge, huge);
    expect([sizeOf(m, fresh, 0), why(m)]).toEqual([page, 'blocks']);
  });

  test('FT6 an unwritten extent: the zero page for a read, 4 KiB for a write', () => {
    const m = made(0);
    m.allocate('a', 0, 2 * hugeBytes);
    const mapping = map(m, 0, 2 * huge);
    expect(sizeOf(m, mapping, 0)).toBe(hugeBytes);
    expect([sizeOf(m, mapping, huge, 'write'), why(m)]).toEqual([page, 'unwritten']);
    expect(extentsOf(m.file('a'))).toBe('0-512u 512-513w 513-1024u');
  });

  test('FT6 poison in the range: 4 KiB, and SIGBUS for that page alone; the machine check unmaps all 2 MiB', () => {
    const m = made();
    const mapping = map(m, 0, huge);
    expect(sizeOf(m, mapping, 0)).toBe(hugeBytes);
    const pfn = 512 + 9;
    expect(okOf(m.call('poison', {}, { block: pfn * 8 }))).toMatchObject({ pagesUnmapped: 1 });
    expect(m.k.mappings.get(mapping as never)?.ptes.entries).toBe(0);
    expect([sizeOf(m, mapping, 3, 'write'), why(m)]).toEqual([page, 'poison']);
    expect(wordOf(m.fault(mapping, 9 * page, 'read'))).toBe('SIGBUS');
  });
});

describe('FT7 entries', () => {
  test('FT7 entries of 4 KiB are never joined: one page keeps its 2 MiB small', () => {
    const m = made();
    const small = map(m, 0, 8);
    expect(sizeOf(m, small, 3)).toBe(page);
    const mapping = map(m, 0, huge);
    expect([sizeOf(m, mapping, 0), why(m)]).toEqual([page, '4 KiB entries']);
    m.munmap(small);
    // Now the page table has one, and it is not tried again.
    expect(sizeOf(m, mapping, 1)).toBe(page);
    expect(m.seen('page.pmd_faulted').length).toBe(1);
  });

  test('FT7 a real one is never split: a small mapping gets its page under it', () => {
    const m = made();
    const mapping = map(m, 0, huge);
    expect(sizeOf(m, mapping, 0)).toBe(hugeBytes);
    const small = map(m, 0, 8);
    expect(sizeOf(m, small, 3, 'write')).toBe(page);
    expect(m.file('a').pmds?.has(0 as never)).toBe(true);
    expect(m.k.mappings.get(mapping as never)?.pmds?.has(0 as never)).toBe(true);
  });

  test.each(['by a write', 'by a fault of 4 KiB', 'by a fault that writes'])(
    'FT7 one of the zero page gives way %s',
    (how) => {
      const m = made(0);
      m.truncate('a', 2 * hugeBytes);
      const mapping = map(m, 0, huge);
      expect(sizeOf(m, mapping, 0)).toBe(hugeBytes);
      expect(m.k.counts.blocksUsed).toBe(0);
      if (how === 'by a write') m.write('a', new Uint8Array(1), 5 * page);
      else if (how === 'by a fault of 4 KiB') expect(sizeOf(m, map(m, 0, 8), 5)).toBe(page);
      else expect([sizeOf(m, mapping, 5, 'write'), why(m)]).toEqual([page, 'unwritten']);
      expect(m.file('a').pmds).toBe(null);
      expect(m.seen('page.unmapped').at(-1)?.data).toMatchObject({
        offset: 0,
        length: hugeBytes,
        pages: huge,
      });
    },
  );

  test('FT7 a load, then a store: the same 2 MiB become writable at once', () => {
    const m = made();
    const mapping = map(m, 0, huge);
    m.load(mapping, 0, 1);
    m.store(mapping, 100, Uint8Array.of(7));
    m.store(mapping, 300 * page, Uint8Array.of(7));
    expect(m.seen('page.pmd_faulted').map(({ data }) => data.access)).toEqual(['read', 'write']);
    expect(m.seen('page.faulted')).toEqual([]);
  });

  test('FT7 copy on write in a private mapping clears its 2 MiB, copies one page, and leaves the file and its other mappings alone', () => {
    const m = made();
    const shared = map(m, 0, huge);
    sizeOf(m, shared, 0);
    const mine = map(m, 0, huge, { shared: false });
    expect(sizeOf(m, mine, 0)).toBe(hugeBytes);
    m.store(mine, 5 * page, Uint8Array.of(0x62));
    expect(why(m)).toBe('private write');
    expect(m.k.mappings.get(mine as never)).toMatchObject({ pmds: null, ptes: { entries: 1 } });
    expect(m.k.mappings.get(shared as never)?.ptes.entries).toBe(huge);
    expect(sizeOf(m, mine, 6)).toBe(page);
    // A truncate into the 2 MiB takes the copies behind the new end and no other.
    m.store(mine, 400 * page, Uint8Array.of(0x63));
    m.truncate('a', 100 * page);
    expect(m.k.mappings.get(mine as never)?.ptes.entries).toBe(1);
    expect([...(okOf(m.load(mine, 5 * page, 1)).data as Uint8Array)]).toEqual([0x62]);
  });

  test('FT7 a fault of 2 MiB locks its entry by the first page, so that a second one waits for it', () => {
    const m = machine({ blocks: 4096, scheduler: 'stepped' });
    m.create('a');
    m.settle(m.write('a', new Uint8Array(hugeBytes), 0).task);
    const mapping = map(m, 0, huge);
    const first = m.fault(mapping, 3 * page, 'read').task;
    const second = m.fault(mapping, 5 * page, 'read').task;
    m.stepTo(first, 'map');
    m.step(second);
    m.step(second);
    m.step(second);
    m.step(second);
    expect(m.opState(second)).toBe('D entry 0');
    m.settle();
    expect([m.opState(first), m.opState(second)]).toEqual(['done', 'done']);
    expect(m.seen('page.pmd_faulted').length).toBeLessThanOrEqual(2);
  });

  test('FT7 a fault of 4 KiB does not wait for one of 2 MiB that has no entry yet: that one falls back', () => {
    const m = machine({ blocks: 4096, scheduler: 'stepped' });
    m.create('a');
    m.settle(m.write('a', new Uint8Array(hugeBytes), 0).task);
    const large = m.fault(map(m, 0, huge), 3 * page, 'read').task;
    m.stepTo(large, 'map');
    const small = m.fault(map(m, 0, 8), 5 * page, 'read').task;
    m.settle(small);
    expect(m.opState(small)).toBe('done');
    m.settle();
    expect(m.opState(large)).toBe('done');
    expect(why(m)).toBe('4 KiB entries');
  });

  test('PC1 a power cycle leaves the file and none of its entries', () => {
    const m = machine({ blocks: 4096, folioGranularity: true });
    m.create('a');
    m.write('a', new Uint8Array(hugeBytes).fill(0x41), 0);
    const mapping = map(m, 0, huge);
    m.pinned(mapping, 0, page);
    m.call('power-cycle', {}, { drop: 'none' });
    expect([m.file('a').pmds, m.k.folios.size, m.k.mappings.size]).toEqual([null, 0, 0]);
    expect(sizeOf(m, map(m, 0, huge), 0)).toBe(hugeBytes);
  });
});
