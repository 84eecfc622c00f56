// The release worker, a workqueue of Linux: what the last put of a page would do, done behind the
// step that dropped it, so that mm never calls fs.
import { findRun } from '../lib/run-list.ts';
import { isDelayedFree, pinsOver } from '../mm/page.ts';
import type { Kernel } from '../state.ts';
import type { Pfn } from '../units.ts';
import { clearDelayedFree, releaseBusy } from './busy-extent.ts';
import { reapDetached } from './detached.ts';

/** Takes one frame whose last reference dropped after its block had left the file. */
export function releaseWork(k: Kernel): void {
  const pfn = k.workqueue.shift() as Pfn;
  k.turn.stepsLeft -= 1;
  k.turn.current = 0;
  // Left over: the commit has freed the block already, and somebody else may have it and pin it by
  // now.
  if (!isDelayedFree(k, pfn) || pinsOver(k, pfn) > 0) return;
  clearDelayedFree(k, pfn);
  const busy = findRun(k.busy, pfn);
  if (busy !== null) {
    releaseBusy(k, busy);
    return;
  }
  const detached = findRun(k.detached, pfn);
  if (detached !== null) reapDetached(k, detached);
}
