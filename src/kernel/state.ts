// The types of all records of a machine. They are plain data, so that structuredClone, a snapshot
// or another process gets the same machine. Records refer to each other by number (ino, pfn, task
// id), never by pointer.
import type { Failure } from './errno.ts';
import type { KernelEvent } from './events.ts';
import type { ExtentMap } from './lib/extent-map.ts';
import type { FreeSpace } from './lib/free-space.ts';
import type { Run, RunList } from './lib/run-list.ts';
import type { XArray } from './lib/xarray.ts';
import type { Ino, MapId, Pfn, PgOff, PinId, TaskId } from './units.ts';

export const filesystemKinds = ['xfs', 'ext4', 'ext2', 'btrfs'] as const;
export type Kind = (typeof filesystemKinds)[number];
export type LinuxVersion = (typeof linuxVersions)[number];
/**
 * When a page counts as idle, in terms of the two derived reference counts: classic `1 + pins`,
 * modern `pins + mapcount`.
 */
export type IdleRule = 'classic' | 'modern' | 'fixed';
export type Access = 'read' | 'write';
export type LockName = 'i_rwsem' | 'invalidate_lock';
export type LockMode = 'shared' | 'exclusive';
/**
 * The kinds of users that pin pages on Linux. The schema of `pin` and the metrics use this list.
 */
export const pinKinds = ['direct-io', 'vmsplice', 'rdma', 'v4l2', 'vfio', 'io-uring'] as const;
export const eventDetails = ['standard', 'detailed'] as const;
export type EventDetail = (typeof eventDetails)[number];
export type PinKind = (typeof pinKinds)[number];
export const linuxVersions = ['6.12', '7.3'] as const;

export interface StrategyChoice {
  name: string;
  /** Parsed by the strategy's own schema, defaults filled in. */
  options: Record<string, unknown>;
}

export interface DirtyPage {
  /** The bytes of the medium. Only those of dirty lines are valid. */
  medium: Uint8Array;
  /** One bit for each 64-byte line, 32 bits in each number. */
  lines: [number, number];
}

/** The device. A page gets memory at its first write. */
export interface Pmem {
  /** Contents. A page without an entry is zero. */
  pages: Map<Pfn, Uint8Array>;
  /**
   * The number of the entry that last changed each chunk, so that a snapshot writes only chunks
   * that changed since the one before.
   */
  chunkSeqs: (number | undefined)[];
  /** Pages with lines that are dirty in a CPU cache. */
  dirty: Map<Pfn, DirtyPage>;
  dirtyLines: number;
  /** Sectors of 512 bytes that cannot be read. */
  badSectors: Set<number>;
}

/** Set by mkfs for the life of the filesystem. */
export interface Geometry {
  name: string;
  kind: Kind;
  kernel: LinuxVersion;
  sizeBytes: number;
  /** All blocks of the namespace; block and page are the same 4 KiB. */
  blocks: number;
  blocksMetadata: number;
  waitqueue: { buckets: number; keyed: boolean };
  clock: 'realtime' | 'manual';
  scheduler: 'auto' | 'stepped';
  persistenceDomain: 'adr' | 'eadr';
  /**
   * `detailed`: lock.acquired, lock.released and, with a stepped scheduler, task.step too. Absent in
   * snapshots of an older release, which had none of them.
   */
  events?: EventDetail;
  /**
   * A page under a 2 MiB mapping entry is pinned, and becomes idle, together with its whole folio,
   * as in Linux from 6.15 on.
   */
  folioGranularity: boolean;
  /**
   * ext4: how much of an unwritten extent a write may zero and convert beside itself; 0 is nothing.
   */
  extentMaxZerooutKb: number;
}

/**
 * Limits of one machine. They are part of the state, so that a replay uses the same ones. mkfs sets
 * them from `config.ts`.
 */
export type KernelLimits = Record<keyof typeof kernelLimitTable, number>;

/** One row for each limit: the setting of `config.ts` that it is set from. */
export const kernelLimitTable = {
  tasks: 'tasksMax',
  endedOperations: 'endedOperationsMax',
  endedOperationMs: 'endedOperationMs',
  extentsPerFile: 'extentsPerFileMax',
  pagesPerPin: 'pagesPerPinMax',
  /** Page references that all pins of the filesystem hold. */
  pinnedReferences: 'pinnedReferencesMax',
  /** Private copies of pages, in ordinary memory. */
  anonPages: 'anonPagesMax',
  bytesPerRead: 'contentBytesMax',
  /**
   * Steps that one entry of the log runs, because an entry must not block the other filesystems.
   * The next entry runs the rest.
   */
  stepsPerApply: 'stepsPerApplyMax',
} as const;

/** Updated with each change. Metrics and quotas read them; the invariants compute them again. */
export interface Counts {
  files: number;
  mappings: number;
  pins: number;
  pinnedPages: number;
  pinsAcquired: number;
  pinsReleased: number;
  sleepers: number;
  blocksUsed: number;
  delayedFrees: number;
  wakeups: number;
  spuriousWakeups: number;
  bucketCollisions: number;
  /**
   * Read by memory.ts, which must not walk the records: bytes of page tables and mapping entries,
   * extents, chunks of frames, and bytes of data that running operations carry.
   */
  tableBytes: number;
  extents: number;
  frameChunks: number;
  dataBytes: number;
}

export interface RwSem {
  writer: TaskId | 0;
  readers: TaskId[];
  /** In the order of arrival. A reader that comes while a writer is queued waits. */
  queue: { task: TaskId; mode: LockMode }[];
}

export interface Inode {
  ino: Ino;
  /** unlink does not clear it, so that events and views can name an orphan. */
  name: string;
  nlink: 0 | 1;
  generation: number;
  /** Increases with every change of content, size or layout. The strong ETag contains it. */
  version: number;
  sizeBytes: number;
  createdMs: number;
  modifiedMs: number;
  extents: ExtentMap;
  /** DAX mapping entries (i_pages): pgoff → entry, see mm/pagetable.ts for the encoding. */
  entries: XArray;
  /**
   * The first page, a multiple of 512, of each 2 MiB entry. `entries` also has its 512 pages one by
   * one. null: there is no such entry.
   */
  pmds: Set<PgOff> | null;
  /**
   * The locked entries, each with the task that locked it; a 2 MiB entry by its first page. There
   * is rarely more than one.
   */
  entryLocks: Map<PgOff, TaskId>;
  /** i_mmap: the mappings of this file, ascending. */
  mappings: MapId[];
  /** Operations that hold the file open. */
  users: number;
  /** True once eviction has begun. */
  evicting: boolean;
  /**
   * Pages to which wait-for-refs allows no new references while it waits for the existing ones. Its
   * task holds both locks exclusive.
   */
  stoppedRefs: { first: PgOff; last: PgOff } | null;
  iRwsem: RwSem;
  invalidateLock: RwSem;
}

export interface Mapping {
  id: MapId;
  ino: Ino;
  first: PgOff;
  pages: number;
  access: 'read' | 'read-write';
  /** MAP_SHARED; otherwise the first write to a page copies it. */
  shared: boolean;
  sync: boolean;
  owner: string | null;
  createdMs: number;
  /** The page table: page of the mapping → PTE, see mm/pagetable.ts for the encoding. */
  ptes: XArray;
  /**
   * The first file page of each 2 MiB entry in the page table. `ptes` also has its 512 pages one by
   * one. null: there is no such entry.
   */
  pmds: Set<PgOff> | null;
  /**
   * The first file page of each 2 MiB for which a page table of 4 KiB entries was made, if the
   * mapping covers all of the 2 MiB. Absent: there is none.
   */
  tables?: Set<PgOff>;
}

export interface Pin {
  id: PinId;
  mapping: MapId;
  ino: Ino;
  owner: string | null;
  kind: PinKind;
  access: Access;
  longterm: boolean;
  /** Byte of the mapping at which the range begins. */
  offset: number;
  first: PgOff;
  /** Byte of the first page at which the range begins. */
  offsetInPage: number;
  lengthBytes: number;
  /**
   * One for each page, ascending from `first`. A negative number is a page without a block, see
   * mm/anon.ts.
   */
  pfns: number[];
  createdMs: number;
  /** When a timer unpins it; 0 is never. */
  untilMs: number;
  /** The get_user_pages call that is still collecting; 0 once it returned. */
  task: TaskId | 0;
}

/** Counts that the 512 frames of a 2 MiB entry share, with `folioGranularity`. */
export interface Folio {
  pins: number;
  /** Page-table entries; one of 2 MiB counts once. */
  mapcount: number;
  /** True while the mapping entry exists. Without it the folio stays until its last put. */
  entry: boolean;
}

/** A page of ordinary memory. */
export interface AnonPage {
  bytes: Uint8Array;
  /** Page-table entries and pins. */
  references: number;
}

/** A run of freed blocks that must not be allocated yet: the busy list of a filesystem. */
export interface BusyRun extends Run {
  sinceMs: number;
  transaction: boolean;
  pinned: boolean;
  /** The file that the blocks left. Absent in snapshots of an older release, as in DetachedRun. */
  ino?: Ino;
}

/** Blocks that left their inode and wait for their last put. `task` frees them; 0 is the reaper. */
export interface DetachedRun extends Run {
  sinceMs: number;
  task: TaskId | 0;
  ino?: Ino;
}

export type Sleep =
  /** `ino` is the file of the page, if it is not the file of the task. */
  | { on: 'page'; pfn: Pfn; pgoff: PgOff; bucket: number; ino?: Ino }
  | { on: 'lock'; ino: Ino; lock: LockName; mode: LockMode }
  | { on: 'entry'; ino: Ino; pgoff: PgOff; bucket: number }
  /**
   * On Linux this task does not sleep: it checks a pinned page of a second file again and again.
   * Here it checks once for each entry of the log, see sched/spin.ts.
   */
  | { on: 'spin'; pfn: Pfn; pgoff: PgOff; retries: number; ino?: Ino };

export interface Waiter {
  task: TaskId;
  /** What a keyed wake-up compares: the pfn, or the pgoff in the entry table. */
  key: number;
  ino: Ino | 0;
  exclusive: boolean;
}

/** The locals of the run loop in each task. The operation adds its own, see `TaskOf`. */
export interface TaskLocals {
  /** The number of the operation that the command acts on. */
  operation?: number;
  /** Cycles that were reported for a spinning task, so that none is reported at each retry. */
  cyclesTold?: string[];
  /** The cycle to report when the task ends with EDEADLK. */
  cycle?: string[];
}

/**
 * A call in flight. It is plain data with no closure, so it can sleep through a snapshot and a
 * restart.
 */
export interface Task {
  id: TaskId;
  op: string;
  owner: string | null;
  ino: Ino | 0;
  /** The second file of an exchange or a rename, which the task also uses. */
  otherIno: Ino | 0;
  mapping: MapId | 0;
  pin: PinId | 0;
  args: unknown;
  data: Uint8Array | null;
  locals: TaskLocals;
  step: string;
  /**
   * `preparing` is Linux's "set the sleeping state, then test": a wake-up in between makes the
   * sleep a no-op.
   */
  state: 'runnable' | 'preparing' | 'sleeping';
  sleep: Sleep | null;
  /**
   * True in state S, where a signal ends the sleep; false in state D. Valid only during a sleep.
   */
  interruptible: boolean;
  /** Set by a wake-up, cleared before the next sleep. */
  woken: boolean;
  signal: 'none' | 'interrupt' | 'restart' | 'deadlock';
  locks: { ino: Ino; lock: LockName; mode: LockMode; sinceMs: number }[];
  nowait: boolean;
  failOnDeadlock: boolean;
  /** Retain the record after the end, because it slept or its caller asked with respond-async. */
  keep: boolean;
  submittedMs: number;
  /** The number of the log entry that submitted it. */
  entry: number;
  sleptSinceMs: number;
  sleptMs: number;
  wakeups: number;
  /** When a timer sends it a signal; 0 is never. */
  timeoutAtMs: number;
}

export type Outcome = { ok: true; result: unknown } | { ok: false; failure: Failure };

export interface EndedOperation {
  id: TaskId;
  op: string;
  owner: string | null;
  file: string | null;
  ino?: Ino | 0;
  state: 'done' | 'failed' | 'cancelled';
  outcome: Outcome;
  submittedMs: number;
  entry: number;
  endedMs: number;
  sleptMs: number;
  wakeups: number;
}

export interface Timer {
  atMs: number;
  kind: 'pin' | 'timeout';
  id: number;
}

/** See sched/timers.ts. */
export interface Timers {
  /**
   * A binary heap of the times in `at`. It may also have times that were removed from `at`, but
   * never as its first.
   */
  times: number[];
  at: Map<number, Map<string, Timer>>;
}

/** The scalar fields of a machine: the first record of its snapshot. */
export interface KernelHead {
  geometry: Geometry;
  limits: KernelLimits;
  strategy: StrategyChoice;
  /**
   * Increases when the strategy changes, so that a task that slept under the old one scans again.
   */
  strategySeq: number;
  idleRule: IdleRule;
  nowMs: number;
  /** The number of the last entry applied. */
  seq: number;
  eventSeq: number;
  nextIno: number;
  nextMapping: number;
  nextPin: number;
  nextTask: number;
  nextAnon: number;
  nextGeneration: number;
  busyGeneration: number;
  counts: Counts;
  /**
   * The time that the clock moves to. Between two entries it is 0, unless an entry had too few
   * steps for all timers before that time.
   */
  advanceToMs: number;
}

export interface Kernel extends KernelHead {
  pmem: Pmem;
  /** struct page, in chunks of 512: see mm/page.ts for the fields. */
  frames: (Int32Array | undefined)[];
  /** Folios of 2 MiB by pfn / 512; empty without `folioGranularity`. */
  folios: Map<number, Folio>;
  anonPages: Map<Pfn, AnonPage>;
  space: FreeSpace;
  busy: RunList<BusyRun>;
  /** The first pfn of each busy run, oldest run first. */
  busyByAge: Set<Pfn>;
  detached: RunList<DetachedRun>;

  inodes: Map<Ino, Inode>;
  names: Map<string, Ino>;
  mappings: Map<MapId, Mapping>;
  pins: Map<PinId, Pin>;
  /** The pins on each frame. A single pin, the usual case, needs no array. */
  holders: Map<Pfn, PinId | PinId[]>;

  tasks: Map<TaskId, Task>;
  /** Sleeping tasks, the longest sleeper first. */
  sleepers: Set<TaskId>;
  /**
   * The sleeping tasks of each owner. An owner is one thread, so it unpins nothing while it sleeps.
   */
  sleepersOf: Map<string, TaskId[]>;
  /** How many pins each owner holds. */
  pinsOf: Map<string, number>;
  runnable: TaskId[];
  /** Tasks that spin. Each retries when the next entry is applied. */
  spinning: TaskId[];
  ended: Map<TaskId, EndedOperation>;
  /** Page waitqueues by bucket, in arrival order. An empty bucket has no entry. */
  pageQueues: Map<number, Map<TaskId, Waiter>>;
  /**
   * The number of waiters of each page. A put must not walk a long bucket to learn that nobody
   * waits for its page.
   */
  pageWaiters: Map<Pfn, number>;
  entryQueues: Map<number, Map<TaskId, Waiter>>;
  /**
   * The release worker's queue: frames whose last reference dropped after their block left the
   * file.
   */
  workqueue: Pfn[];
  timers: Timers;

  turn: Turn;
}

/** State of one `apply`, blank between two. */
export interface Turn {
  /** How many blocks the files may own: the quota of the tenant, or Infinity. */
  blocksMax: number;
  /**
   * The rest of `stepsPerApply`. A heavy step counts as more than one, so the last step may bring
   * it below 0.
   */
  stepsLeft: number;
  /** The task whose step runs; 0 for the worker and the clock. */
  current: TaskId | 0;
  /** The name of its operation, because a task that has ended still emits events. */
  op: string | null;
  events: KernelEvent[];
  replies: Reply[];
  /** Requests of the operation to the run loop. `step` 0 is the release worker. */
  pending: {
    advanceToMs: number;
    step: TaskId | 0 | null;
    unmounted: boolean;
    endAll: Failure | null;
  };
}

/** The request of one log entry. */
export interface Command {
  op: string;
  on: Target;
  args: unknown;
  data?: Uint8Array;
  owner?: string;
  nowait?: boolean;
  timeoutMs?: number;
  failOnDeadlock?: boolean;
  /** Retain the record of the operation after its end. */
  keep?: boolean;
  /**
   * The file must have one of these ETags when the operation begins. The ETag of a filesystem is
   * the number of the entry before. `*` matches any.
   */
  ifMatch?: string | readonly string[];
  /** The same, but the file must have none of these. */
  ifNoneMatch?: string | readonly string[];
}

/**
 * The thing that a command acts on, by the name that the client gave. Ids are the numbers behind
 * `map_`, `pin_`, `op_`.
 */
export interface Target {
  file?: string;
  mapping?: number;
  pin?: number;
  operation?: number;
}

export interface Entry {
  seq: number;
  timeMs: number;
  command: Command | null;
  /**
   * How many blocks the files of this filesystem may own together under the tenant's quota. Absent:
   * no bound.
   */
  blocksMax?: number;
}

export interface Reply {
  task: TaskId;
  outcome: Outcome;
}

/** The result of `apply`. Deliver the events first, then the replies. */
export interface Effects {
  /** umount was done: drop the kernel. */
  unmounted: boolean;
  /** The operation of the command; 0 if the entry only moved the clock. */
  task: TaskId | 0;
  /** Every operation that ended: the new one, or older ones that slept. */
  replies: Reply[];
  events: KernelEvent[];
}
