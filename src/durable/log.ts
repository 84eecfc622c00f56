// The journal as the engine uses it. An entry is appended to the log before it is applied, and
// acknowledged only after that. So a log on disk can restore every filesystem by applying its
// entries again.
import type { Change, Done } from '../journal/store.ts';
import type { Entry, Kernel } from '../kernel/state.ts';
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

export interface Log {
  /** What an answer of 2xx guarantees; GET /v1 shows it. */
  readonly durability: 'memory' | 'disk';
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
  /** The changes that delete the records of a tenant that has no filesystem left. */
  removalOf(tenant: string): readonly Change[];
  /**
   * Writes a snapshot if one is due, else returns null. The kernel must not change until the
   * promise settles.
   */
  snapshot(id: string, kernel: Kernel, digest: number): Promise<void> | null;
}

/** A log that stores nothing: all state is lost when the process ends. */
export const memoryLog: Log = {
  durability: 'memory',
  full: false,
  create: (_id, _birth, _key, done) => done(null),
  append: (_id, _entries, _digest, done) => done(null),
  remove: (_id, _events, _epoch, done) => done(null),
  removalOf: () => [],
  snapshot: () => null,
};
