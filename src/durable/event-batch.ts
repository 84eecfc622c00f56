// What one command made happen: the unit in which events are held and forgotten.
import type { KernelEvent } from '../kernel/events.ts';

/** Kept as the kernel gave it. The ring of a filesystem and the ring of its tenant share it. */
export interface Batch {
  readonly tenant: string;
  readonly filesystem: string;
  /** At least one. */
  readonly events: readonly KernelEvent[];
  /** The serialised form of each event, made by whoever needs it first. */
  json: (string | null)[] | null;
}

/** What several rings hold together, and may hold. */
export interface EventBudget {
  used: number;
  max(): number;
}

/** Where the budget is used up, each ring keeps so much. */
export const leastBytes = 65_536;

/**
 * About what the events of a command take, as records and as the text that the first reader makes
 * of them.
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
