// When a 2 MiB fault is possible again after a 4 KiB fault, and what a write does to bytes that a
// mapping stored beyond the end of the file. Measured on 6.12.111 and 7.3.4, ext4 and XFS, with the
// fs_dax tracepoints and by reading the bytes.
import { describe, expect, test } from 'vitest';
import { bytesOf, idOf, type Machine, machine, okOf, page } from '../machine.ts';

const huge = 2 ** 21;
const boxes = (['xfs', 'ext4'] as const).flatMap((kind) =>
  (['6.12', '7.3'] as const).map((kernel) => ({ kind, kernel })),
);

/**
 * A file of 4 MiB, written, on aligned blocks; map_1 is of one page and has made an entry of 4 KiB.
 */
function small(kind: 'xfs' | 'ext4', kernel: '6.12' | '7.3'): Machine {
  const m = machine({ kind, kernel, blocks: 4096 });
  m.create('h');
  m.write('h', new Uint8Array(2 * huge), 0);
  m.map('h', 1);
  m.store(1, 0, Uint8Array.of(1));
  return m;
}

const sizeOf = (m: Machine, mapping: number, at: number): unknown =>
  (okOf(m.fault(mapping, at * page, 'read')).pages as { sizeBytes: number }[])[0]?.sizeBytes;

describe.each(boxes)('FT7 $kind $kernel: after an entry of 4 KiB', ({ kind, kernel }) => {
  const again = kernel === '7.3' ? huge : page;

  test('a new mapping stays at 4 KiB beside it', () => {
    const m = small(kind, kernel);
    expect(sizeOf(m, m.map('h', 512), 1)).toBe(page);
  });

  test.each([
    ['a punch elsewhere', (m: Machine) => m.punch('h', huge + 100 * page, page)],
    ['a truncate to the same size', (m: Machine) => m.truncate('h', 2 * huge)],
    ['a zero-range elsewhere', (m: Machine) => m.zero('h', huge, page)],
  ] as const)(`%s: a new mapping gets ${again}`, (_what, change) => {
    const m = small(kind, kernel);
    okOf(change(m));
    expect(sizeOf(m, m.map('h', 512), 2)).toBe(again);
  });

  test('the same after nothing is mapped any more: the entries stay with the file on 6.12', () => {
    const m = small(kind, kernel);
    m.munmap(1);
    m.truncate('h', 2 * huge);
    m.map('h', 1);
    expect(sizeOf(m, m.map('h', 512), 2)).toBe(again);
  });

  test('the mapping that had 4 KiB pages never goes up, on either', () => {
    const m = small(kind, kernel);
    const big = m.map('h', 512);
    expect(sizeOf(m, big, 1)).toBe(page);
    m.punch('h', huge + 100 * page, page);
    expect(sizeOf(m, big, 2)).toBe(page);
    m.munmap(1);
    m.punch('h', huge + 102 * page, page);
    expect(sizeOf(m, big, 3)).toBe(page);
  });

  test('one that had an entry of 2 MiB gets it again', () => {
    const m = small(kind, kernel);
    const second = idOf(
      m.call('mmap', { file: 'h' }, { offset: huge, length: huge, access: 'read' }),
    );
    expect(sizeOf(m, second, 0)).toBe(huge);
    m.punch('h', 100 * page, page);
    expect(sizeOf(m, second, 3)).toBe(huge);
  });

  test('the page table that a copy on write has made stays in the private mapping', () => {
    const m = small(kind, kernel);
    const mine = idOf(
      m.call(
        'mmap',
        { file: 'h' },
        { offset: huge, length: huge, access: 'read-write', shared: false },
      ),
    );
    m.store(mine, 7 * page, Uint8Array.of(1));
    m.truncate('h', huge);
    m.truncate('h', 2 * huge);
    m.write('h', new Uint8Array(huge), huge);
    expect(sizeOf(m, mine, 3)).toBe(page);
  });
});

describe.each(boxes)(
  'EF1 $kind $kernel: bytes that a mapping stored behind EOF',
  ({ kind, kernel }) => {
    const end = page + 1000;
    const shows = kind === 'ext4' && kernel === '6.12';

    /** A file of 5096 bytes with a page of g behind them. */
    function stored(): Machine {
      const m = machine({ kind, kernel, blocks: 64 });
      m.create('e');
      m.write('e', new Uint8Array(end).fill(100), 0);
      m.map('e', 8);
      m.store(1, end, new Uint8Array(page - 1000).fill(103));
      return m;
    }
    const count = (m: Machine, from: number, to: number): number =>
      bytesOf(m.load(1, from, to - from)).filter((b) => b === 103).length;
    const write = (m: Machine, at: number, length = 10) =>
      m.write('e', new Uint8Array(length).fill(100), at);

    test('a write beyond: read back on ext4 of 6.12 alone', () => {
      const m = stored();
      write(m, 3 * page);
      expect(bytesOf(m.read('e', end, 4))).toEqual(new Uint8Array(4).fill(shows ? 103 : 0));
      expect(count(m, end, 2 * page)).toBe(shows ? 3096 : 0);
    });

    test('a write behind EOF in the same block: zero up to it, and behind it as it was', () => {
      const m = stored();
      write(m, page + 2000);
      expect(m.file('e').sizeBytes).toBe(page + 2010);
      expect([count(m, end, page + 2000), count(m, page + 2010, 2 * page)]).toEqual([
        shows ? 1000 : 0,
        2086,
      ]);
    });

    test('an append, then a write beyond', () => {
      const m = stored();
      write(m, end);
      expect(count(m, end + 10, 2 * page)).toBe(3086);
      write(m, 3 * page);
      expect(count(m, end + 10, 2 * page)).toBe(shows ? 3086 : 0);
    });

    test('a write over EOF, then a truncate up: zero on all', () => {
      const m = stored();
      write(m, end - 10, 30);
      expect(count(m, end + 20, 2 * page)).toBe(3076);
      m.truncate('e', 3 * page);
      expect(count(m, end + 20, 2 * page)).toBe(0);
    });

    test.each([
      ['truncate', (m: Machine) => m.truncate('e', 2 * page)],
      ['allocate', (m: Machine) => m.allocate('e', 2 * page, page)],
      ['allocate in the same block', (m: Machine) => m.allocate('e', page + 3000, 10)],
      ['zero-range beyond', (m: Machine) => m.zero('e', 3 * page, page)],
      ['zero-range in the same block', (m: Machine) => m.zero('e', page + 3000, 10)],
    ] as const)('%s: zero on all', (_what, grow) => {
      const m = stored();
      okOf(grow(m));
      const { sizeBytes } = m.file('e');
      expect(bytesOf(m.read('e', end)).filter((byte) => byte !== 0)).toHaveLength(0);
      expect(sizeBytes).toBeGreaterThan(end);
    });
  },
);
