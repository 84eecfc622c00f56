// The hashed waitqueues. Mirrors kernel/sched/wait_bit.c: one table for all pages, a bucket chosen
// by the hash of the page's address, and waiters that carry their key. Linux adds non-exclusive
// waiters at the head and exclusive ones at the tail. Page buckets have only the former and entry
// buckets only the latter, so both are stored in arrival order and a page bucket is walked from its
// end. A second table of 4096 buckets serves the locks of DAX mapping entries (fs/dax.c).
import { emit } from '../emit.ts';
import type { Kernel, Task, Waiter } from '../state.ts';
import { type Ino, opId, type Pfn, type PgOff, type TaskId } from '../units.ts';
import { bucketOfEntry, bucketOfPage } from './hash.ts';
import { taskOf, wakeTask } from './task.ts';

export function pageBucket(k: Kernel, pfn: Pfn): number {
  return bucketOfPage(pfn, Math.log2(k.geometry.waitqueue.buckets));
}

/**
 * prepare_to_wait: queues the task and sets its sleeping state before the condition is tested, so
 * that a wake-up between the test and the sleep is not lost.
 */
export function prepareToWait(k: Kernel, task: Task, pfn: Pfn): void {
  const bucket = pageBucket(k, pfn);
  const others = k.pageWaiters.get(pfn) ?? 0;
  if ((k.pageQueues.get(bucket)?.size ?? 0) > others) k.counts.bucketCollisions += 1;
  k.pageWaiters.set(pfn, others + 1);
  enqueue(k.pageQueues, bucket, { task: task.id, key: pfn, ino: 0, exclusive: false });
  task.state = 'preparing';
  task.woken = false;
}

/** finish_wait: takes the task off the queue, unless a wake-up has already done so. */
export function finishWait(k: Kernel, task: Task, pfn: Pfn): void {
  leavePage(k, pageBucket(k, pfn), task);
  if (task.state === 'preparing') task.state = 'runnable';
}

type Queues = Map<number, Map<TaskId, Waiter>>;

function enqueue(queues: Queues, bucket: number, waiter: Waiter): void {
  const queue = queues.get(bucket);
  if (queue === undefined) queues.set(bucket, new Map([[waiter.task, waiter]]));
  else queue.set(waiter.task, waiter);
}

function dequeue(queues: Queues, bucket: number, task: Task): Waiter | undefined {
  const queue = queues.get(bucket);
  const waiter = queue?.get(task.id);
  if (queue?.delete(task.id) === true && queue.size === 0) queues.delete(bucket);
  return waiter;
}

function leavePage(k: Kernel, bucket: number, task: Task): void {
  const waiter = dequeue(k.pageQueues, bucket, task);
  if (waiter === undefined) return;
  const pfn = waiter.key as Pfn;
  const others = (k.pageWaiters.get(pfn) ?? 0) - 1;
  if (others > 0) k.pageWaiters.set(pfn, others);
  else k.pageWaiters.delete(pfn);
}

/** True if a task is queued for exactly this page, and not only for its bucket. */
export const hasWaiters = (k: Kernel, pfn: Pfn): boolean => k.pageWaiters.has(pfn);

/** The waiters of a page bucket in wake-up order, newest first. */
export const newestFirst = (queue: ReadonlyMap<TaskId, Waiter>): Waiter[] =>
  [...queue.values()].reverse();

/**
 * wake_up_var: wakes every waiter of the bucket whose key is this page; without keys, every waiter
 * of the bucket.
 */
export function wakePage(k: Kernel, pfn: Pfn): void {
  if (k.pageQueues.size === 0) return;
  const { keyed } = k.geometry.waitqueue;
  if (keyed && !hasWaiters(k, pfn)) return;
  const bucket = pageBucket(k, pfn);
  const queue = k.pageQueues.get(bucket);
  if (queue === undefined) return;
  const walked = queue.size;
  const woken = newestFirst(queue).filter((waiter) => !keyed || waiter.key === pfn);
  emit(k, 'waitqueue.wakeup', null, {
    bucket,
    pfn,
    walked,
    woken: woken.map((waiter) => opId(waiter.task)),
    matched: woken.filter((waiter) => waiter.key === pfn).length,
  });
  for (const waiter of woken) wakeWaiter(k, waiter, bucket, waiter.key === pfn ? 'own' : 'other');
}

/** Wakes every waiter of every page, so that each tests its condition again. */
export function wakeAllPages(k: Kernel): void {
  for (const [bucket, queue] of [...k.pageQueues]) {
    for (const waiter of newestFirst(queue)) wakeWaiter(k, waiter, bucket, 'own');
  }
}

/** Wakes one task that waits for `pfn`, as a signal does. */
export function wakeSleeper(k: Kernel, task: Task, pfn: Pfn): void {
  leavePage(k, pageBucket(k, pfn), task);
  wakeTask(k, task);
}

function wakeWaiter(k: Kernel, waiter: Waiter, bucket: number, key: 'own' | 'other'): void {
  const task = taskOf(k, waiter.task);
  leavePage(k, bucket, task);
  k.counts.wakeups += 1;
  task.wakeups += 1;
  // Before the sleep, `woken` is enough: the task checks it and does not sleep.
  if (task.state === 'sleeping') wakeTask(k, task, key);
  else task.woken = true;
}

/** Queues an exclusive waiter for the lock of a mapping entry. Returns its bucket. */
export function queueForEntry(k: Kernel, task: Task, ino: Ino, pgoff: PgOff): number {
  const bucket = bucketOfEntry(ino, pgoff);
  enqueue(k.entryQueues, bucket, { task: task.id, key: pgoff, ino, exclusive: true });
  return bucket;
}

/** WAKE_NEXT: the first exclusive waiter of this entry, if any. */
export function wakeEntry(k: Kernel, ino: Ino, pgoff: PgOff): void {
  if (k.entryQueues.size === 0) return;
  const bucket = bucketOfEntry(ino, pgoff);
  let waiter: Waiter | undefined;
  for (const queued of k.entryQueues.get(bucket)?.values() ?? []) {
    if (queued.ino !== ino || queued.key !== pgoff) continue;
    waiter = queued;
    break;
  }
  if (waiter === undefined) return;
  const task = taskOf(k, waiter.task);
  dequeue(k.entryQueues, bucket, task);
  k.counts.wakeups += 1;
  task.wakeups += 1;
  wakeTask(k, task);
}
