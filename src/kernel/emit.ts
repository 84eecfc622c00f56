// Emission of events. Each call is one hit of a tracepoint.
import type { EventData, EventType, FileOfEvent, KernelEvent } from './events.ts';
import type { Kernel } from './state.ts';
import type { Ino } from './units.ts';

/** Adds an event to this `apply`. `file` is the inode that the event is about, if any. */
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
  // The row of the table ties `data` to `type`, but TypeScript cannot derive that from the union.
  k.turn.events.push(event as unknown as KernelEvent);
}

/** The inode of an event. Only the number of an evicted inode is known. */
export const fileOfEvent = (k: Kernel, ino: Ino): FileOfEvent =>
  k.inodes.get(ino) ?? { name: null, ino, nlink: 0 };
