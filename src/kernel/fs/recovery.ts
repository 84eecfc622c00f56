// The mount after a power loss: files and blocks are there, and all state in memory is lost.
// Applied transactions count as committed, which is one of the two possible outcomes of a real
// crash.
import { discardPages } from '../dev/pmem.ts';
import { removeRange } from '../lib/extent-map.ts';
import { isFree } from '../lib/free-space.ts';
import { createRunList, eachRun } from '../lib/run-list.ts';
import { createXArray } from '../lib/xarray.ts';
import { createRwSem } from '../sched/rwsem.ts';
import { createTimers } from '../sched/timers.ts';
import type { Kernel } from '../state.ts';
import { lastPage, toPgOff } from '../units.ts';
import { freeRun } from './superblock.ts';

/**
 * Clears pins, mappings, locks and queues. Frees busy and detached blocks and the blocks of
 * unlinked files. Returns the number of blocks freed.
 */
export function recover(k: Kernel): number {
  forgetMemory(k);
  let freed = 0;
  const { busy, detached } = k;
  k.busy = createRunList();
  k.busyByAge.clear();
  k.detached = createRunList();
  eachRun(busy, (run) => {
    freeRun(k, run.pfn, run.pages, 'busy', run.sinceMs);
    freed += run.pages;
  });
  if (freed > 0) k.busyGeneration += 1;
  eachRun(detached, (run) => {
    freeRun(k, run.pfn, run.pages, 'detached', run.sinceMs);
    freed += run.pages;
  });
  for (const inode of k.inodes.values()) {
    if (inode.nlink === 1) continue;
    // On Linux, the orphan list of the journal names these files.
    k.counts.extents -= inode.extents.extents;
    removeRange(inode.extents, toPgOff(0), lastPage, ({ pfn, pages }) => {
      k.counts.blocksUsed -= pages;
      freeRun(k, pfn, pages, 'inode', k.nowMs);
      freed += pages;
    });
    k.inodes.delete(inode.ino);
    k.counts.files -= 1;
  }
  // discardPages() spares pages that are pinned or dirty. None is any more, so it can now drop the
  // free ones that it spared before.
  for (const pfn of k.pmem.pages.keys()) if (isFree(k.space, pfn)) discardPages(k, pfn, 1);
  return freed;
}

function forgetMemory(k: Kernel): void {
  for (const pin of k.pins.values()) if (pin.task === 0) k.counts.pinsReleased += pin.pfns.length;
  k.pins.clear();
  k.pinsOf.clear();
  k.holders.clear();
  k.mappings.clear();
  k.anonPages.clear();
  k.frames = [];
  k.folios.clear();
  k.pageQueues.clear();
  k.pageWaiters.clear();
  k.entryQueues.clear();
  k.runnable = [];
  k.workqueue = [];
  k.timers = createTimers();
  Object.assign(k.counts, {
    pins: 0,
    pinnedPages: 0,
    mappings: 0,
    delayedFrees: 0,
    tableBytes: 0,
    frameChunks: 0,
  });
  for (const inode of k.inodes.values()) {
    inode.mappings = [];
    inode.entries = createXArray();
    inode.pmds = null;
    inode.entryLocks.clear();
    inode.users = 0;
    inode.evicting = false;
    inode.stoppedRefs = null;
    inode.iRwsem = createRwSem();
    inode.invalidateLock = createRwSem();
  }
}
