// What the engine needs of a journal. An entry is given to the log before it is applied, and is
// acknowledged only after that; a log that keeps what it is given can therefore bring every
// filesystem back by applying it again.
import type { Done } from '../journal/level-store.ts';
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';
import type { Entry, Kernel, KernelLimits } from '../kernel/state.ts';

/**
 * The first entry of a filesystem's log: what createKernel was called with, and what names its
 * history.
 */
export interface Birth {
  tenant: string;
  args: MkfsArgs;
  limits: KernelLimits;
  timeMs: number;
  /** Ascends in the order of creation. */
  number: number;
  /** Of its events. */
  epoch: string;
}

/**
 * The Idempotency-Key of a request: the record that its answer is kept under, and the fingerprint
 * that tells another request with the same key.
 */
export interface RequestKey {
  record: string;
  fingerprint: string;
  sinceMs: number;
}

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
  /** What is kept of a tenant that is to go, and has no filesystem left. */
  recordsOf(tenant: string): Readonly<Record<string, null>>;
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
  recordsOf: () => ({}),
  snapshot: () => null,
};
