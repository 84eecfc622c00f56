// The gauges of all filesystems of a scrape, summed in one pass over what each kernel counts anyway: never a walk over its extents.
import type { Hosted } from '../engine/engine.ts';
import { findRun } from '../kernel/fs/run-list.ts';
import type { Kernel } from '../kernel/state.ts';
import { pageSize } from '../kernel/units.ts';

export interface Totals {
  filesystems: number;
  stopped: number;
  files: number;
  mappings: number;
  pins: number;
  pinnedPages: number;
  operations: number;
  sleepers: number;
  oldestWaitMs: number;
  delayedFrees: number;
  busyExtents: number;
  oldestBusyMs: number;
  oldestPinMs: number;
  wakeups: number;
  spuriousWakeups: number;
  bucketCollisions: number;
  /** Blocks of all devices by what they are. */
  blocks: { metadata: number; used: number; free: number; busy: number; detached: number };
  inbox: number;
  inboxDeepest: number;
}

export function totalsOf(filesystems: Iterable<Hosted>, nowMs: number): Totals {
  const totals: Totals = {
    filesystems: 0,
    stopped: 0,
    files: 0,
    mappings: 0,
    pins: 0,
    pinnedPages: 0,
    operations: 0,
    sleepers: 0,
    oldestWaitMs: 0,
    delayedFrees: 0,
    busyExtents: 0,
    oldestBusyMs: 0,
    oldestPinMs: 0,
    wakeups: 0,
    spuriousWakeups: 0,
    bucketCollisions: 0,
    blocks: { metadata: 0, used: 0, free: 0, busy: 0, detached: 0 },
    inbox: 0,
    inboxDeepest: 0,
  };
  for (const fs of filesystems) add(totals, fs, nowMs);
  return totals;
}

function add(totals: Totals, { kernel, waiting, stopped }: Hosted, nowMs: number): void {
  const { counts, geometry, busy, detached, space } = kernel;
  totals.filesystems += 1;
  if (stopped !== null) totals.stopped += 1;
  totals.files += counts.files;
  totals.mappings += counts.mappings;
  totals.pins += counts.pins;
  totals.pinnedPages += counts.pinnedPages;
  totals.operations += kernel.tasks.size;
  totals.sleepers += counts.sleepers;
  totals.delayedFrees += counts.delayedFrees;
  totals.busyExtents += busy.runs;
  totals.wakeups += counts.wakeups;
  totals.spuriousWakeups += counts.spuriousWakeups;
  totals.bucketCollisions += counts.bucketCollisions;
  const { blocks } = totals;
  blocks.metadata += geometry.blocksMetadata;
  blocks.used += counts.blocksUsed;
  blocks.free += space.free;
  blocks.busy += busy.pages;
  blocks.detached += detached.pages;
  totals.inbox += waiting;
  totals.inboxDeepest = Math.max(totals.inboxDeepest, waiting);
  if (busy.runs === 0 && counts.sleepers === 0 && counts.pins === 0) return;
  const now = geometry.clock === 'manual' ? kernel.nowMs : Math.max(kernel.nowMs, nowMs);
  totals.oldestBusyMs = Math.max(totals.oldestBusyMs, now - oldestBusy(kernel, now));
  totals.oldestPinMs = Math.max(totals.oldestPinMs, now - oldestPin(kernel, now));
  totals.oldestWaitMs = Math.max(totals.oldestWaitMs, now - oldestWait(kernel, now));
}

function oldestBusy(k: Kernel, now: number): number {
  for (const pfn of k.busyByAge) return findRun(k.busy, pfn)?.sinceMs ?? now;
  return now;
}

/** Pins are in the order of their ids. */
function oldestPin(k: Kernel, now: number): number {
  for (const pin of k.pins.values()) return pin.createdMs;
  return now;
}

function oldestWait(k: Kernel, now: number): number {
  for (const id of k.sleepers) return k.tasks.get(id)?.sleptSinceMs ?? now;
  return now;
}

export const bytesOf = (blocks: number): number => blocks * pageSize;
