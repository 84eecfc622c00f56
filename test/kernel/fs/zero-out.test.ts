// Zero-out on ext4: which neighbours a write into an unwritten extent converts. The cases are those
// of ext4_ext_convert_to_initialized().
import { describe, expect, test } from 'vitest';
import { createKernel } from '../../../src/kernel/kernel.ts';
import { mkfsArgs } from '../../../src/kernel/ops/mkfs.ts';
import {
  bytesOf,
  limitsOfTests,
  type Machine,
  machine,
  okOf,
  page,
  wordOf,
} from '../../machine.ts';
import { extentsOf } from '../ops/replay.ts';

/**
 * Preallocates pages [first, first + pages) in a file of `size` pages on ext4, and writes one byte
 * of page `at`.
 */
function written(
  first: number,
  pages: number,
  at: number,
  { size = 100, kb = 32, length = 1, how = 'write' } = {},
): Machine {
  const m = machine({ kind: 'ext4', extentMaxZerooutKb: kb });
  m.create('a', size * page);
  m.allocate('a', first * page, pages * page, true);
  if (how === 'write') okOf(m.write('a', new Uint8Array(length).fill(0x77), at * page));
  else okOf(m.store(m.map('a', size), at * page, new Uint8Array(length).fill(0x77)));
  return m;
}
const extents = (m: Machine): string => extentsOf(m.file('a'));

describe.each(['write', 'store'])('ZO2 32 KiB, by a %s', (how) => {
  test.each([
    {
      what: 'an extent of 7 blocks is converted as a whole',
      first: 10,
      pages: 7,
      at: 13,
      after: '10-17w',
    },
    {
      what: 'of 8 only the tail, because all of it is not less than 8',
      first: 10,
      pages: 8,
      at: 13,
      after: '10-13u 13-18w',
    },
    {
      what: 'of 9, from its first block: split',
      first: 10,
      pages: 9,
      at: 10,
      after: '10-11w 11-19u',
    },
    {
      what: 'of 9, from its second: the tail of 8, and the head would be too much',
      first: 10,
      pages: 9,
      at: 11,
      after: '10-11u 11-19w',
    },
    {
      what: 'of 20, near its start: the head',
      first: 10,
      pages: 20,
      at: 13,
      after: '10-14w 14-30u',
    },
    {
      what: 'of 20, the eighth block: the head would be 8',
      first: 10,
      pages: 20,
      at: 17,
      after: '10-17u 17-18w 18-30u',
    },
    { what: 'of 20, near its end: the tail', first: 10, pages: 20, at: 24, after: '10-24u 24-30w' },
    {
      what: 'of 7, its last block: split, and the head is left alone',
      first: 10,
      pages: 7,
      at: 16,
      after: '10-16u 16-17w',
    },
    {
      what: 'of 20, in the middle: split in three',
      first: 10,
      pages: 20,
      at: 19,
      after: '10-19u 19-20w 20-30u',
    },
  ])('ZO2 $what', ({ first, pages, at, after }) => {
    expect(extents(written(first, pages, at, { how }))).toBe(after);
  });

  test('ZO2 an extent that reaches behind the end of the file is only split', () => {
    expect(extents(written(10, 8, 13, { size: 15, how }))).toBe('10-13u 13-14w 14-18u');
  });

  test('ZO2 what was converted reads as zero, though the blocks held something', () => {
    const m = machine({ kind: 'ext4', extentMaxZerooutKb: 32, blocks: 16 });
    m.create('z');
    m.write('z', new Uint8Array(14 * page).fill(0x7a), 0);
    m.unlink('z');
    m.create('a', 7 * page);
    m.allocate('a', 0, 7 * page);
    if (how === 'write') m.write('a', Uint8Array.of(0x77), 3 * page + 5);
    else m.store(m.map('a', 7), 3 * page + 5, Uint8Array.of(0x77));
    expect(extents(m)).toBe('0-7w');
    const bytes = bytesOf(m.read('a', 0, 7 * page));
    expect(bytes.findIndex((byte) => byte !== 0)).toBe(3 * page + 5);
    expect(bytes.lastIndexOf(0x77)).toBe(3 * page + 5);
  });
});

test('ZO2 a range of several extents: each by itself, and holes are none of its business', () => {
  const m = machine({ kind: 'ext4', extentMaxZerooutKb: 32 });
  m.create('a', 100 * page);
  m.allocate('a', 0, 4 * page, true);
  m.allocate('a', 6 * page, 20 * page, true);
  m.write('a', new Uint8Array(5 * page), 3 * page);
  expect(extents(m)).toBe('0-3u 3-8w 8-26u');
});

test('ZO2 a written neighbour that goes on in the next block takes the write over, and nothing is zeroed', () => {
  const m = machine({ kind: 'ext4', extentMaxZerooutKb: 32 });
  m.create('a', 100 * page);
  m.write('a', new Uint8Array(page), 0);
  m.allocate('a', page, 6 * page, true);
  m.write('a', Uint8Array.of(1), page);
  expect(extents(m)).toBe('0-2w 2-7u');
  m.write('a', Uint8Array.of(1), 3 * page);
  expect(extents(m)).toBe('0-7w');
});

test('ZO2 a mapping that had the zero page there sees the write of others', () => {
  const m = machine({ kind: 'ext4', extentMaxZerooutKb: 32 });
  m.create('a', 8 * page);
  m.allocate('a', 0, 8 * page);
  const mapping = m.map('a', 8);
  m.load(mapping, 6 * page, 1);
  m.write('a', Uint8Array.of(1), 0);
  m.write('a', Uint8Array.of(9), 6 * page);
  expect([...bytesOf(m.load(mapping, 6 * page, 1))]).toEqual([9]);
});

test('ZO2 off by default', () => {
  expect(extents(written(10, 8, 13, { kb: 0 }))).toBe('10-13u 13-14w 14-18u');
  expect(mkfsArgs.parse({ name: 'a', sizeBytes: 2 ** 20 }).extentMaxZerooutKb).toBe(0);
});

test.each(['xfs', 'ext2', 'btrfs'] as const)('ZO1 %s has none: EINVAL', (kind) => {
  const args = mkfsArgs.parse({ name: 'a', sizeBytes: 2 ** 20, kind, extentMaxZerooutKb: 32 });
  expect(createKernel(args, limitsOfTests, 0)).toMatchObject({
    ok: false,
    failure: { errno: 'EINVAL', rule: 'ZO1' },
  });
});

test('FT5 on a full device unwritten blocks can be written to all the same', () => {
  const m = machine({ kind: 'ext4', extentMaxZerooutKb: 32, blocks: 16 });
  m.create('a', 14 * page);
  m.allocate('a', 0, 14 * page);
  expect(m.k.space.free).toBe(0);
  expect(wordOf(m.store(m.map('a', 14), 5 * page, Uint8Array.of(1)))).toBe('done');
  expect(extents(m)).toBe('0-6w 6-14u');
});
