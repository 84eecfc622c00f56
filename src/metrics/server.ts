// Counts of the server outside the kernel, in the form that the metrics read.
import type { Distribution } from './distribution.ts';

/** Counts of the event streams. */
export interface StreamCounts {
  readonly clients: number;
  readonly framesSent: number;
  readonly eventsSent: number;
  readonly bytesSent: number;
  readonly disconnects: ReadonlyMap<string, number>;
  readonly subscriptions: number;
  lagEvents(): number;
}

/** Counts of commands on their way into the log. */
export interface LogCounts {
  batches: Distribution;
  append: Distribution;
  failures: number;
}

/** Counts of the journal on disk. */
export interface JournalCounts {
  flushes: Distribution;
  commits: Distribution;
  bytes: number;
  full(): boolean;
}

export interface HttpCounts {
  /** The time of answers, by route template, method and status. */
  durations: Map<string, Distribution>;
}

/** The state of the clock. */
export interface ClockCounts {
  readonly jumps: { readonly forward: number; readonly backward: number };
  aheadMs(): number;
}

/** The memory that is counted for tenants. */
export interface MemoryCounts {
  readonly used: number;
  readonly max: number;
}

/** Counts of labs. */
export interface LabCounts {
  readonly queued: number;
  readonly running: number;
  /** By state. */
  readonly ended: ReadonlyMap<string, number>;
  readonly runs: number;
}

export interface Server {
  labs: LabCounts;
  memory: MemoryCounts;
  version: string;
  durability: string;
  stream: StreamCounts;
  log: LogCounts;
  journal: JournalCounts;
  http: HttpCounts;
  /** Null if a test has passed its own clock. */
  clock: ClockCounts | null;
}
