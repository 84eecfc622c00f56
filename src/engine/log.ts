// What the engine needs of a journal. An entry is given to the log before it is applied, and is acknowledged only after that; a log that
// keeps what it is given can therefore bring every filesystem back by applying it again.
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';
import type { Entry, KernelLimits } from '../kernel/state.ts';

/** The first entry of a filesystem's log: what createKernel was called with. */
export interface Birth {
  tenant: string;
  args: MkfsArgs;
  limits: KernelLimits;
  timeMs: number;
}

export interface Log {
  /** What an answer of 2xx promises; shown by GET /v1. */
  readonly durability: 'memory' | 'disk';
  /** `id` is never used again, also after the filesystem is gone. A rejected promise means: not accepted. */
  create(id: string, birth: Birth): Promise<void> | void;
  /** Entries of one filesystem in order, one call in flight per filesystem. A rejected promise means: unknown, and stops the filesystem. */
  append(id: string, entries: readonly Entry[]): Promise<void> | void;
  remove(id: string): Promise<void> | void;
}

/** Keeps nothing: state lives and dies with the process. */
export const memoryLog: Log = {
  durability: 'memory',
  create() {},
  append() {},
  remove() {},
};
