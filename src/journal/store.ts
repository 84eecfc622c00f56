// What durable/ needs of a store: ordered keys, atomic durable commits, and one reading of
// everything that a filesystem has. level-store.ts implements it with LevelDB.
import type { JournalError } from './journal-error.ts';

export interface Change {
  key: string;
  /** Null deletes. */
  value: Uint8Array | null;
}

/**
 * Called once: with null when the changes are durable. `full` means certainly not there; any other
 * error, unknown.
 */
export type Done = (error: JournalError | null) => void;

/** A range of keys: those that begin with a prefix, from `from` on and before `to`. */
export interface Range {
  from?: string;
  to?: string;
}

/**
 * The keys of one filesystem, or those of the server. A key is a kind, alone or with more behind a
 * slash: `tail`, `j/0000000000000007`.
 */
export interface Journal {
  /**
   * All changes or none, together with `records`, which are changes of the server's keys. Commits
   * are durable in the order of the calls, and `done` is called in that order. When one is refused
   * as `full`, every commit that was given after it and before its `done` is refused as well.
   */
  commit(changes: readonly Change[], done: Done, records?: readonly Change[]): void;
  /** The same as a promise. Rejects with a JournalError. */
  put(changes: readonly Change[]): Promise<void>;
  /** Null where there is none. Rejects with `damaged` where it cannot be read. */
  get(key: string): Promise<Uint8Array | null>;
  /** In the order of the keys. */
  entries(prefix: string, range?: Range): AsyncIterable<[key: string, value: Uint8Array]>;
  keys(prefix: string, range?: Range): AsyncIterable<string>;
  /**
   * Everything of some parts, each of which is a key or a prefix that ends in a slash: part by part
   * in the given order, within a part in the order of the keys. A recovery reads a filesystem with
   * it, so an engine behind a network should take one round trip where little is there. What cannot
   * be read comes as the error that says so: not all of it is needed.
   */
  all(parts: readonly string[]): AsyncIterable<[key: string, value: Uint8Array | JournalError]>;
  /**
   * Deletes keys that have no reader left, some with each commit: a crash leaves the rest, which a
   * later start finds. Rejects if the rest cannot be deleted now.
   */
  drop(keys: AsyncIterable<string> | Iterable<string>): Promise<void>;
}

/** Where a commit stands in the order of the whole server. */
export interface Order {
  /** The number of the flush, or of whatever else takes commits together. */
  group: number;
  /** How many commits of the group come before it. */
  position: number;
}

export interface Store {
  /** What an acknowledged change outlives. */
  readonly durability: 'memory' | 'disk';
  /** Names the store in messages, such as `the store in /data/journal`. */
  readonly name: string;
  /** The disk is full: operations that need space should be refused, others may still commit. */
  readonly full: boolean;
  /** Says which acknowledged changes are lost; null if none is. */
  readonly losses: string | null;
  /** Where the next commit will stand. */
  readonly next: Order;
  /** The keys of the server as a whole. */
  readonly records: Journal;
  /** The keys of one filesystem. */
  journal(id: string): Journal;
  /** The filesystems that have keys of these kinds, and the kinds that each has. */
  journals(kinds: readonly string[]): Promise<Map<string, Set<string>>>;
  /**
   * Called after each group: the time that it took, the commits that it took together, the bytes of
   * their values.
   */
  onFlush: (ms: number, commits: number, bytes: number) => void;
  /**
   * The caller has checked what it read: the store never goes back to its state before the open.
   */
  accept(): void;
  /** Nothing is written after this. Returns the error that waiting commits get. */
  fail(error: unknown): JournalError;
  /** Resolves after the commits that were given before. Later ones are refused. */
  close(): Promise<void>;
}
