// The journal as the engine uses it. An entry is appended to the log before it is applied, and
// acknowledged only after that. So a log on disk can restore every filesystem by applying its
// entries again.
import type { Change, Done, Durability } from '../journal/store.ts';
import type { Effects, Entry, Kernel } from '../kernel/state.ts';
import { NotKept } from './not-kept.ts';
import type { Birth, RequestKey } from './records.ts';

/**
 * An entry, and the Idempotency-Key of its request. The simulated machine does not know the key.
 */
export type LoggedEntry = Entry & { readonly key?: RequestKey };

/** The state of a filesystem before the entries. */
export interface Before {
  digest: number;
  eventSeq: number;
}

/**
 * Where a replay begins: at the newest snapshot that contains at most so many events, or entries;
 * or as early as possible.
 */
export type Since = { events: number } | { seq: number } | 'oldest';

/** What a caller sees of a replay. Each method returns true to end it there. */
export interface Visitor {
  /** The machine at the beginning. Called again if the replay has to begin at a later snapshot. */
  begin(kernel: Kernel, digest: number): boolean;
  /** The machine after an entry. It belongs to the replay, and the next entry changes it. */
  after(entry: LoggedEntry, effects: Effects, kernel: Kernel, digest: number): boolean;
}

/** The first state of a filesystem, and the entries that follow it. */
export interface Beginning {
  /** Only reading the history may change it. */
  kernel: Kernel;
  /** Batches of entries, each with the state before it. Reading one applies the one before it. */
  history: AsyncIterable<{ entries: readonly LoggedEntry[]; before: Before }>;
}

export async function* noHistory(): AsyncGenerator<never> {}

export interface Log {
  /** What an answer of 2xx guarantees; GET /v1 shows it. */
  readonly durability: Durability;
  /**
   * The disk is full. Operations that need space are refused; operations that free space still
   * work.
   */
  readonly full: boolean;
  /**
   * `id` must never be used again, even after the filesystem is removed. `key` is that of the
   * request.
   */
  create(id: string, birth: Birth, key: RequestKey | undefined, done: Done): void;
  /**
   * The same for a filesystem that begins with the state of another one. `done` also gets what
   * reading the history throws.
   */
  createFrom(
    id: string,
    birth: Birth,
    beginning: Beginning,
    key: RequestKey | undefined,
    done: (error: Error | null) => void,
  ): void;
  /**
   * Appends entries of one filesystem. At most one call per filesystem may be in flight. The
   * entries are applied in the order in which `done` is called.
   */
  append(id: string, entries: readonly LoggedEntry[], before: Before, done: Done): void;
  /**
   * Records the removal of a filesystem. `events` is the number of its events, `epoch` the epoch of
   * the tenant's stream. On a full disk it tries again until there is space, because the filesystem
   * is unmounted already.
   */
  remove(id: string, events: number, epoch: string, done: Done): void;
  /** Another node writes the journal from now on. Nothing is deleted. */
  release(id: string): void;
  /** The changes that delete the records of a tenant that has no filesystem left. */
  removalOf(tenant: string): readonly Change[];
  /**
   * Writes a snapshot if one is due, else returns null. The kernel must not change until the
   * promise settles.
   */
  snapshot(id: string, kernel: Kernel, digest: number): Promise<void> | null;
  /** Shows the past of a filesystem to `visitor`; see replayPast(). */
  replay(id: string, since: Since, visitor: Visitor): Promise<void>;
  /** Bytes of memory that the past of a filesystem takes. */
  bytesOf(id: string): number;
  /** Frees these bytes. */
  forget(id: string): void;
}

/** A log that stores nothing, not even in memory. */
export const memoryLog: Log = {
  durability: 'memory',
  full: false,
  create: (_id, _birth, _key, done) => done(null),
  createFrom: (_id, _birth, { history }, _key, done) => void drain(history).then(done, done),
  append: (_id, _entries, _digest, done) => done(null),
  remove: (_id, _events, _epoch, done) => done(null),
  release: () => {},
  removalOf: () => [],
  snapshot: () => null,
  replay: () => Promise.reject(new NotKept(null)),
  bytesOf: () => 0,
  forget: () => {},
};

async function drain(history: Beginning['history']): Promise<null> {
  for await (const _ of history);
  return null;
}
