// Counts of the server outside the kernel, in the form in which the metrics read them.
import type { Distribution } from './distribution.ts';

/** Of the event streams. */
export interface StreamCounts {
  readonly clients: number;
  readonly framesSent: number;
  readonly eventsSent: number;
  readonly bytesSent: number;
  readonly disconnects: ReadonlyMap<string, number>;
  readonly subscriptions: number;
  lagEvents(): number;
}

/** Of the way of commands into the log. */
export interface LogCounts {
  batches: Distribution;
  append: Distribution;
  failures: number;
}

/** Of the journal on the disk. */
export interface JournalCounts {
  flushes: Distribution;
  commits: Distribution;
  bytes: number;
  full(): boolean;
}

export interface HttpCounts {
  /** Route template, method and status to the time that answers took. */
  durations: Map<string, Distribution>;
}

/** Of the clock. */
export interface ClockCounts {
  readonly jumps: { readonly forward: number; readonly backward: number };
  aheadMs(): number;
}

/** Of the memory that is held for tenants. */
export interface MemoryCounts {
  readonly used: number;
  readonly max: number;
}

export interface Server {
  memory: MemoryCounts;
  version: string;
  durability: string;
  stream: StreamCounts;
  log: LogCounts;
  journal: JournalCounts;
  http: HttpCounts;
  /** Null where a test brought its own. */
  clock: ClockCounts | null;
}
