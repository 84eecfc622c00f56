// The gauges of all filesystems, as a table with one row of numbers for each filesystem. A scrape
// reads only rows of filesystems that have changed since the last one, and updates the sums with
// them. So its cost depends on the number of changes, and of filesystems with waiters or pins, not
// on the number of all filesystems.
import type { Engine, HostedFilesystem } from '../engine/engine.ts';
import { findRun } from '../kernel/lib/run-list.ts';
import { strategies } from '../kernel/reclaim/index.ts';
import { pageSize } from '../kernel/units.ts';

const never = Number.POSITIVE_INFINITY;

/** Gauges that are added over filesystems. */
const counted = {
  filesystems: () => 1,
  stopped: ({ stopped }: HostedFilesystem) => (stopped === null ? 0 : 1),
  files: ({ kernel }: HostedFilesystem) => kernel.counts.files,
  mappings: ({ kernel }: HostedFilesystem) => kernel.counts.mappings,
  pinnedPages: ({ kernel }: HostedFilesystem) => kernel.counts.pinnedPages,
  operations: ({ kernel }: HostedFilesystem) => kernel.tasks.size,
  sleepers: ({ kernel }: HostedFilesystem) => kernel.counts.sleepers,
  delayedFrees: ({ kernel }: HostedFilesystem) => kernel.counts.delayedFrees,
  busyExtents: ({ kernel }: HostedFilesystem) => kernel.busy.runs,
  wakeups: ({ kernel }: HostedFilesystem) => kernel.counts.wakeups,
  spuriousWakeups: ({ kernel }: HostedFilesystem) => kernel.counts.spuriousWakeups,
  bucketCollisions: ({ kernel }: HostedFilesystem) => kernel.counts.bucketCollisions,
  blocksMetadata: ({ kernel }: HostedFilesystem) => kernel.geometry.blocksMetadata,
  blocksUsed: ({ kernel }: HostedFilesystem) => kernel.counts.blocksUsed,
  blocksFree: ({ kernel }: HostedFilesystem) => kernel.space.free,
  blocksBusy: ({ kernel }: HostedFilesystem) => kernel.busy.pages,
  blocksDetached: ({ kernel }: HostedFilesystem) => kernel.detached.pages,
  inbox: ({ waiting }: HostedFilesystem) => waiting,
};

/** One more sum for each reclaim strategy: the filesystems under it. */
const underStrategies = Object.fromEntries(
  [...strategies.keys()].map((name): [`under:${string}`, (of: HostedFilesystem) => number] => [
    `under:${name}`,
    ({ kernel }) => (kernel.strategy.name === name ? 1 : 0),
  ]),
);
const summed = { ...counted, ...underStrategies };

/**
 * Gauges that show the oldest of something: since when it exists, on the clock of the filesystem;
 * Infinity if there is none.
 */
const aged = {
  oldestBusyMs: oldestBusy,
  oldestPinMs: oldestPin,
  oldestWaitMs: oldestWait,
};

export type Totals = Record<
  keyof typeof counted | keyof typeof aged | 'inboxDeepest' | `under:${string}`,
  number
>;

const sums = Object.keys(summed);
const ages = Object.keys(aged);
const readers = [...Object.values(summed), ...Object.values(aged)];
const inboxAt = sums.indexOf('inbox');
/**
 * Two more columns: the clock of the filesystem, and the latest time that it can show, which for a
 * manual clock is the same.
 */
const clockAt = readers.length;
const width = clockAt + 2;
/** With more changed rows than this, they are read before the next scrape. */
const changedMax = 1024;

export class Ledger {
  readonly #rows = new Map<HostedFilesystem, number>();
  readonly #changed = new Set<HostedFilesystem>();
  readonly #unused: number[] = [];
  #used = 0;
  #table = new Float64Array(width * 16);
  /** Sums over all rows. They are whole numbers, so adding and subtracting leaves no error. */
  readonly #sums = new Float64Array(sums.length);
  /**
   * Rows with a wait, a pin or a busy block, or with waiting commands. All other rows matter only
   * for the sums.
   */
  readonly #live = new Set<number>();

  constructor(engine: Engine) {
    for (const fs of engine.all()) this.#changed.add(fs);
    engine.onChanged((fs) => {
      if (!fs.mounted) this.#drop(fs);
      else if (this.#changed.add(fs).size >= changedMax) this.#readChanged();
    });
  }

  /** The totals of all filesystems of the server. */
  all(nowMs: number): Totals {
    this.#readChanged();
    const into = new Float64Array(clockAt + 1);
    into.set(this.#sums);
    for (const row of this.#live) this.#addOldest(into, row * width, nowMs);
    return totalsIn(into);
  }

  of(filesystems: Iterable<HostedFilesystem>, nowMs: number): Totals {
    this.#readChanged();
    const into = new Float64Array(clockAt + 1);
    for (const fs of filesystems) {
      const row = this.#rows.get(fs);
      if (row === undefined) continue;
      this.#addSums(into, row * width, 1);
      this.#addOldest(into, row * width, nowMs);
    }
    return totalsIn(into);
  }

  #readChanged(): void {
    for (const fs of this.#changed) {
      let row = this.#rows.get(fs);
      if (row === undefined) {
        row = this.#newRow();
        this.#rows.set(fs, row);
      }
      this.#read(fs, row);
    }
    this.#changed.clear();
  }

  #newRow(): number {
    const free = this.#unused.pop();
    if (free !== undefined) return free;
    if ((this.#used + 1) * width > this.#table.length) {
      const wider = new Float64Array(this.#table.length * 2);
      wider.set(this.#table);
      this.#table = wider;
    }
    this.#used += 1;
    return this.#used - 1;
  }

  #drop(fs: HostedFilesystem): void {
    this.#changed.delete(fs);
    const row = this.#rows.get(fs);
    if (row === undefined) return;
    this.#rows.delete(fs);
    this.#unused.push(row);
    this.#addSums(this.#sums, row * width, -1);
    this.#live.delete(row);
    // A new filesystem in this row must begin with zeros.
    this.#table.fill(0, row * width, row * width + sums.length);
  }

  #read(fs: HostedFilesystem, row: number): void {
    const table = this.#table;
    const at = row * width;
    this.#addSums(this.#sums, at, -1);
    for (let i = 0; i < readers.length; i += 1)
      table[at + i] = (readers[i] as (of: HostedFilesystem) => number)(fs);
    this.#addSums(this.#sums, at, 1);
    const { geometry } = fs.kernel;
    // In the time of the server, because a scrape has one time for all filesystems.
    for (let i = sums.length; i < clockAt; i += 1)
      table[at + i] = (table[at + i] as number) + fs.behindMs;
    const nowMs = fs.kernel.nowMs + fs.behindMs;
    table[at + clockAt] = nowMs;
    table[at + clockAt + 1] = geometry.clock === 'manual' ? nowMs : never;
    let live = (table[at + inboxAt] as number) > 0;
    for (let i = sums.length; i < clockAt; i += 1) live ||= table[at + i] !== never;
    if (live) this.#live.add(row);
    else this.#live.delete(row);
  }

  #addSums(into: Float64Array, at: number, sign: 1 | -1): void {
    for (let i = 0; i < sums.length; i += 1)
      into[i] = (into[i] as number) + sign * (this.#table[at + i] as number);
  }

  #addOldest(into: Float64Array, at: number, nowMs: number): void {
    const table = this.#table;
    const now = Math.min(
      Math.max(table[at + clockAt] as number, nowMs),
      table[at + clockAt + 1] as number,
    );
    for (let i = sums.length; i < clockAt; i += 1)
      into[i] = Math.max(into[i] as number, now - (table[at + i] as number));
    into[clockAt] = Math.max(into[clockAt] as number, table[at + inboxAt] as number);
  }
}

function totalsIn(into: Float64Array): Totals {
  const names = [...sums, ...ages, 'inboxDeepest'] as const;
  return Object.fromEntries(names.map((name, i) => [name, into[i]])) as Totals;
}

function oldestBusy({ kernel }: HostedFilesystem): number {
  for (const pfn of kernel.busyByAge) return findRun(kernel.busy, pfn)?.sinceMs ?? never;
  return never;
}

/** Pins are in the order of their ids, so the first one is the oldest. */
function oldestPin({ kernel }: HostedFilesystem): number {
  for (const pin of kernel.pins.values()) return pin.createdMs;
  return never;
}

/** An operation that is woken and sleeps again (S07) has waited since its first sleep. */
function oldestWait({ kernel }: HostedFilesystem): number {
  let oldest = never;
  for (const id of kernel.sleepers) {
    const task = kernel.tasks.get(id);
    if (task !== undefined) oldest = Math.min(oldest, task.sleptSinceMs - task.sleptMs);
  }
  return oldest;
}

export const bytesOf = (blocks: number): number => blocks * pageSize;
