// The release worker, a workqueue on Linux. It does the work of a last put after the step that
// dropped the reference, because mm/ must not call fs/.
import { setRunning } from '../emit.ts';
import { findRun } from '../lib/run-list.ts';
import { isDelayedFree, pinsOver } from '../mm/page.ts';
import type { Kernel } from '../state.ts';
import type { Pfn } from '../units.ts';
import { clearDelayedFree, releaseBusy } from './busy-extent.ts';
import { reapDetached } from './detached.ts';

/** Handles one frame whose last reference dropped after its block had left the file. */
export function releaseWork(k: Kernel): void {
  const pfn = k.workqueue.shift() as Pfn;
  k.turn.stepsLeft -= 1;
  setRunning(k, null);
  // The commit may have freed the block since, and its next owner may have pinned it.
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
