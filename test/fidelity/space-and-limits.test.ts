// A full device, the largest file, MAP_SYNC and statfs, for each kind on each kernel.
import { describe, expect, test } from 'vitest';
import { spaceOf } from '../../src/kernel/fs/superblock.ts';
import { extentsOf } from '../kernel/ops/replay.ts';
import {
  bytesOf,
  letters,
  type Machine,
  machine,
  okOf,
  page,
  type Ran,
  wordOf,
} from '../machine.ts';
import { space } from '../scenarios/story.ts';

const boxes = (['xfs', 'ext4'] as const).flatMap((kind) =>
  (['6.12', '7.3'] as const).map((kernel) => ({ kind, kernel })),
);
const blocks = 62;
const lettered = (kind: 'xfs' | 'ext4', kernel: '6.12' | '7.3'): Machine => {
  const m = machine({ kind, kernel, blocks: 64 });
  m.create('a');
  m.write('a', letters('ABCDEFGH'), 0);
  return m;
};

describe.each(boxes)('$kind $kernel: no space halfway', ({ kind, kernel }) => {
  test('AL3 preallocation: ext4 keeps what fits and grows, XFS changes nothing', () => {
    const m = lettered(kind, kernel);
    expect(wordOf(m.allocate('a', 6 * page, 100 * page))).toBe('ENOSPC');
    expect(extentsOf(m.file('a'))).toBe(kind === 'ext4' ? '0-8w 8-62u' : '0-8w');
    expect(m.file('a').sizeBytes).toBe((kind === 'ext4' ? blocks : 8) * page);
    expect(space(m).free).toBe(kind === 'ext4' ? 0 : blocks - 8);
  });

  test('AL3 preallocation over holes: the first holes are filled', () => {
    const m = lettered(kind, kernel);
    m.punch('a', page, 2 * page);
    m.create('z');
    m.write('z', letters('z'.repeat(blocks - 7)), 0);
    expect(space(m).free).toBe(1);
    expect(wordOf(m.allocate('a', 0, 8 * page))).toBe('ENOSPC');
    expect(extentsOf(m.file('a'))).toBe(kind === 'ext4' ? '0-1w 1-2u 3-8w' : '0-1w 3-8w');
    expect(m.file('a').sizeBytes).toBe(8 * page);
  });

  test('AL3 partial preallocation: ext4 makes the file longer over allocated blocks only', () => {
    const m = lettered(kind, kernel);
    m.call('allocate', { file: 'a' }, { offset: 8 * page, length: 2 * page, keepSize: true });
    m.create('z');
    m.write('z', letters('z'.repeat(blocks - 10)), 0);
    expect(wordOf(m.allocate('a', 20 * page + 10, page))).toBe('ENOSPC');
    expect(m.file('a').sizeBytes).toBe(8 * page);
    expect(wordOf(m.allocate('a', 6 * page, 8 * page))).toBe('ENOSPC');
    expect(m.file('a').sizeBytes).toBe((kind === 'ext4' ? 10 : 8) * page);
  });

  test('AL3 what a mapping stored past EOF is not seen after preallocation that kept a part', () => {
    const m = lettered(kind, kernel);
    m.truncate('a', 2 * page + 10);
    m.store(m.map('a', 3), 2 * page, letters('!'));
    expect(wordOf(m.allocate('a', 0, 100 * page))).toBe('ENOSPC');
    expect(bytesOf(m.read('a')).subarray(2 * page + 10, 3 * page)).not.toContain('!'.charCodeAt(0));
  });

  test('AL4 a write is short, and ENOSPC when not one byte fits: XFS stops before the hole that it cannot fill', () => {
    const m = lettered(kind, kernel);
    const end = kind === 'ext4' ? blocks : 8;
    expect(okOf(m.write('a', letters('w'.repeat(100)), 4 * page + 100))).toMatchObject({
      bytesWritten: (end - 4) * page - 100,
    });
    expect(m.file('a').sizeBytes).toBe(end * page);
    expect(space(m).free).toBe(blocks - end);
    m.create('z');
    m.write('z', letters('z'.repeat(blocks - end)), 0);
    expect(wordOf(m.write('a', letters('w'), end * page))).toBe('ENOSPC');
    // Needs no block.
    expect(okOf(m.write('a', letters('x'), 0))).toMatchObject({ bytesWritten: page });
  });

  test('AL4 a write into a hole for which there is half the room', () => {
    const m = lettered(kind, kernel);
    m.create('w');
    const wrote = m.write('w', letters('w'.repeat(128)), 0);
    if (kind === 'ext4') expect(okOf(wrote)).toMatchObject({ bytesWritten: 54 * page });
    else expect(wordOf(wrote)).toBe('ENOSPC');
    expect(m.file('w').sizeBytes).toBe(kind === 'ext4' ? 54 * page : 0);
    expect(space(m).free).toBe(kind === 'ext4' ? 0 : 54);
  });

  test.each([
    {
      what: 'grows the file: its rest must fit, so the first hole is not filled',
      length: 128,
      xfs: 4,
    },
    {
      what: 'ends within the file: the hole that fits is filled, the one behind it not',
      length: 101,
      xfs: 21,
    },
  ])('AL4 a write over blocks and two holes that $what', ({ length, xfs }) => {
    const m = machine({ kind, kernel, blocks: 64 });
    m.create('w', 101 * page);
    m.write('w', letters('BBBB'), 0);
    m.write('w', letters('B'), 20 * page);
    const free = space(m).free;
    const wrote = okOf(m.write('w', letters('w'.repeat(length)), 0));
    expect(wrote.bytesWritten).toBe((kind === 'ext4' ? 5 + free : xfs) * page);
    expect(m.file('w').sizeBytes).toBe(101 * page);
    expect(space(m).free).toBe(kind === 'ext4' ? 0 : free - (xfs === 21 ? 16 : 0));
  });

  test('AL1 preallocation over blocks that are there: XFS reserves for them, too', () => {
    const m = machine({ kind, kernel, blocks: 64 });
    m.create('g');
    m.create('fill');
    m.allocate('g', 0, 20 * page);
    m.allocate('fill', 0, 10 * page);
    expect(space(m).free).toBe(32);
    expect(wordOf(m.allocate('g', 0, 33 * page))).toBe(kind === 'ext4' ? 'done' : 'ENOSPC');
    if (kind === 'xfs')
      expect(m.file('g')).toMatchObject({ sizeBytes: 20 * page, extents: { pages: 20 } });
    m.truncate('g', 20 * page);
    expect(wordOf(m.allocate('g', 0, 32 * page))).toBe('done');
  });

  test('AL5 zero-range without room: XFS has freed the range, ext4 keeps what it got', () => {
    const m = machine({ kind, kernel, blocks: 68 });
    m.create('z');
    m.write('z', letters('BB'), 0);
    expect(wordOf(m.zero('z', 0, 200 * page))).toBe('ENOSPC');
    expect(extentsOf(m.file('z'))).toBe(kind === 'ext4' ? '0-66u' : '');
    expect(m.file('z').sizeBytes).toBe((kind === 'ext4' ? 66 : 2) * page);
    expect(bytesOf(m.read('z')).every((byte) => byte === 0)).toBe(true);
  });

  test('AL5 zero-range without room, and a block behind where it ran out', () => {
    const m = machine({ kind, kernel, blocks: 68 });
    m.create('y');
    m.write('y', letters('YY'), 0);
    m.write('y', letters('s'), 150 * page);
    expect(wordOf(m.zero('y', 0, 200 * page))).toBe('ENOSPC');
    expect(extentsOf(m.file('y'))).toBe(kind === 'ext4' ? '0-65u 150-151w' : '');
    expect(m.file('y').sizeBytes).toBe(151 * page);
  });

  test('AL5 zero-range of partial pages without room: ext4 zeroes nothing, XFS all but the edges that it only zeroes', () => {
    const m = machine({ kind, kernel, blocks: 68 });
    m.create('z');
    m.write('z', letters('Z'.repeat(8)), 0);
    expect(wordOf(m.zero('z', 100, 200 * page))).toBe('ENOSPC');
    expect(extentsOf(m.file('z'))).toBe(kind === 'ext4' ? '0-8w 8-66u' : '0-1w');
    expect(m.file('z').sizeBytes).toBe((kind === 'ext4' ? 66 : 8) * page);
    const bytes = bytesOf(m.read('z'));
    expect([bytes[10], bytes[200], bytes[page]]).toEqual(
      kind === 'ext4' ? [90, 90, 90] : [90, 0, 0],
    );
  });

  test('AL5 zero-range that keeps the size, of a file without a block', () => {
    const m = machine({ kind, kernel, blocks: 68 });
    m.create('v');
    expect(
      wordOf(
        m.call('zero-range', { file: 'v' }, { offset: 0, length: 200 * page, keepSize: true }),
      ),
    ).toBe('ENOSPC');
    expect(extentsOf(m.file('v'))).toBe(kind === 'ext4' ? '0-66u' : '');
    expect(m.file('v').sizeBytes).toBe(0);
  });

  test('FT5 a store to a hole is SIGBUS; loads of the same file still work', () => {
    const m = lettered(kind, kernel);
    m.truncate('a', 100 * page);
    const mapping = m.map('a', 100);
    m.create('z');
    m.write('z', letters('z'.repeat(space(m).free)), 0);
    expect(wordOf(m.store(mapping, 20 * page, letters('s')))).toBe('SIGBUS');
    expect([...bytesOf(m.load(mapping, 20 * page, 2))]).toEqual([0, 0]);
  });
});

describe('the largest file', () => {
  const largest = [
    { kind: 'xfs', kernel: '6.12', bytesMax: 2 ** 53 - 1 },
    { kind: 'xfs', kernel: '7.3', bytesMax: 2 ** 53 - 1 },
    { kind: 'ext4', kernel: '6.12', bytesMax: 2 ** 44 - page },
    { kind: 'ext4', kernel: '7.3', bytesMax: 2 ** 44 - page },
    { kind: 'ext2', kernel: '6.12', bytesMax: 2_196_873_666_560 },
    { kind: 'btrfs', kernel: '7.3', bytesMax: 2 ** 53 - 1 },
  ] as const;

  test.each(largest)(
    'RG2 $kind $kernel: $bytesMax bytes, and not one more',
    ({ kind, kernel, bytesMax }) => {
      const m = machine({ kind, kernel, blocks: 64 });
      m.create('a');
      expect(wordOf(m.truncate('a', bytesMax))).toBe('done');
      expect(okOf(m.write('a', Uint8Array.of(7), bytesMax - 1))).toMatchObject({
        sizeBytes: bytesMax,
      });
      expect([...bytesOf(m.read('a', bytesMax - 1))]).toEqual([7]);
      const beyond: ((n: Machine) => Ran)[] = [
        (n) => n.write('a', Uint8Array.of(7), bytesMax),
        (n) => n.write('a', Uint8Array.of(7, 7), bytesMax),
        (n) => n.punch('a', bytesMax, 1),
        (n) => n.zero('a', bytesMax - 1, 2),
        (n) => n.allocate('a', bytesMax - 1, 2),
        (n) => n.collapse('a', bytesMax, 1),
        (n) => n.insert('a', bytesMax, 1),
      ];
      expect(beyond.map((act) => wordOf(act(m)))).toEqual(beyond.map(() => 'EFBIG'));
      expect(okOf(m.write('a', Uint8Array.of(8, 8), bytesMax - 1))).toMatchObject({
        bytesWritten: 1,
        sizeBytes: bytesMax,
      });
      expect(okOf(m.write('a', new Uint8Array(0), bytesMax))).toMatchObject({ bytesWritten: 0 });
      if (bytesMax < 2 ** 53 - 1) expect(wordOf(m.truncate('a', bytesMax + 1))).toBe('EFBIG');
      expect(m.file('a').sizeBytes).toBe(bytesMax);
      expect(m.k.counts.blocksUsed).toBe(1);
    },
  );
});

test.each([
  { kind: 'xfs', f_bavail: 14_000 },
  { kind: 'btrfs', f_bavail: 14_000 },
  { kind: 'ext4', f_bavail: 14_000 - 1_000 },
  { kind: 'ext2', f_bavail: 14_000 - 1_000 },
] as const)(
  'SF1 $kind: f_bavail is f_bfree, or less the 5 % of root, and never below 0',
  ({ kind, f_bavail }) => {
    const m = machine({ kind, blocks: 20_000 });
    m.create('a');
    const filled = 20_000 - m.k.geometry.blocksMetadata - 14_000;
    m.write('a', new Uint8Array(filled * page), 0);
    expect(spaceOf(m.k).native).toMatchObject({ f_bfree: 14_000, f_bavail });
    m.write('a', new Uint8Array(13_500 * page), filled * page);
    expect(spaceOf(m.k).native).toMatchObject({
      f_bfree: 500,
      f_bavail: kind === 'xfs' || kind === 'btrfs' ? 500 : 0,
    });
  },
);

describe.each(boxes)('$kind $kernel: mappings and statfs', ({ kind, kernel }) => {
  test('MM2 MAP_SYNC is ignored on a private mapping', () => {
    const m = lettered(kind, kernel);
    const mapped = (shared: boolean) =>
      okOf(
        m.call(
          'mmap',
          { file: 'a' },
          { offset: 0, length: page, access: 'read-write', shared, sync: true },
        ),
      ).sync;
    expect([mapped(true), mapped(false)]).toEqual([true, false]);
  });

  test('UM1 the native figures: freed is free, busy or not; detached is not', () => {
    const m = lettered(kind, kernel);
    const total = { f_blocks: blocks };
    const reserve = kind === 'ext4' ? 3 : 0; // 5 % of 64.
    const mapping = m.map('a', 8);
    m.strategy('busy-extents');
    const pins = [m.pinned(mapping, 0, page), m.pinned(mapping, 4 * page, page)];
    m.truncate('a', 2 * page);
    expect(spaceOf(m.k)).toMatchObject({
      blocksUsed: 2,
      blocksFree: 59,
      blocksBusy: 1,
      native: { ...total, f_bfree: 60 },
    });
    m.strategy('detach-and-wait');
    const truncate = m.truncate('a', 0, { owner: 'T' });
    expect(spaceOf(m.k)).toMatchObject({
      blocksUsed: 0,
      blocksDetached: 2,
      native: { ...total, f_bfree: 60, f_bavail: 60 - reserve },
    });
    for (const pin of pins) m.unpin(pin);
    expect(m.opState(truncate.task)).toBe('done');
    expect(spaceOf(m.k)).toMatchObject({
      blocksFree: blocks,
      blocksBusy: 0,
      blocksDetached: 0,
      native: { f_bfree: blocks },
    });
  });
});

// By the source of iomap_fiemap, not measured.
test.each(boxes)(
  '$kind $kernel: FIEMAP of a part clips its extents and calls the last of them LAST',
  ({ kind, kernel }) => {
    const m = lettered(kind, kernel);
    m.zero('a', page, 2 * page);
    const { extents } = okOf(m.call('fiemap', { file: 'a' }, { offset: 0, length: 2 * page }));
    expect(extents).toMatchObject([
      { fe_logical: 0, fe_length: page, fe_flags: 0 },
      { fe_logical: page, fe_length: page, fe_flags: 0x801 },
    ]);
  },
);
