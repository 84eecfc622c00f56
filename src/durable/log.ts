// What the engine needs of a journal. An entry is given to the log before it is applied, and is
// acknowledged only after that; a log that keeps what it is given can therefore bring every
// filesystem back by applying it again.
import type { Change, Done } from '../journal/store.ts';
import type { Entry, Kernel } from '../kernel/state.ts';
import type { Birth, RequestKey } from './records.ts';

/** An entry, and the key of the request that asked for it. The machine does not know the key. */
export type LoggedEntry = Entry & { readonly key?: RequestKey };

/** What the entries before came to. */
export interface Before {
  digest: number;
  eventSeq: number;
}

export interface Log {
  /** What an answer of 2xx promises; shown by GET /v1. */
  readonly durability: 'memory' | 'disk';
  /** There is no room for more: what adds is refused, what gives back may come. */
  readonly full: boolean;
  /** `id` is never used again, also after the filesystem is gone. `key` is that of the request. */
  create(id: string, birth: Birth, key: RequestKey | undefined, done: Done): void;
  /**
   * Entries of one filesystem in order, one call in flight per filesystem. They are applied in the
   * order in which `done` is called.
   */
  append(id: string, entries: readonly LoggedEntry[], before: Before, done: Done): void;
  /**
   * Gone for good. `events` is how many it had, `epoch` that of its tenant's stream. Where there is
   * no room it is tried again until there is: the filesystem is unmounted whatever the disk says.
   */
  remove(id: string, events: number, epoch: string, done: Done): void;
  /** Deletes what is kept of a tenant that has no filesystem left. */
  removalOf(tenant: string): readonly Change[];
  /**
   * Keeps the state as it is after all that was appended, if that is worth its while; until the
   * promise is fulfilled it must not change.
   */
  snapshot(id: string, kernel: Kernel, digest: number): Promise<void> | null;
}

/** Keeps nothing: state lives and dies with the process. */
export const memoryLog: Log = {
  durability: 'memory',
  full: false,
  create: (_id, _birth, _key, done) => done(null),
  append: (_id, _entries, _digest, done) => done(null),
  remove: (_id, _events, _epoch, done) => done(null),
  removalOf: () => [],
  snapshot: () => null,
};
