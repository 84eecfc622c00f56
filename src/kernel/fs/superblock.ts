// Allocation and freeing of blocks. Every block is metadata, used by one file, free, busy or
// detached; the five counts add up to the device.
import { discardPages } from '../dev/pmem.ts';
import { emit } from '../emit.ts';
import { type Failure, failure } from '../errno.ts';
import { eachExtent, insertExtent, previousExtent } from '../lib/extent-map.ts';
import { giveRun, takeAligned, takeRun } from '../lib/free-space.ts';
import { nextPinned, pinsOf } from '../mm/page.ts';
import { pagesPerPmd, pmdOf } from '../mm/pmd.ts';
import type { Inode, Kernel } from '../state.ts';
import { byteOf, lastPage, type Pfn, type PgOff, pageSize, toPfn, toPgOff } from '../units.ts';
import { personalityOf } from './personality/index.ts';

/** A superblock and a bitmap block for every 128 MiB group. */
export function metadataBlocks(blocks: number): number {
  return 1 + Math.ceil(blocks / 32768);
}

/**
 * How many blocks files can still get: the free blocks of the device, or what the quota of the
 * tenant leaves if that is less.
 */
export function roomFor(k: Kernel): number {
  return Math.max(0, Math.min(k.space.free, k.turn.blocksMax - k.counts.blocksUsed));
}

/** EDQUOT if the quota is the smaller of the two bounds, otherwise ENOSPC. */
export function noRoom(k: Kernel, rule: string, why: string): Failure {
  const overQuota = k.turn.blocksMax - k.counts.blocksUsed < k.space.free;
  return failure(
    overQuota ? 'EDQUOT' : 'ENOSPC',
    rule,
    overQuota ? `${why} (the tenant has used up its quota of blocks)` : why,
  );
}

/**
 * Allocates blocks for the hole [pgoff, pgoff + pages) of a file, if possible right after the
 * blocks of the extent before it. The caller has checked that enough blocks are free. New blocks
 * are not zeroed: the caller zeroes what it makes readable.
 */
export function allocateBlocks(
  k: Kernel,
  inode: Inode,
  pgoff: PgOff,
  pages: number,
  state: 'written' | 'unwritten',
): void {
  const written = state === 'written';
  let at: number = pgoff;
  let left = pages;
  while (left > 0) {
    const before = previousExtent(inode.extents, toPgOff(at));
    const hint =
      before === null ? toPfn(0) : toPfn((before.pfn + before.pages) % k.geometry.blocks);
    // If the piece covers aligned 2 MiB of the file, try an aligned run, so that one 2 MiB entry
    // can map it.
    const aligned = pmdOf(toPgOff(at + pagesPerPmd - 1)) + pagesPerPmd <= at + left;
    const run =
      (aligned ? takeAligned(k.space, hint, at, left) : null) ?? takeRun(k.space, hint, left);
    if (run === null)
      throw new RangeError('allocateBlocks: the caller checks that enough blocks are free');
    insertExtent(inode.extents, { pgoff: toPgOff(at), pfn: run.pfn, pages: run.pages, written });
    k.counts.blocksUsed += run.pages;
    emit(k, 'extent.allocated', inode, {
      offset: byteOf(at),
      length: run.pages * pageSize,
      pfn: run.pfn,
      pages: run.pages,
      written,
    });
    at += run.pages;
    left -= run.pages;
  }
}

/**
 * Makes the run free for allocation. A block of it that is still pinned is a bug of the strategy,
 * so the machine warns.
 */
export function freeRun(
  k: Kernel,
  pfn: Pfn,
  pages: number,
  from: 'inode' | 'busy' | 'detached',
  sinceMs: number,
): void {
  giveRun(k.space, pfn, pages);
  emit(k, 'extent.freed', null, { pfn, pages, from, waitedMs: k.nowMs - sinceMs });
  warnOfPins(
    k,
    pfn,
    pages,
    'block freed under',
    'the next owner of the block shares it with a device',
  );
  discardPages(k, pfn, pages);
}

/**
 * Call this before blocks of [first, last] move to another offset or file. A pinned one is a bug of
 * the strategy too.
 */
export function warnOfMove(k: Kernel, inode: Inode, first: PgOff, last: PgOff = lastPage): void {
  eachExtent(inode.extents, first, last, ({ pfn, pages }) => {
    warnOfPins(
      k,
      pfn,
      pages,
      'block moved under',
      'the device goes on with it at another offset of the file',
    );
  });
}

/** Call this when blocks of [first, last] stay in the file but read as zero from now on. */
export function warnOfZeroing(k: Kernel, inode: Inode, first: PgOff, last: PgOff): void {
  eachExtent(inode.extents, first, last, ({ pfn, pages }) => {
    warnOfPins(
      k,
      pfn,
      pages,
      'block zeroed under',
      'what the device writes there from now on is lost to the file',
    );
  });
}

function warnOfPins(k: Kernel, pfn: Pfn, pages: number, what: string, why: string): void {
  const end = pfn + pages;
  for (let page = nextPinned(k, pfn, end); page < end; page = nextPinned(k, page + 1, end)) {
    const pins = pinsOf(k, toPfn(page));
    if (pins === 0) continue;
    const text = `${what} ${pins} pin(s): ${why}`;
    emit(k, 'warning.raised', null, {
      where: 'fs/dax.c dax_disassociate_entry',
      text,
      pfn: toPfn(page),
    });
  }
}

/**
 * statfs. `native` is what Linux's own statfs reports: it counts freed blocks as free at once, busy
 * or not, and on ext4 some are reserved for root.
 */
export function spaceOf(k: Kernel) {
  const { blocks, blocksMetadata } = k.geometry;
  const free = k.space.free + k.busy.pages;
  const reserved = Math.floor((blocks * personalityOf(k.geometry).rootReservePercent) / 100);
  return {
    blockSizeBytes: pageSize,
    blocks,
    blocksMetadata,
    blocksUsed: k.counts.blocksUsed,
    blocksFree: k.space.free,
    blocksBusy: k.busy.pages,
    blocksDetached: k.detached.pages,
    native: {
      f_blocks: blocks - blocksMetadata,
      f_bfree: free,
      f_bavail: Math.max(0, free - reserved),
    },
  };
}
