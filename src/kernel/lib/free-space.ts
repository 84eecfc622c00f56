// The free blocks of the device, one bit each. `summary` has a bit for every word of `bits` that
// still has a free block, and `top` a bit for every word of `summary`, so that a nearly full device
// is searched in a few steps.
import { assert } from '../panic.ts';
import { type Pfn, toPfn } from '../units.ts';

/** Frames of a 2 MiB page. */
const alignment = 512;

export interface FreeSpace {
  blocks: number;
  free: number;
  /** A set bit is a free block. Bits after the last block are never set. */
  bits: Int32Array;
  summary: Int32Array;
  top: Int32Array;
}

export function createFreeSpace(blocks: number): FreeSpace {
  assert(
    Number.isInteger(blocks) && blocks >= 0 && blocks < 2 ** 31,
    'a device has a whole number of blocks',
  );
  const bits = allSet(blocks);
  const summary = allSet(bits.length);
  return { blocks, free: blocks, bits, summary, top: allSet(summary.length) };
}

/**
 * Takes the first free run at or after `hint`, wrapping round once, cut to `wanted`. A hint after
 * the last block means 0.
 */
export function takeRun(
  space: FreeSpace,
  hint: Pfn,
  wanted: number,
): { pfn: Pfn; pages: number } | null {
  assert(wanted > 0 && hint >= 0, 'a run of at least one block is wanted of a real block');
  if (space.free === 0) return null;
  let first = nextFree(space, hint);
  if (first < 0) first = nextFree(space, 0);
  const pages = nextUsed(space, first, wanted) - first;
  takeExact(space, toPfn(first), pages);
  return { pfn: toPfn(first), pages };
}

/**
 * Takes a run for a piece of a file that covers aligned 2 MiB. The run begins at the same offset
 * within 2 MiB as `pgoff`, so that aligned pages get aligned frames, and reaches at least to the
 * end of the first aligned 2 MiB. First fit at or after `hint`, wrapping round once; null if there
 * is none.
 *
 *     file     |----.----.----.--|      pages, a dot every 512
 *     frames     |----.----.----.--|    the dots meet
 */
export function takeAligned(
  space: FreeSpace,
  hint: Pfn,
  pgoff: number,
  wanted: number,
): { pfn: Pfn; pages: number } | null {
  const into = pgoff % alignment;
  const least = into === 0 ? alignment : 2 * alignment - into;
  assert(wanted >= least, 'an aligned run covers aligned 2 MiB');
  const search = (from: number, end: number): number => {
    for (let at = from; at >= 0 && at < end; ) {
      const first = at + ((into - (at % alignment) + alignment) % alignment);
      if (first + least > space.blocks) return -1;
      const used = nextUsed(space, first, least);
      if (used >= first + least) return first;
      at = nextFree(space, used);
    }
    return -1;
  };
  let first = search(hint, space.blocks);
  if (first < 0) first = search(0, hint);
  if (first < 0) return null;
  const pages = nextUsed(space, first, wanted) - first;
  takeExact(space, toPfn(first), pages);
  return { pfn: toPfn(first), pages };
}

export function takeExact(space: FreeSpace, pfn: Pfn, pages: number): void {
  assert(pages > 0 && pfn >= 0 && pfn + pages <= space.blocks, 'a run lies on the device');
  const end = pfn + pages;
  for (let at: number = pfn; at < end; at = (at | 31) + 1) {
    const index = at >>> 5;
    const mask = maskOf(at, end);
    const word = space.bits[index] as number;
    assert((word & mask) === mask, 'only free blocks are taken');
    space.bits[index] = word ^ mask;
    if (word === mask) clearSummary(space, index);
  }
  space.free -= pages;
}

export function giveRun(space: FreeSpace, pfn: Pfn, pages: number): void {
  assert(pages > 0 && pfn >= 0 && pfn + pages <= space.blocks, 'a run lies on the device');
  const end = pfn + pages;
  for (let at: number = pfn; at < end; at = (at | 31) + 1) {
    const index = at >>> 5;
    const mask = maskOf(at, end);
    const word = space.bits[index] as number;
    assert((word & mask) === 0, 'only used blocks are given back');
    space.bits[index] = word | mask;
    if (word === 0) setSummary(space, index);
  }
  space.free += pages;
}

export function isFree(space: FreeSpace, pfn: Pfn): boolean {
  assert(pfn >= 0 && pfn < space.blocks, 'a block lies on the device');
  return testBit(space.bits, pfn);
}

/** Visits the maximal free runs, ascending. The visitor must not change the space. */
export function eachFreeRun(space: FreeSpace, visit: (pfn: Pfn, pages: number) => void): void {
  for (let first = nextFree(space, 0); first >= 0; ) {
    const end = nextUsed(space, first, space.blocks);
    visit(toPfn(first), end - first);
    first = nextFree(space, end);
  }
}

/** The first free run at or after `from`, or null. A run that `from` lies in begins there. */
export function nextFreeRun(space: FreeSpace, from: Pfn): { pfn: Pfn; pages: number } | null {
  const first = nextFree(space, from);
  if (first < 0) return null;
  return { pfn: toPfn(first), pages: nextUsed(space, first, space.blocks) - first };
}

export function checkFreeSpace(space: FreeSpace): void {
  const { bits, summary, top } = space;
  let free = 0;
  for (let index = 0; index < bits.length; index++) {
    for (let word = bits[index] as number; word !== 0; word &= word - 1) free++;
    assert(
      testBit(summary, index) === (bits[index] !== 0),
      'summary marks the words that have a free block',
    );
  }
  for (let index = 0; index < summary.length; index++) {
    assert(
      testBit(top, index) === (summary[index] !== 0),
      'top marks the summary words that are not empty',
    );
  }
  assert(bits.length === (space.blocks + 31) >>> 5, 'there is a bit for every block');
  for (let pfn = space.blocks; pfn < bits.length * 32; pfn++)
    assert(!testBit(bits, pfn), 'no block behind the device is free');
  assert(free === space.free, 'the count of free blocks is right');
}

/**
 * The first free block at or after `from`, or -1. Each level needs one lookup: the rest of a word,
 * then the level above.
 */
function nextFree(space: FreeSpace, from: number): number {
  const index = from >>> 5;
  if (index >= space.bits.length) return -1;
  const rest = (space.bits[index] as number) & (-1 << (from & 31));
  if (rest !== 0) return (index << 5) + lowestBit(rest);
  const word = nextWord(space, index + 1);
  return word < 0 ? -1 : (word << 5) + lowestBit(space.bits[word] as number);
}

/** The first word of `bits` at or after `from` with a free block, or -1. */
function nextWord(space: FreeSpace, from: number): number {
  const { summary, top } = space;
  const index = from >>> 5;
  if (index >= summary.length) return -1;
  const rest = (summary[index] as number) & (-1 << (from & 31));
  if (rest !== 0) return (index << 5) + lowestBit(rest);
  let above = (index + 1) >>> 5;
  if (above >= top.length) return -1;
  let tops = (top[above] as number) & (-1 << ((index + 1) & 31));
  while (tops === 0) {
    if (++above >= top.length) return -1;
    tops = top[above] as number;
  }
  const found = (above << 5) + lowestBit(tops);
  return (found << 5) + lowestBit(summary[found] as number);
}

/** The end of the free run that begins at `first`; stops after `wanted` blocks. */
function nextUsed(space: FreeSpace, first: number, wanted: number): number {
  const limit = Math.min(first + wanted, space.blocks);
  let index = first >>> 5;
  let used = ~(space.bits[index] as number) & (-1 << (first & 31));
  while (used === 0 && (index + 1) << 5 < limit) used = ~(space.bits[++index] as number);
  return used === 0 ? limit : Math.min(limit, (index << 5) + lowestBit(used));
}

/**
 * The bits of one word that belong to the run that reaches this word at `at` and ends before `end`.
 */
function maskOf(at: number, end: number): number {
  //   word:  0 ────── at ═══════ end ──── 31
  const from = -1 << (at & 31);
  return end - (at & ~31) >= 32 ? from : from & ~(-1 << (end & 31));
}

function setSummary(space: FreeSpace, index: number): void {
  const above = index >>> 5;
  const word = space.summary[above] as number;
  space.summary[above] = word | (1 << (index & 31));
  if (word === 0) space.top[above >>> 5] = (space.top[above >>> 5] as number) | (1 << (above & 31));
}

function clearSummary(space: FreeSpace, index: number): void {
  const above = index >>> 5;
  const word = (space.summary[above] as number) & ~(1 << (index & 31));
  space.summary[above] = word;
  if (word === 0)
    space.top[above >>> 5] = (space.top[above >>> 5] as number) & ~(1 << (above & 31));
}

function allSet(count: number): Int32Array {
  const words = new Int32Array((count + 31) >>> 5).fill(-1);
  if ((count & 31) !== 0) words[words.length - 1] = ~(-1 << (count & 31));
  return words;
}

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);
const testBit = (words: Int32Array, index: number): boolean =>
  (((words[index >>> 5] as number) >>> (index & 31)) & 1) === 1;
