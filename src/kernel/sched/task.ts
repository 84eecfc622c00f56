// Tasks: sleep, wake-up, and what is runnable. A task sleeps on exactly one thing.
import { emit, emitFor } from '../emit.ts';
import { assert } from '../panic.ts';
import type { Inode, Kernel, Sleep, Task } from '../state.ts';
import { opId, type Pfn, type TaskId } from '../units.ts';

export function taskOf(k: Kernel, id: TaskId): Task {
  const task = k.tasks.get(id);
  assert(task !== undefined, 'a queue names only tasks that live');
  return task;
}

/** The file that a task works on; null for operations on the filesystem. */
export function inodeOf(k: Kernel, task: Task): Inode | null {
  return task.ino === 0 ? null : (k.inodes.get(task.ino) ?? null);
}

/** What ps would show: R runs or spins, S can be interrupted by a signal, D cannot. */
export function stateLetter(task: Task): 'R' | 'S' | 'D' {
  if (task.state !== 'sleeping' || task.sleep?.on === 'spin') return 'R';
  return task.interruptible ? 'S' : 'D';
}

/** The page that the task waits for, or null. */
export function pageWaitedFor({ sleep }: Task): Pfn | null {
  return sleep?.on === 'page' || sleep?.on === 'spin' ? sleep.pfn : null;
}

/** The file whose page, lock or entry the task waits for. */
function fileWaitedFor(k: Kernel, task: Task): Inode | null {
  const { sleep } = task;
  const ino = sleep !== null && 'ino' in sleep ? sleep.ino : undefined;
  return ino === undefined ? inodeOf(k, task) : (k.inodes.get(ino) ?? null);
}

/**
 * Puts a task to sleep. The caller has queued it first, so that no wake-up is lost. `file` is the
 * file whose page, lock or entry it waits for.
 */
export function fallAsleep(
  k: Kernel,
  task: Task,
  sleep: Sleep,
  state: 'S' | 'D',
  file: Inode | null,
): void {
  assert(task.state !== 'sleeping', 'a task sleeps once at a time');
  task.state = 'sleeping';
  task.sleep = sleep;
  task.interruptible = state === 'S';
  task.woken = false;
  task.keep = true;
  task.sleptSinceMs = k.nowMs;
  k.sleepers.add(task.id);
  k.counts.sleepers += 1;
  if (task.owner !== null) {
    const asleep = k.sleepersOf.get(task.owner);
    if (asleep === undefined) k.sleepersOf.set(task.owner, [task.id]);
    else asleep.push(task.id);
  }
  if (sleep.on === 'spin') {
    emit(k, 'layout.retried', file, { pfn: sleep.pfn, pgoff: sleep.pgoff, retries: sleep.retries });
    return;
  }
  if (sleep.on === 'page') {
    emit(k, 'task.blocked', file, {
      op: task.op,
      on: 'page',
      pfn: sleep.pfn,
      pgoff: sleep.pgoff,
      bucket: sleep.bucket,
      state,
    });
  } else if (sleep.on === 'lock') {
    emit(k, 'task.blocked', file, { op: task.op, on: 'lock', lock: sleep.lock, state });
  } else {
    emit(k, 'task.blocked', file, {
      op: task.op,
      on: 'entry',
      pgoff: sleep.pgoff,
      bucket: sleep.bucket,
      state,
    });
  }
}

/**
 * Makes a sleeping task runnable. `other` means that the wake-up was for another key of the bucket,
 * so it is spurious.
 */
export function wakeTask(k: Kernel, task: Task, key: 'own' | 'other' = 'own'): void {
  assert(task.state === 'sleeping', 'only a sleeper is woken');
  const file = fileWaitedFor(k, task);
  // Each wake-up counts as a step, because one put may wake thousands of tasks in this entry.
  k.turn.stepsLeft -= 1;
  leaveSleep(k, task);
  task.state = 'runnable';
  task.woken = true;
  k.runnable.push(task.id);
  emitFor(k, task, 'task.woken', file, {
    op: task.op,
    waitedMs: k.nowMs - task.sleptSinceMs,
    spurious: key === 'other',
    by: k.turn.current === 0 ? null : opId(k.turn.current),
  });
}

/** Removes a task from the tables of sleepers and adds up its sleep time. */
export function leaveSleep(k: Kernel, task: Task): void {
  k.sleepers.delete(task.id);
  k.counts.sleepers -= 1;
  task.sleptMs += k.nowMs - task.sleptSinceMs;
  task.sleep = null;
  if (task.owner === null) return;
  const asleep = k.sleepersOf.get(task.owner);
  assert(asleep !== undefined, 'a sleeping owner is in the table of sleeping owners');
  if (asleep.length === 1) k.sleepersOf.delete(task.owner);
  else asleep.splice(asleep.indexOf(task.id), 1);
}

/** The release worker among the tasks that a stepped scheduler can choose. */
export const workerName = 'kworker';
/** The next timer, which a caller can fire if the clock is manual. It is never in the run queue. */
export const timerName = 'timer';

/** The tasks that could take a step now, in scheduling order. */
export function runnableNames(k: Kernel): string[] {
  const names = k.runnable.map((id) => opId(id));
  if (k.workqueue.length > 0) names.push(workerName);
  return names;
}
