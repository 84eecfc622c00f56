// Spinning: what Linux does where it must not sleep. A task that found a page of a second file
// pinned drops its fault locks and starts over, at once, until the pin is gone; no signal reaches
// it. Here each entry of the log lets it look once more, so that no run of the machine is endless;
// between two entries it is parked, in state R.
import type { Inode, Kernel, Task } from '../state.ts';
import type { Pfn, PgOff } from '../units.ts';
import { fallAsleep, leaveSleep, pageWaitedFor, taskOf } from './task.ts';

/**
 * Parks the task until the next entry. The page is one of `file`; `retries`: how often it has
 * started over by now.
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

/** Takes a task out of the books of the spinning. */
export function stopSpinning(k: Kernel, task: Task): void {
  k.spinning.splice(k.spinning.indexOf(task.id), 1);
  leaveSleep(k, task);
  task.state = 'runnable';
}

/**
 * Lets those that spin look again, or only those whose page is as `when` says. Returns true when
 * there was one.
 */
export function retrySpinners(k: Kernel, when: (pfn: Pfn) => boolean = () => true): boolean {
  const retrying = k.spinning.filter((id) => when(pageWaitedFor(taskOf(k, id)) as Pfn));
  for (const id of retrying) stopSpinning(k, taskOf(k, id));
  k.runnable.push(...retrying);
  return retrying.length > 0;
}
