// The actions of a simulated run. An action refers to an object by the number of the action that
// created it, so a script keeps its meaning when actions are removed from it. Actions on objects
// that do not exist are skipped.
import type { By } from '../machine.ts';

/** Number of the action that began a thing. */
export type Label = number;

export interface Call {
  do: 'call';
  id: Label;
  op: string;
  /** A name; the others are labels. */
  file?: string;
  mapping?: Label;
  pin?: Label;
  operation?: Label;
  args: Record<string, unknown>;
  /** Bytes that it carries: so many of one value. */
  fill?: { byte: number; bytes: number };
  by?: By;
}

/**
 * One step of the operation that action `of` began, of the release worker, or of the oldest
 * eviction that the machine runs by itself.
 */
export interface Step {
  do: 'step';
  of: Label | 'kworker' | 'evict';
}

/**
 * The machine goes through a snapshot; `replay`: it is thrown away, and comes back from the last
 * snapshot and the log behind it.
 */
export interface Snapshot {
  do: 'snapshot' | 'replay';
}

export type Action = Call | Step | Snapshot;
