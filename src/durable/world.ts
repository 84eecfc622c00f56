// Everything that a store contained, as values. readWorld() creates it. Then each owner adopts its
// part: the log, the tenants, the tokens, the engine, the answers.
import type { JournalError } from '../journal/journal-error.ts';
import type { Change, Order } from '../journal/store.ts';
import type { Kernel, Outcome } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import type { KeptReads } from './kept-reads.ts';
import type { PastBatch } from './past-events.ts';
import type {
  AnswerRecord,
  Birth,
  LabHistory,
  LabRecord,
  Manifest,
  PastEvents,
  TenantRecord,
  TokenRecord,
} from './records.ts';

/** Where the log of a filesystem ends. */
export interface Tail extends Order {
  birth: Birth;
  /** The chained checksum of all batches, and the digest of the results of all entries. */
  chain: number;
  digest: number;
  /** Entries, and below their bytes, since the last snapshot. */
  entries: number;
  bytes: number;
  /**
   * How many more entries before the next snapshot, because the disk had no space for the last one.
   */
  postponed: number;
  /** The newest two, older first. */
  snapshots: Manifest[];
  /**
   * Resolves when the keys that the last snapshot made superfluous are deleted; null if none are
   * left to delete.
   */
  swept: Promise<void> | null;
  /** Pending while a snapshot is written or read, because its keys must stay until then. */
  holds: Set<Promise<void>>;
  /** No superfluous key is left up to this entry; null until all keys were examined. */
  sweptTo: number | null;
}

export const tailOfBirth = (birth: Birth, { group, position }: Order): Tail => ({
  birth,
  group,
  position,
  chain: 0,
  digest: 0,
  entries: 0,
  bytes: 0,
  postponed: 0,
  snapshots: [],
  swept: null,
  holds: new Set(),
  sweptTo: null,
});

/**
 * The result of a command: the operation that it started, and its outcome, null until that has
 * ended.
 */
export interface CommandResult {
  task: TaskId | 0;
  outcome: Outcome | null;
}

/** A filesystem that was restored completely. */
export interface RecoveredFilesystem {
  id: string;
  birth: Birth;
  kernel: Kernel;
  tail: Tail;
  /** The events after the position `since`, in order; all events if `since` is null. */
  batches: readonly PastBatch[];
  since: Order | null;
  reads: KeptReads;
  /** The results of commands with an Idempotency-Key, by the key of the answer record. */
  results: ReadonlyMap<string, CommandResult>;
  /** The umount is in the journal, but the process ended before the removal was recorded. */
  unmounted: boolean;
}

/** A filesystem that could not be restored. Its journal stays unchanged. */
export interface UnrecoveredFilesystem {
  id: string;
  birth: Birth;
  error: JournalError;
  tail: Tail;
}

export interface World {
  /** The key with which tokens are hashed. */
  tokenKey: Uint8Array;
  /** The latest time that an earlier process recorded, in milliseconds since the epoch. */
  lastMs: number;
  tenants: readonly TenantRecord[];
  tokens: readonly TokenRecord[];
  /** Answers by the key of their record. */
  answers: ReadonlyMap<string, AnswerRecord>;
  filesystems: readonly RecoveredFilesystem[];
  /** These do not prevent the start: each one is stopped, and all others are served. */
  unrecovered: readonly UnrecoveredFilesystem[];
  /** Counts of the events of unmounted filesystems, by tenant. */
  pastEvents: ReadonlyMap<string, PastEvents>;
  labs: readonly LabRecord[];
  /** By the id of the tenant. */
  labHistories: ReadonlyMap<string, LabHistory>;
  /** Unmounted filesystems of which some keys may still be stored. */
  gone: readonly string[];
  /** Changes to write when the world is accepted. */
  corrections: readonly Change[];
}

/** The world of a server without a store. */
export const emptyWorld = (tokenKey: Uint8Array): World => ({
  tokenKey,
  lastMs: 0,
  tenants: [],
  tokens: [],
  answers: new Map(),
  filesystems: [],
  unrecovered: [],
  pastEvents: new Map(),
  labs: [],
  labHistories: new Map(),
  gone: [],
  corrections: [],
});
