// The hashed waitqueues. Mirrors kernel/sched/wait_bit.c: one table for all pages, a bucket by the hash of the page's address, waiters
// that carry their key. Non-exclusive waiters go to the head, exclusive ones to the tail. A second table of 4096 buckets serves the
// locks of DAX mapping entries (fs/dax.c).
import { emit } from '../events.ts';
import type { Kernel, Task, Waiter } from '../state.ts';
import type { Ino, Pfn, PgOff } from '../units.ts';
import { bucketOfEntry, bucketOfPage } from './hash.ts';
import { opId, taskOf, wakeTask } from './task.ts';

export function pageBucket(k: Kernel, pfn: Pfn): number {
  return bucketOfPage(pfn, Math.log2(k.geometry.waitqueue.buckets));
}

/**
 * prepare_to_wait: on the queue, and in the sleeping state, before the condition is tested, so that a wake-up between the test and the
 * sleep is not lost.
 */
export function prepareToWait(k: Kernel, task: Task, pfn: Pfn): void {
  const bucket = pageBucket(k, pfn);
  const queue = k.pageQueues.get(bucket);
  const waiter: Waiter = { task: task.id, key: pfn, ino: 0, exclusive: false };
  if (queue === undefined) {
    k.pageQueues.set(bucket, [waiter]);
  } else {
    if (queue.some((other) => other.key !== pfn)) k.counts.bucketCollisions += 1;
    queue.unshift(waiter);
  }
  task.state = 'preparing';
  task.woken = false;
}

/** finish_wait: off the queue, if a wake-up has not taken it off already. */
export function finishWait(k: Kernel, task: Task, pfn: Pfn): void {
  dequeue(k.pageQueues, pageBucket(k, pfn), task);
  if (task.state === 'preparing') task.state = 'runnable';
}

function dequeue(queues: Map<number, Waiter[]>, bucket: number, task: Task): void {
  const queue = queues.get(bucket);
  if (queue === undefined) return;
  const at = queue.findIndex((waiter) => waiter.task === task.id);
  if (at >= 0) queue.splice(at, 1);
  if (queue.length === 0) queues.delete(bucket);
}

/** True when somebody is queued for exactly this page. */
export function hasWaiters(k: Kernel, pfn: Pfn): boolean {
  if (k.pageQueues.size === 0) return false;
  return k.pageQueues.get(pageBucket(k, pfn))?.some((waiter) => waiter.key === pfn) ?? false;
}

/** wake_up_var: wakes every waiter of the bucket whose key is this page; without keys, every waiter of the bucket. */
export function wakePage(k: Kernel, pfn: Pfn): void {
  if (k.pageQueues.size === 0) return;
  const bucket = pageBucket(k, pfn);
  const queue = k.pageQueues.get(bucket);
  if (queue === undefined) return;
  const woken = k.geometry.waitqueue.keyed ? queue.filter((waiter) => waiter.key === pfn) : [...queue];
  if (woken.length === 0) return;
  emit(k, 'waitqueue.wakeup', null, {
    bucket,
    pfn,
    walked: queue.length,
    woken: woken.map((waiter) => opId(waiter.task)),
    matched: woken.filter((waiter) => waiter.key === pfn).length,
  });
  for (const waiter of woken) wakeWaiter(k, waiter, bucket, waiter.key !== pfn);
}

/** Wakes every waiter of the table: they all look again. */
export function wakeAllPages(k: Kernel): void {
  for (const [bucket, queue] of [...k.pageQueues]) {
    for (const waiter of [...queue]) wakeWaiter(k, waiter, bucket, false);
  }
}

/** Wakes one task that waits for `pfn`, as a signal does. */
export function wakeSleeper(k: Kernel, task: Task, pfn: Pfn): void {
  dequeue(k.pageQueues, pageBucket(k, pfn), task);
  wakeTask(k, task, false);
}

function wakeWaiter(k: Kernel, waiter: Waiter, bucket: number, spurious: boolean): void {
  const task = taskOf(k, waiter.task);
  dequeue(k.pageQueues, bucket, task);
  k.counts.wakeups += 1;
  task.wakeups += 1;
  // Between prepare and sleep the mark is enough: the sleep will see it and not happen.
  if (task.state === 'sleeping') wakeTask(k, task, spurious);
  else task.woken = true;
}

/** Queues an exclusive waiter for the lock of a mapping entry. Returns its bucket. */
export function queueForEntry(k: Kernel, task: Task, ino: Ino, pgoff: PgOff): number {
  const bucket = bucketOfEntry(ino, pgoff);
  const waiter: Waiter = { task: task.id, key: pgoff, ino, exclusive: true };
  const queue = k.entryQueues.get(bucket);
  if (queue === undefined) k.entryQueues.set(bucket, [waiter]);
  else queue.push(waiter);
  return bucket;
}

/** WAKE_NEXT: the first exclusive waiter of this entry, if any. */
export function wakeEntry(k: Kernel, ino: Ino, pgoff: PgOff): void {
  if (k.entryQueues.size === 0) return;
  const bucket = bucketOfEntry(ino, pgoff);
  const waiter = k.entryQueues.get(bucket)?.find((queued) => queued.ino === ino && queued.key === pgoff);
  if (waiter === undefined) return;
  const task = taskOf(k, waiter.task);
  dequeue(k.entryQueues, bucket, task);
  k.counts.wakeups += 1;
  task.wakeups += 1;
  wakeTask(k, task, false);
}
