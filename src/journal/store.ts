// What durable/ needs of a store: ordered keys, atomic durable commits, and one reading of
// everything that a filesystem has. level-store.ts implements it with LevelDB, pg-store.ts with
// PostgreSQL.
import type { JournalError } from './journal-error.ts';

export interface Change {
  key: string;
  /** Null deletes the key. */
  value: Uint8Array | null;
  /**
   * The commit is refused as `taken` if there is such a key. Only a store of several servers looks,
   * because without other servers the caller knows it.
   */
  isNew?: boolean;
}

/**
 * Called once, with null when the changes are durable. After `full`, `moved` and `taken` the changes
 * are certainly not stored; after any other error that is unknown.
 */
export type Done = (error: JournalError | null) => void;

/** A range of keys: those that begin with a prefix, from `from` on and before `to`. */
export interface Range {
  from?: string;
  to?: string;
}

/**
 * What a commit does to the place of a filesystem, which only a store of several servers has. A
 * name is used once per tenant, so a commit may be refused as `taken`.
 */
export type PlaceChange =
  | { tenant: string; name: string; number: number }
  /** It is unmounted, so its name is free. */
  | 'unnamed'
  /** Its last key is deleted. */
  | 'removed';

/**
 * The keys of one filesystem, or those of the server. A key is a kind, alone or with more behind a
 * slash: `tail`, `j/0000000000000007`.
 */
export interface Journal {
  /**
   * Stores all changes or none, together with `records`, which are changes of the server's keys.
   * Commits become durable in the order of the calls, and `done` is called in that order. If a
   * commit is refused as `full`, so is every commit that was made after it and before its `done`.
   * A store of several servers keeps these two orders for each filesystem.
   */
  commit(
    changes: readonly Change[],
    done: Done,
    records?: readonly Change[],
    place?: PlaceChange,
  ): void;
  /** The same as a promise. Rejects with a JournalError. */
  put(changes: readonly Change[], place?: PlaceChange): Promise<void>;
  /** Null if there is no such key. Rejects with `damaged` if the value cannot be read. */
  get(key: string): Promise<Uint8Array | null>;
  /** The entries whose keys begin with `prefix`, in the order of the keys. */
  entries(prefix: string, range?: Range): AsyncIterable<[key: string, value: Uint8Array]>;
  keys(prefix: string, range?: Range): AsyncIterable<string>;
  /**
   * Reads everything of several parts. A part is a key, or a prefix that ends in a slash. The parts
   * come in the given order, and keys are sorted within a part. A recovery reads a whole filesystem
   * with one call, so a store behind a network should need only one round trip if there is little
   * to read. A value that cannot be read comes as an error instead of rejecting, because the caller
   * may not need it.
   */
  all(parts: readonly string[]): AsyncIterable<[key: string, value: Uint8Array | JournalError]>;
  /**
   * Deletes keys that nobody reads any more, some with each commit. After a crash the rest remains,
   * and a later start deletes it. Rejects if the rest cannot be deleted now.
   */
  drop(keys: AsyncIterable<string> | Iterable<string>): Promise<void>;
}

/** The position of a commit in the order of the whole server. */
export interface Order {
  /** The number of the flush, or of another group of commits that become durable together. */
  group: number;
  /** How many commits of the group come before it. */
  position: number;
}

export const isAfter = (a: Order, b: Order): boolean =>
  a.group > b.group || (a.group === b.group && a.position > b.position);

/**
 * What an acknowledged change survives: nothing, the end of the process, or whatever the database
 * survives.
 */
export type Durability = 'memory' | 'disk' | 'engine';

export interface Store {
  /** What an acknowledged change survives; see Durability. */
  readonly durability: Durability;
  /** Names the store in messages, such as `the store in /data/journal`. */
  readonly name: string;
  /** The disk is full. Operations that need space should be refused; others may still commit. */
  readonly full: boolean;
  /** Says which acknowledged changes are lost; null if none is. */
  readonly losses: string | null;
  /** The position of the next commit. */
  readonly next: Order;
  /** The keys of the server. */
  readonly records: Journal;
  /** The keys of one filesystem. */
  journal(id: string): Journal;
  /** The filesystems that have keys of these kinds, and the kinds that each has. */
  journals(kinds: readonly string[]): Promise<Map<string, Set<string>>>;
  /**
   * Called after each group with its duration, its number of commits, and the bytes of their
   * values.
   */
  onFlush: (ms: number, commits: number, bytes: number) => void;
  /**
   * Call it after checking what was read. From then on the store is not restored to its state
   * before the open.
   */
  accept(): void;
  /** Bytes of memory that the journal of a filesystem takes; 0 if it is on disk. */
  bytesOf(id: string): number;
  /** Drops the batches and snapshots of a filesystem, if they are in memory. */
  forget(id: string): void;
  /** Nothing is written after this. Returns the error that waiting commits get. */
  fail(error: unknown): JournalError;
  /** Resolves after all earlier commits. Later commits are refused. */
  close(): Promise<void>;
}
