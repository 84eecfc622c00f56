// The headers: every record of the machine. All of it is plain data, so that structuredClone, a
// snapshot or another process gets the same machine. Records refer to each other by number (ino,
// pfn, task id), never by pointer.
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
/** Who pins pages on Linux. The schema of `pin` and the metrics take this list. */
export const pinKinds = ['direct-io', 'vmsplice', 'rdma', 'v4l2', 'vfio', 'io-uring'] as const;
export type PinKind = (typeof pinKinds)[number];
export const linuxVersions = ['6.12', '7.3'] as const;

export interface StrategyChoice {
  name: string;
  /** Parsed by the strategy's own schema, defaults filled in. */
  options: Record<string, unknown>;
}

export interface DirtyPage {
  /** What the medium has; only the dirty lines of it mean anything. */
  medium: Uint8Array;
  /** A bit a 64-byte line, 32 a number. */
  lines: [number, number];
}

/** The device. Pages are made on first touch. */
export interface Pmem {
  /** Contents. A page that is not there is zero. */
  pages: Map<Pfn, Uint8Array>;
  /**
   * For each chunk the entry that changed it last, so that a snapshot writes only chunks that
   * changed since the one before.
   */
  chunkSeqs: (number | undefined)[];
  /** Pages with lines that are dirty in a CPU cache. */
  dirty: Map<Pfn, DirtyPage>;
  dirtyLines: number;
  /** Sectors of 512 bytes that cannot be read. */
  badSectors: Set<number>;
}

/** What mkfs fixes for the life of the filesystem. */
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
   * A page under a 2 MiB mapping entry is pinned, and idle, with its whole folio, as from Linux
   * 6.15 on.
   */
  folioGranularity: boolean;
  /** ext4: a write may zero and convert so much of an unwritten extent beside it; 0 is never. */
  extentMaxZerooutKb: number;
}

/**
 * Bounds of one machine; they are part of the state so that a replay meets the same ones. Set from
 * `config.ts` by mkfs.
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

/** Counted as things happen; metrics and quotas read them, the invariants recount them. */
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
   * What memory.ts needs to know without a walk: of page tables and mapping entries, of extents, of
   * the frames, and of bytes on their way.
   */
  tableBytes: number;
  extents: number;
  frameChunks: number;
  dataBytes: number;
}

export interface RwSem {
  writer: TaskId | 0;
  readers: TaskId[];
  /** First come, first served: a reader behind a queued writer waits. */
  queue: { task: TaskId; mode: LockMode }[];
}

export interface Inode {
  ino: Ino;
  /** Kept after unlink, so that events and views can name an orphan. */
  name: string;
  nlink: 0 | 1;
  generation: number;
  /** Moves with every change of content, size or layout; the strong ETag is made of it. */
  version: number;
  sizeBytes: number;
  createdMs: number;
  modifiedMs: number;
  extents: ExtentMap;
  /** DAX mapping entries (i_pages): pgoff → entry, see mm/pagetable.ts for the encoding. */
  entries: XArray;
  /**
   * Where one entry of 2 MiB stands: its first page, a multiple of 512. `entries` has the 512 of it
   * one by one. null: nowhere.
   */
  pmds: Set<PgOff> | null;
  /**
   * Entries that are locked, and by whom: a 2 MiB entry by its first page. Rarely more than one.
   */
  entryLocks: Map<PgOff, TaskId>;
  /** i_mmap: the mappings of this file, ascending. */
  mappings: MapId[];
  /** Operations that hold the file open. */
  users: number;
  /** True from the moment that eviction began. */
  evicting: boolean;
  /**
   * Pages to which wait-for-refs allows no new references while it waits for the old ones. Its task
   * holds both locks exclusive.
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
   * Where the page table has an entry of 2 MiB: page of the file. `ptes` has the 512 of it one by
   * one. null: nowhere.
   */
  pmds: Set<PgOff> | null;
  /**
   * Where a page table of 4 KiB entries was made under 2 MiB that the mapping covers: their first
   * pages. Absent: nowhere.
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
  /** One a page, ascending from `first`; negative is a page that has no block, see mm/anon.ts. */
  pfns: number[];
  createdMs: number;
  /** When a timer unpins it; 0 is never. */
  untilMs: number;
  /** The get_user_pages call that is still collecting; 0 once it returned. */
  task: TaskId | 0;
}

/** What the 512 frames of a 2 MiB entry count together, with `folioGranularity`. */
export interface Folio {
  pins: number;
  /** Page-table entries; one of 2 MiB counts once. */
  mapcount: number;
  /** The mapping entry still stands. Without it the folio lasts until its last put. */
  entry: boolean;
}

/** A page of ordinary memory. */
export interface AnonPage {
  bytes: Uint8Array;
  /** Page-table entries and pins. */
  references: number;
}

/** A run of freed blocks that must not be handed out: the busy list of a filesystem. */
export interface BusyRun extends Run {
  sinceMs: number;
  transaction: boolean;
  pinned: boolean;
  /** The file that they left. Absent in snapshots of an older release, as in DetachedRun. */
  ino?: Ino;
}

/**
 * Blocks that left their inode and wait for their pins. `task` frees them; 0 means the reaper does.
 */
export interface DetachedRun extends Run {
  sinceMs: number;
  task: TaskId | 0;
  ino?: Ino;
}

export type Sleep =
  /** `ino`: whose page it is, where that is not the task's own file. */
  | { on: 'page'; pfn: Pfn; pgoff: PgOff; bucket: number; ino?: Ino }
  | { on: 'lock'; ino: Ino; lock: LockName; mode: LockMode }
  | { on: 'entry'; ino: Ino; pgoff: PgOff; bucket: number }
  /**
   * Not asleep on Linux: it looks at a pinned page of a second file again and again. Here once an
   * entry of the log, see sched/spin.ts.
   */
  | { on: 'spin'; pfn: Pfn; pgoff: PgOff; retries: number; ino?: Ino };

export interface Waiter {
  task: TaskId;
  /** What a keyed wake-up compares: the pfn, or the pgoff in the entry table. */
  key: number;
  ino: Ino | 0;
  exclusive: boolean;
}

/** What the run loop remembers of a task, beside what its operation does; see `TaskOf`. */
export interface TaskLocals {
  /** The number of the operation that the command acts on. */
  operation?: number;
  /** Cycles that were reported for a task that spins, so that each is reported once. */
  cyclesTold?: string[];
  /** The cycle for which it ends with EDEADLK. */
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
  /** The other file of an exchange, which it uses too. */
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
  /** S can be interrupted by a signal, D cannot. Meaningful while asleep. */
  interruptible: boolean;
  /** Set by a wake-up, cleared when the task looks. */
  woken: boolean;
  signal: 'none' | 'interrupt' | 'restart' | 'deadlock';
  locks: { ino: Ino; lock: LockName; mode: LockMode; sinceMs: number }[];
  nowait: boolean;
  failOnDeadlock: boolean;
  /** Keep its record after the end, because it slept or its caller asked with respond-async. */
  keep: boolean;
  submittedMs: number;
  /** The entry of the log that it was. */
  entry: number;
  sleptSinceMs: number;
  sleptMs: number;
  wakeups: number;
  /** When a signal ends it, 0 for never. */
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
   * A binary heap of the times in `at`, and of some that are no longer there. The first is there.
   */
  times: number[];
  at: Map<number, Map<string, Timer>>;
}

/** The numbers and choices of a machine: the first record of its snapshot. */
export interface KernelHead {
  geometry: Geometry;
  limits: KernelLimits;
  strategy: StrategyChoice;
  /** Moves when the strategy changes: who sleeps under an older one looks again from the start. */
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
  /** First pfn of each busy run by age: the first is the oldest. */
  busyByAge: Set<Pfn>;
  detached: RunList<DetachedRun>;

  inodes: Map<Ino, Inode>;
  names: Map<string, Ino>;
  mappings: Map<MapId, Mapping>;
  pins: Map<PinId, Pin>;
  /** Who holds a frame. A single holder, which is nearly always so, costs no array. */
  holders: Map<Pfn, PinId | PinId[]>;

  tasks: Map<TaskId, Task>;
  /** Sleeping tasks, the longest sleeper first. */
  sleepers: Set<TaskId>;
  /**
   * Sleeping tasks of each owner: an owner is one thread, so a pin of a sleeping owner is not let
   * go.
   */
  sleepersOf: Map<string, TaskId[]>;
  /** How many pins each owner holds. */
  pinsOf: Map<string, number>;
  runnable: TaskId[];
  /** Tasks that spin; each looks again when the next entry is applied. */
  spinning: TaskId[];
  ended: Map<TaskId, EndedOperation>;
  /** Page waitqueues by bucket, in the order of arrival; an empty bucket is not there. */
  pageQueues: Map<number, Map<TaskId, Waiter>>;
  /**
   * How many wait for each page, in whichever bucket: a put must not walk a long bucket to learn
   * that nobody waits for its page.
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

/** What lives for one `apply`, and is blank between two. */
export interface Turn {
  /** How many blocks the files may own: the quota of the tenant, or Infinity. */
  blocksMax: number;
  /**
   * What is left of `stepsPerApply`. Heavy steps take more than one, and the last of them may take
   * it below 0.
   */
  stepsLeft: number;
  /** The task whose step runs; 0 for the worker and the clock. */
  current: TaskId | 0;
  events: KernelEvent[];
  replies: Reply[];
  /** What the operation asked of the run loop itself. `step` 0 is the release worker. */
  pending: {
    advanceToMs: number;
    step: TaskId | 0 | null;
    unmounted: boolean;
    endAll: Failure | null;
  };
}

/** What one entry of the log asks for. */
export interface Command {
  op: string;
  on: Target;
  args: unknown;
  data?: Uint8Array;
  owner?: string;
  nowait?: boolean;
  timeoutMs?: number;
  failOnDeadlock?: boolean;
  /** Keep the record of the operation after its end. */
  keep?: boolean;
  /**
   * The ETags of which the file must have one when the operation begins; for a filesystem, the
   * number of the entry before. `*` is any.
   */
  ifMatch?: string | readonly string[];
  /** The same for those of which it may have none. */
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
   * What the tenant's quota allows the files of this filesystem to own together, in blocks; absent
   * is without a bound.
   */
  blocksMax?: number;
}

export interface Reply {
  task: TaskId;
  outcome: Outcome;
}

/** What `apply` gives back. Deliver the events first, then the replies. */
export interface Effects {
  /** umount was done: drop the kernel. */
  unmounted: boolean;
  /** The operation that the command became; 0 where the entry only moved the clock. */
  task: TaskId | 0;
  /** Every operation that ended, the new one or an older sleeper. */
  replies: Reply[];
  events: KernelEvent[];
}
