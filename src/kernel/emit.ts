// Where a tracepoint is hit.
import type { EventData, EventType, FileOfEvent, KernelEvent } from './events.ts';
import type { Kernel } from './state.ts';
import type { Ino } from './units.ts';

/** Appends to the log of this `apply`. `file` is the inode that the event is about, if any. */
export function emit<T extends EventType>(
  k: Kernel,
  type: T,
  file: FileOfEvent | null,
  data: EventData<T>,
): void {
  k.eventSeq += 1;
  const whose =
    file === null
      ? { file: null, ino: 0, unlinked: false }
      : { file: file.name, ino: file.ino, unlinked: file.nlink === 0 };
  const event = { seq: k.eventSeq, timeMs: k.nowMs, type, task: k.turn.current, ...whose, data };
  // The row ties `data` to `type`; TypeScript cannot see through the union of all rows.
  k.turn.events.push(event as unknown as KernelEvent);
}

/** The inode for an event; one that was evicted has a number and nothing else. */
export const fileOfEvent = (k: Kernel, ino: Ino): FileOfEvent =>
  k.inodes.get(ino) ?? { name: null, ino, nlink: 0 };
