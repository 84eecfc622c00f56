// The busy list: freed blocks that must not be allocated yet. Mirrors fs/xfs/xfs_extent_busy.c,
// with the flag that Chinner called EXTENT_BUSY_DAX (2017-10-30): a run with a pinned page stays on
// the list after its transaction committed, until the last put.
import { emit } from '../emit.ts';
import { findRun, insertRun, removeRun } from '../lib/run-list.ts';
import {
  isDelayedFree,
  nextPinned,
  nextTouched,
  nextUnpinned,
  pinsOver,
  setDelayedFree,
  unsetDelayedFree,
} from '../mm/page.ts';
import { assert } from '../panic.ts';
import type { BusyRun, Inode, Kernel } from '../state.ts';
import { type Pfn, toPfn } from '../units.ts';
import { freeRun } from './superblock.ts';

/**
 * Adds freed blocks to the list, as part of a transaction. An entry that is on a transaction list
 * cannot be split later, so the run is cut here, where pinned and unpinned pages meet:
 *
 *     freed run   | . . P P . . . P |
 *     entries     |---| |=| |---| |=|
 *
 * Returns the first pfn of each entry.
 */
export function insertBusy(k: Kernel, inode: Inode, pfn: Pfn, pages: number): Pfn[] {
  const runs: Pfn[] = [];
  const end = pfn + pages;
  let start: number = pfn;
  while (start < end) {
    const pinned = pinsOver(k, toPfn(start)) > 0;
    const stop = pinned ? nextUnpinned(k, start, end) : nextPinned(k, start, end);
    const run: BusyRun = {
      pfn: toPfn(start),
      pages: stop - start,
      sinceMs: k.nowMs,
      transaction: true,
      pinned,
      ino: inode.ino,
    };
    insertRun(k.busy, run);
    k.busyByAge.add(run.pfn);
    runs.push(run.pfn);
    emit(k, 'extent.busy', inode, {
      pfn: run.pfn,
      pages: run.pages,
      reasons: reasonsOf(run),
      generation: k.busyGeneration,
    });
    if (pinned) markDelayedFree(k, inode, run.pfn, run.pages);
    start = stop;
  }
  return runs;
}

export function reasonsOf(run: BusyRun): ('transaction' | 'pinned')[] {
  const reasons: ('transaction' | 'pinned')[] = [];
  if (run.transaction) reasons.push('transaction');
  if (run.pinned) reasons.push('pinned');
  return reasons;
}

/** Marks the pages, so that the last put of each queues work for the release worker. */
export function markDelayedFree(k: Kernel, inode: Inode | null, pfn: Pfn, pages: number): void {
  for (let page: number = pfn; page < pfn + pages; page++) {
    setDelayedFree(k, toPfn(page));
    k.counts.delayedFrees += 1;
    emit(k, 'page.delayed_free', inode, { pfn: page, pins: pinsOver(k, toPfn(page)) });
  }
}

export function clearDelayedFree(k: Kernel, pfn: Pfn): void {
  if (!isDelayedFree(k, pfn)) return;
  unsetDelayedFree(k, pfn);
  k.counts.delayedFrees -= 1;
}

/**
 * The commit callback: the transaction releases its entries, and entries without pins leave the
 * list. Returns the number of blocks freed.
 */
export function commitBusy(k: Kernel, runs: readonly number[]): number {
  let freed = 0;
  for (const pfn of runs) {
    const run = findRun(k.busy, toPfn(pfn));
    assert(
      run?.transaction === true,
      'an entry stays on the busy list until its transaction commits',
    );
    run.transaction = false;
    run.pinned = isPinned(k, run.pfn, run.pages);
    if (!run.pinned) freed += eraseBusy(k, run);
  }
  if (freed > 0) k.busyGeneration += 1;
  return freed;
}

/**
 * The release worker calls this after the last put of one frame of the run. Frees the run unless
 * another frame of it is still pinned.
 */
export function releaseBusy(k: Kernel, run: BusyRun): void {
  if (run.transaction) return; // The commit callback decides.
  if (isPinned(k, run.pfn, run.pages)) return;
  eraseBusy(k, run);
  k.busyGeneration += 1;
}

export const isPinned = (k: Kernel, pfn: Pfn, pages: number): boolean =>
  nextPinned(k, pfn, pfn + pages) < pfn + pages;

/**
 * Clears the flag on all pages of a run. Skips frames that were never touched and stops when no
 * flag is left anywhere, because nearly all runs have none.
 */
export function clearDelayedFrees(k: Kernel, pfn: Pfn, pages: number): void {
  const end = pfn + pages;
  for (
    let page = nextTouched(k, pfn, end);
    page < end && k.counts.delayedFrees > 0;
    page = nextTouched(k, page + 1, end)
  )
    clearDelayedFree(k, toPfn(page));
}

function eraseBusy(k: Kernel, run: BusyRun): number {
  removeRun(k.busy, run);
  k.busyByAge.delete(run.pfn);
  clearDelayedFrees(k, run.pfn, run.pages);
  freeRun(k, run.pfn, run.pages, 'busy', run.sinceMs);
  return run.pages;
}
