// The bytes of a file. DAX has no page cache and no delayed allocation: a write goes straight to
// the blocks, which are allocated at once.
import { isPoisoned } from '../dev/badblocks.ts';
import { readPage, writePage, zeroPage } from '../dev/pmem.ts';
import {
  blockPfn,
  type Extent,
  eachExtent,
  isWritten,
  lookupBlock,
  nextExtent,
  setState,
} from '../lib/extent-map.ts';
import type { Inode, Kernel } from '../state.ts';
import { byteOf, type PgOff, pageCeil, pageOf, pageSize, toPfn, toPgOff } from '../units.ts';
import { dropZeroEntries } from './dax.ts';
import { resize, touch } from './inode.ts';
import { personalityOf } from './personality/index.ts';
import { allocateBlocks, roomFor } from './superblock.ts';
import { convertUnwritten } from './zero-out.ts';

/** Reading this many bytes counts as one step of `stepsPerApply`. */
const bytesPerStep = 16_384;

/**
 * Bytes [offset, offset + length) clipped to the size. Holes and unwritten blocks read as zero.
 * Caller holds i_rwsem.
 */
export function readBytes(k: Kernel, inode: Inode, offset: number, length: number): Uint8Array {
  const end = Math.min(offset + length, inode.sizeBytes);
  if (end <= offset) return new Uint8Array(0);
  const out = new Uint8Array(end - offset);
  // An entry that wakes a thousand readers must not hold all their bytes in memory at once.
  k.turn.stepsLeft -= out.length / bytesPerStep;
  eachExtent(inode.extents, pageOf(offset), pageOf(end - 1), (extent) => {
    if (!extent.written) return;
    for (let page = 0; page < extent.pages; page++) {
      const pageStart = byteOf(extent.pgoff + page);
      const from = Math.max(offset, pageStart);
      const to = Math.min(end, pageStart + pageSize);
      readPage(k, toPfn(extent.pfn + page), from - pageStart, to - from, out, from - offset);
    }
  });
  return out;
}

/**
 * The first poisoned page of a byte range, or null. The whole range is checked first, as in
 * dax_iomap_iter().
 */
export function poisonedPage(k: Kernel, inode: Inode, offset: number, end: number): PgOff | null {
  let poisoned: PgOff | null = null;
  if (k.pmem.badSectors.size === 0 || end <= offset) return poisoned;
  eachExtent(inode.extents, pageOf(offset), pageOf(end - 1), (extent) => {
    for (let page = 0; extent.written && page < extent.pages && poisoned === null; page++) {
      if (isPoisoned(k, toPfn(extent.pfn + page))) poisoned = toPgOff(extent.pgoff + page);
    }
  });
  return poisoned;
}

/** How many pages of [first, last] have no block. */
export function holesIn(inode: Inode, first: PgOff, last: PgOff): number {
  let mapped = 0;
  eachExtent(inode.extents, first, last, (extent) => {
    mapped += extent.pages;
  });
  return last - first + 1 - mapped;
}

/** Calls `visit` for each hole in [first, last], ascending. `visit` may fill the hole. */
export function eachHole(
  inode: Inode,
  first: PgOff,
  last: PgOff,
  visit: (pgoff: PgOff, pages: number) => void,
): void {
  let at: number = first;
  while (at <= last) {
    const next = nextExtent(inode.extents, toPgOff(at));
    const end = next === null || next.pgoff > last ? last + 1 : next.pgoff;
    if (end > at) visit(toPgOff(at), end - at);
    at = next === null || next.pgoff > last ? last + 1 : Math.max(next.pgoff + next.pages, end);
  }
}

/**
 * How many bytes of a write at `offset` can get blocks: all, or as many as Linux would report as a
 * short write. 0 means ENOSPC or EDQUOT. A kind that reserves first (xfs_iomap_write_direct)
 * reserves all blocks of a hole or none. If the write grows the file, a hole reserves for the whole
 * rest of the write, even for pages that have blocks:
 *
 *     file    |WWWW|....hole....|W|..........      size at the second W
 *     write   |=======================|            the hole reserves from its start to this end
 */
export function writableBytes(k: Kernel, inode: Inode, offset: number, length: number): number {
  if (length === 0) return 0;
  const end = offset + length;
  const last = pageOf(end - 1);
  const reserves = personalityOf(k.geometry).outOfSpace === 'reserve';
  const grows = end > inode.sizeBytes;
  let left = roomFor(k);
  let reached = end;
  eachHole(inode, pageOf(offset), last, (pgoff, pages) => {
    if (reached < end) return;
    const asked = reserves && grows ? last - pgoff + 1 : pages;
    if (asked > left) reached = byteOf(reserves ? pgoff : pgoff + left);
    left -= pages;
  });
  return Math.max(0, reached - offset);
}

/**
 * Makes all of [first, last] written: holes get blocks, unwritten blocks are converted, and both
 * read as zero.
 */
function makeWritten(k: Kernel, inode: Inode, first: PgOff, last: PgOff): void {
  const unwritten: Extent[] = [];
  eachExtent(inode.extents, first, last, (extent) => {
    if (!extent.written) unwritten.push(extent);
  });
  for (const extent of unwritten) {
    const { pgoff, pages } = convertUnwritten(k, inode, extent.pgoff, extent.pages);
    dropZeroEntries(k, inode, pgoff, toPgOff(pgoff + pages - 1));
  }
  eachHole(inode, first, last, (pgoff, pages) =>
    allocateBlocks(k, inode, pgoff, pages, 'unwritten'),
  );
  let fresh = 0;
  eachExtent(inode.extents, first, last, (extent) => {
    if (extent.written) return;
    fresh += extent.pages;
    for (let page = 0; page < extent.pages; page++)
      zeroPage(k, toPfn(extent.pfn + page), 0, pageSize);
  });
  if (fresh === 0) return;
  setState(inode.extents, first, last - first + 1, 'written');
  dropZeroEntries(k, inode, first, last);
}

/** Writes past the CPU cache. The caller holds i_rwsem exclusive and has checked writableBytes. */
export function writeBytes(k: Kernel, inode: Inode, offset: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const end = offset + bytes.length;
  if (offset > inode.sizeBytes && personalityOf(k.geometry).writeZeroesTail) {
    zeroBytes(k, inode, inode.sizeBytes, Math.min(offset, byteOf(pageCeil(inode.sizeBytes))));
  }
  makeWritten(k, inode, pageOf(offset), pageOf(end - 1));
  eachExtent(inode.extents, pageOf(offset), pageOf(end - 1), (extent) => {
    for (let page = 0; page < extent.pages; page++) {
      const pageStart = byteOf(extent.pgoff + page);
      const from = Math.max(offset, pageStart);
      const to = Math.min(end, pageStart + pageSize);
      writePage(
        k,
        toPfn(extent.pfn + page),
        from - pageStart,
        bytes.subarray(from - offset, to - offset),
        'driver',
      );
    }
  });
  // Bytes that a mapping stored past the new end stay. Only a later growth of the file zeroes them,
  // on kinds with `writeZeroesTail` or `truncateUpZeroesTail`.
  if (end > inode.sizeBytes) resize(k, inode, end);
  touch(k, inode);
}

/**
 * Zeroes from byte `from` to the end of its block, because reads of the file must never show what a
 * mapping stored past EOF.
 */
export function zeroTail(k: Kernel, inode: Inode, from: number): void {
  zeroBytes(k, inode, from, byteOf(pageCeil(from)));
}

/** Zeroes [from, to), which lies in one page. A page that is not written reads as zero already. */
function zeroBytes(k: Kernel, inode: Inode, from: number, to: number): void {
  if (to <= from) return;
  const block = lookupBlock(inode.extents, pageOf(from));
  if (!isWritten(block)) return;
  zeroPage(k, blockPfn(block), from % pageSize, to - from);
}

/**
 * Zeroes the partial pages at both ends of a byte range. The caller zeroes or removes the whole
 * pages between.
 *
 *     range         |-----------------|
 *     pages   |....ZZ|......|......|ZZZZ..|
 */
export function zeroEdges(k: Kernel, inode: Inode, offset: number, end: number): void {
  const head = byteOf(pageCeil(offset));
  const tail = byteOf(pageOf(end));
  if (head > tail) {
    zeroBytes(k, inode, offset, end); // Both ends in one page.
    return;
  }
  zeroBytes(k, inode, offset, head);
  zeroBytes(k, inode, tail, end);
}
