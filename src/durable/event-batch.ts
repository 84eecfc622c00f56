// The events of one command. They are stored and discarded together.
import type { StreamEvent } from './lab-events.ts';

/**
 * The events as the kernel returned them. The rings of the filesystem and of its tenant share them.
 */
export interface Batch {
  readonly tenant: string;
  /** Empty for the events of a lab. */
  readonly filesystem: string;
  /** Never empty. */
  readonly events: readonly StreamEvent[];
  /** The serialised form of each event; the first reader creates it. */
  json: (string | null)[] | null;
}

/** The bytes that several rings use together, and their limit. */
export interface EventBudget {
  used: number;
  max(): number;
}

/** Bytes that a ring may use even if the budget is used up. */
export const leastBytes = 65_536;

/**
 * An estimate of the memory that the events of a command use, as records and as serialised text.
 */
export function bytesOf({ events }: Batch): number {
  let bytes = 200;
  for (const event of events) {
    bytes += 600;
    const data = event.data as Record<string, unknown>;
    for (const key in data) {
      const value = data[key];
      if (typeof value === 'string') bytes += 2 * value.length;
      else if (Array.isArray(value)) for (const one of value) bytes += 60 + 2 * String(one).length;
    }
  }
  return bytes;
}
