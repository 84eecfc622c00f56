// Where blocks come from and where they go. Every block is metadata, used by one file, free, busy
// or detached; the five add up to the device.
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
 * Blocks that files can still get: what is free on the device, and what the quota of the tenant
 * leaves.
 */
export function roomFor(k: Kernel): number {
  return Math.max(0, Math.min(k.space.free, k.turn.blocksMax - k.counts.blocksUsed));
}

/** ENOSPC, or EDQUOT where it is the quota that is used up. */
export function noRoom(k: Kernel, rule: string, why: string): Failure {
  const overQuota = k.turn.blocksMax - k.counts.blocksUsed < k.space.free;
  return failure(
    overQuota ? 'EDQUOT' : 'ENOSPC',
    rule,
    overQuota ? `${why} (the tenant has used up its quota of blocks)` : why,
  );
}

/**
 * Gives the hole [pgoff, pgoff + pages) of a file its blocks, near the block before it where that
 * is free. The caller has made sure that so many are free. Contents of the new blocks are whatever
 * was there: the caller zeroes what it exposes.
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
    // Where the piece covers aligned 2 MiB of the file, so that one entry can map them.
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
 * The run may be handed out again from now on. Blocks of the run that are still pinned are a bug of
 * the strategy: the machine warns.
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
 * The blocks of [first, last] are about to move to another place of a file; under a pin, that is a
 * bug of the strategy too.
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

/** The blocks of [first, last] stay where they are and read as zero from now on. */
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
 * statfs. `native` is what Linux's own statfs would say: freed blocks count as free at once, busy
 * or not; ext4 keeps some back for root.
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
