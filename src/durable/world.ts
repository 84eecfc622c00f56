// Everything that a store held, as values. readWorld() makes it, and then each owner adopts its
// part: the log, the tenants, their tokens, the engine, the answers.
import type { JournalError } from '../journal/journal-error.ts';
import type { Change, Order } from '../journal/store.ts';
import type { Kernel, Outcome } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import type { KeptReads } from './kept-reads.ts';
import type { PastBatch } from './past-events.ts';
import type {
  AnswerRecord,
  Birth,
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
  /** Since the last snapshot. */
  entries: number;
  bytes: number;
  /** So many more before the next snapshot, because there was no room for the last one. */
  postponed: number;
  /** The two that are kept, the older one first. */
  snapshots: Manifest[];
  /**
   * Fulfilled when what the last snapshot made superfluous is deleted; null when there is nothing
   * to wait for.
   */
  swept: Promise<void> | null;
  /** Up to this entry nothing superfluous is left; null until everything was looked at. */
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
  sweptTo: null,
});

/** What became of a command: the task that it started, and null while that has not ended. */
export interface CommandResult {
  task: TaskId | 0;
  outcome: Outcome | null;
}

/** A filesystem as it was. */
export interface RecoveredFilesystem {
  id: string;
  birth: Birth;
  kernel: Kernel;
  tail: Tail;
  /** What happened since the place `since`, in order; since the birth where that is null. */
  batches: readonly PastBatch[];
  since: Order | null;
  reads: KeptReads;
  /** What became of the commands that came with an Idempotency-Key, by its record. */
  results: ReadonlyMap<string, CommandResult>;
  /** It was unmounted, and the process ended before that was finished. */
  unmounted: boolean;
}

/** A filesystem that did not come back as it was recorded. Its journal stays as it is. */
export interface UnrecoveredFilesystem {
  id: string;
  birth: Birth;
  error: JournalError;
  tail: Tail;
}

export interface World {
  /** Tokens are hashed with it. */
  tokenKey: Uint8Array;
  /** The latest time that an earlier process can have shown, in milliseconds since the epoch. */
  lastMs: number;
  tenants: readonly TenantRecord[];
  tokens: readonly TokenRecord[];
  /** By the key of the record. */
  answers: ReadonlyMap<string, AnswerRecord>;
  filesystems: readonly RecoveredFilesystem[];
  /** Each of them stops alone: the others are served. */
  unrecovered: readonly UnrecoveredFilesystem[];
  /** Of unmounted filesystems, by tenant. */
  pastEvents: ReadonlyMap<string, PastEvents>;
  /** Filesystems that were unmounted and of which something may be left. */
  gone: readonly string[];
  /** Changes to write when the world is accepted. */
  corrections: readonly Change[];
}

/** That of a server that keeps nothing. */
export const emptyWorld = (tokenKey: Uint8Array): World => ({
  tokenKey,
  lastMs: 0,
  tenants: [],
  tokens: [],
  answers: new Map(),
  filesystems: [],
  unrecovered: [],
  pastEvents: new Map(),
  gone: [],
  corrections: [],
});
