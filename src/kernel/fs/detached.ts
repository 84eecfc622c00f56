// The detached list: blocks that left their inode in a committed transaction and wait, without any
// lock, until their pins are released. The call that detached them frees them, unless its wait
// ended early; then the reaper does.
import { emit } from '../emit.ts';
import { findRun, insertRun, removeRun } from '../lib/run-list.ts';
import { nextPinned, nextUnpinned, pinsOver } from '../mm/page.ts';
import { assert } from '../panic.ts';
import type { DetachedRun, Inode, Kernel } from '../state.ts';
import { type Pfn, type TaskId, toPfn } from '../units.ts';
import { clearDelayedFrees, isPinned, markDelayedFree } from './busy-extent.ts';
import { freeRun } from './superblock.ts';

export function detach(k: Kernel, inode: Inode, pfn: Pfn, pages: number, task: TaskId): void {
  insertRun(k.detached, { pfn, pages, sinceMs: k.nowMs, task, ino: inode.ino });
  emit(k, 'extent.detached', inode, { pfn, pages });
}

/** The first pinned frame of the runs, or null when all of them are idle. */
export function firstPinned(k: Kernel, runs: readonly number[]): Pfn | null {
  for (const start of runs) {
    const run = runAt(k, start);
    const pinned = nextPinned(k, run.pfn, run.pfn + run.pages);
    if (pinned < run.pfn + run.pages) return toPfn(pinned);
  }
  return null;
}

/** The second transaction: frees runs that nobody pins. Returns the number of blocks freed. */
export function freeDetached(k: Kernel, runs: readonly number[]): number {
  let freed = 0;
  for (const start of runs) {
    const run = runAt(k, start);
    removeRun(k.detached, run);
    freeRun(k, run.pfn, run.pages, 'detached', run.sinceMs);
    freed += run.pages;
  }
  return freed;
}

/**
 * Frees the idle parts of the runs. The pinned parts stay on the list for `task`, or for the reaper
 * if `task` is 0:
 *
 *     detached run   | . . P P . . . P |
 *     stays                |-|       |-|
 */
export function freeIdleParts(
  k: Kernel,
  runs: readonly number[],
  task: TaskId | 0,
): { freed: number; left: number[] } {
  const left: number[] = [];
  let freed = 0;
  for (const start of runs) {
    const run = runAt(k, start);
    removeRun(k.detached, run);
    const end = run.pfn + run.pages;
    for (let at: number = run.pfn; at < end; ) {
      const pinned = pinsOver(k, toPfn(at)) > 0;
      const stop = pinned ? nextUnpinned(k, at, end) : nextPinned(k, at, end);
      if (pinned) {
        insertRun(k.detached, { ...run, pfn: toPfn(at), pages: stop - at, task });
        left.push(at);
      } else {
        freeRun(k, toPfn(at), stop - at, 'detached', run.sinceMs);
        freed += stop - at;
      }
      at = stop;
    }
  }
  return { freed, left };
}

/**
 * No operation waits for these runs any more, so the last put of a page queues it for the reaper.
 * Returns the number of blocks that are still detached.
 */
export function handToReaper(k: Kernel, runs: readonly number[]): number {
  let pages = 0;
  for (const start of freeIdleParts(k, runs, 0).left) {
    const run = runAt(k, start);
    markDelayedFree(k, null, run.pfn, run.pages);
    pages += run.pages;
  }
  return pages;
}

/** The reaper calls this after the last put of one frame of the run. */
export function reapDetached(k: Kernel, run: DetachedRun): void {
  assert(run.task === 0, 'a run that a call still waits for is not reaped');
  if (isPinned(k, run.pfn, run.pages)) return;
  removeRun(k.detached, run);
  clearDelayedFrees(k, run.pfn, run.pages);
  freeRun(k, run.pfn, run.pages, 'detached', run.sinceMs);
}

function runAt(k: Kernel, pfn: number): DetachedRun {
  const run = findRun(k.detached, toPfn(pfn));
  assert(run !== null, 'a detached run stays on the list until it is freed');
  return run;
}
