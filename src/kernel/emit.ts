// Emission of events. Each call is one hit of a tracepoint.
import type { EventData, EventType, FileOfEvent, KernelEvent } from './events.ts';
import type { Kernel, Task } from './state.ts';
import type { Ino, TaskId } from './units.ts';

/**
 * Adds an event of the running task to this `apply`. `file` is the inode that the event is about,
 * if any.
 */
export function emit<T extends EventType>(
  k: Kernel,
  type: T,
  file: FileOfEvent | null,
  data: EventData<T>,
): void {
  record(k, k.turn.current, k.turn.op, type, file, data);
}

/** The same for an event of another task: one that is woken, or gets a lock that was released. */
export function emitFor<T extends EventType>(
  k: Kernel,
  { id, op }: Task,
  type: T,
  file: FileOfEvent | null,
  data: EventData<T>,
): void {
  record(k, id, op, type, file, data);
}

/** The task whose step runs from now on; null for the release worker and the clock. */
export function setRunning(k: Kernel, task: Task | null): void {
  k.turn.current = task?.id ?? 0;
  k.turn.op = task?.op ?? null;
}

function record<T extends EventType>(
  k: Kernel,
  task: TaskId | 0,
  op: string | null,
  type: T,
  file: FileOfEvent | null,
  data: EventData<T>,
): void {
  k.eventSeq += 1;
  // Written out, because a spread costs more than all the rest of an event.
  const event = {
    seq: k.eventSeq,
    timeMs: k.nowMs,
    type,
    task,
    op,
    file: file === null ? null : file.name,
    ino: file === null ? 0 : file.ino,
    unlinked: file !== null && file.nlink === 0,
    data,
  };
  // The row of the table ties `data` to `type`, but TypeScript cannot derive that from the union.
  k.turn.events.push(event as unknown as KernelEvent);
}

/** The inode of an event. Only the number of an evicted inode is known. */
export const fileOfEvent = (k: Kernel, ino: Ino): FileOfEvent =>
  k.inodes.get(ino) ?? { name: null, ino, nlink: 0 };
