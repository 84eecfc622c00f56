// The two sleeping locks of an inode, i_rwsem and invalidate_lock, as rw_semaphores with a queue. A
// release hands the lock to the next waiter, so a woken waiter holds it already. A sleep on a lock
// cannot be interrupted (state D).
import { emitFor } from '../emit.ts';
import { assert } from '../panic.ts';
import type { Inode, Kernel, LockMode, LockName, RwSem, Task } from '../state.ts';
import { fallAsleep, leaveSleep, taskOf, wakeTask } from './task.ts';

export function createRwSem(): RwSem {
  return { writer: 0, readers: [], queue: [] };
}

export function semOf(inode: Inode, lock: LockName): RwSem {
  return lock === 'i_rwsem' ? inode.iRwsem : inode.invalidateLock;
}

/** True if the lock can be taken without waiting. A queued waiter is never overtaken. */
export function canAcquire(sem: RwSem, mode: LockMode): boolean {
  if (sem.queue.length > 0 || sem.writer !== 0) return false;
  return mode === 'shared' || sem.readers.length === 0;
}

/**
 * Takes the lock, or queues the task for it and puts it to sleep. Returns true when the lock is
 * held.
 */
export function acquire(
  k: Kernel,
  task: Task,
  inode: Inode,
  lock: LockName,
  mode: LockMode,
): boolean {
  const sem = semOf(inode, lock);
  assert(!holds(task, inode, lock), 'a task does not take the same lock twice');
  if (canAcquire(sem, mode)) {
    grant(k, task, inode, lock, mode);
    return true;
  }
  sem.queue.push({ task: task.id, mode });
  fallAsleep(k, task, { on: 'lock', ino: inode.ino, lock, mode }, 'D', inode);
  return false;
}

export function release(k: Kernel, task: Task, inode: Inode, lock: LockName): void {
  const sem = semOf(inode, lock);
  const at = task.locks.findIndex((held) => held.ino === inode.ino && held.lock === lock);
  assert(at >= 0, 'only the holder releases a lock');
  const [held] = task.locks.splice(at, 1);
  if (k.geometry.events === 'detailed' && held !== undefined)
    emitFor(k, task, 'lock.released', inode, {
      lock,
      mode: held.mode,
      heldMs: k.nowMs - held.sinceMs,
    });
  if (sem.writer === task.id) sem.writer = 0;
  else sem.readers.splice(sem.readers.indexOf(task.id), 1);
  handOver(k, inode, lock);
}

export function releaseAll(k: Kernel, task: Task): void {
  while (task.locks.length > 0) {
    const held = task.locks[task.locks.length - 1];
    const inode = held === undefined ? undefined : k.inodes.get(held.ino);
    assert(held !== undefined && inode !== undefined, 'an inode outlives the locks on it');
    release(k, task, inode, held.lock);
  }
}

function holds(task: Task, inode: Inode, lock: LockName): boolean {
  return task.locks.some((held) => held.ino === inode.ino && held.lock === lock);
}

function grant(k: Kernel, task: Task, inode: Inode, lock: LockName, mode: LockMode): void {
  const sem = semOf(inode, lock);
  if (mode === 'exclusive') sem.writer = task.id;
  else sem.readers.push(task.id);
  task.locks.push({ ino: inode.ino, lock, mode, sinceMs: k.nowMs });
  if (k.geometry.events === 'detailed') emitFor(k, task, 'lock.acquired', inode, { lock, mode });
}

/** Removes a task from the queue without the lock. The next waiter may get the lock now. */
export function withdraw(k: Kernel, task: Task): void {
  const { sleep } = task;
  const inode = sleep?.on === 'lock' ? k.inodes.get(sleep.ino) : undefined;
  assert(sleep?.on === 'lock' && inode !== undefined, 'only a task in a lock queue leaves it');
  const sem = semOf(inode, sleep.lock);
  sem.queue = sem.queue.filter((waiter) => waiter.task !== task.id);
  leaveSleep(k, task);
  task.state = 'runnable';
  handOver(k, inode, sleep.lock);
}

/**
 * Mirrors MAX_READERS_WAKEUP: at most this many readers are woken at once. The first of them that
 * releases the lock wakes as many again.
 */
export const readersWokenMax = 256;

/**
 * Grants the lock to the head of the queue. Mirrors rwsem_mark_wake() in kernel/locking/rwsem.c: if
 * the head is a reader, all readers in the queue get the lock and pass the writers between them.
 */
function handOver(k: Kernel, inode: Inode, lock: LockName): void {
  const sem = semOf(inode, lock);
  const [head] = sem.queue;
  if (head === undefined || sem.writer !== 0) return;
  if (head.mode === 'exclusive' && sem.readers.length > 0) return;
  const isReader = ({ mode }: RwSem['queue'][0]): boolean => mode === 'shared';
  const granted = isReader(head) ? sem.queue.filter(isReader).slice(0, readersWokenMax) : [head];
  const woken = new Set(granted);
  sem.queue = sem.queue.filter((waiter) => !woken.has(waiter));
  for (const { task: id, mode } of granted) {
    const task = taskOf(k, id);
    grant(k, task, inode, lock, mode);
    wakeTask(k, task);
  }
}
