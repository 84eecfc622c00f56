// Spinning, which Linux does where it must not sleep. A task that finds a page of a second file
// pinned drops its fault locks and starts over at once, until the pin is released. No signal
// interrupts it. Here it retries once for each entry of the log, because an endless loop would
// block `apply`. Between two entries it is parked, in state R.
import type { Inode, Kernel, Task } from '../state.ts';
import type { Pfn, PgOff } from '../units.ts';
import { fallAsleep, leaveSleep, pageWaitedFor, taskOf } from './task.ts';

/**
 * Parks the task until the next entry. The page belongs to `file`; `retries` is how often the task
 * has started over.
 */
export function spinOn(
  k: Kernel,
  task: Task,
  file: Inode,
  pfn: Pfn,
  pgoff: PgOff,
  retries: number,
): void {
  fallAsleep(k, task, { on: 'spin', pfn, pgoff, retries, ino: file.ino }, 'D', file);
  k.spinning.push(task.id);
}

/** Takes a task off the list of spinning tasks. Does not add it to the run queue. */
export function stopSpinning(k: Kernel, task: Task): void {
  k.spinning.splice(k.spinning.indexOf(task.id), 1);
  leaveSleep(k, task);
  task.state = 'runnable';
}

/** Lets the spinning tasks retry whose page satisfies `when`. Returns true if there was one. */
export function retrySpinners(k: Kernel, when: (pfn: Pfn) => boolean = () => true): boolean {
  if (k.spinning.length === 0) return false;
  const retrying = k.spinning.filter((id) => when(pageWaitedFor(taskOf(k, id)) as Pfn));
  for (const id of retrying) stopSpinning(k, taskOf(k, id));
  k.runnable.push(...retrying);
  return retrying.length > 0;
}
