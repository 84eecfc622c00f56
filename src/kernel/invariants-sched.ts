// The laws of tasks, locks, queues and timers. invariants.ts has the others and the table of all.
import { classicRefcount, modernRefcount, pinsOver } from './mm/page.ts';
import type { WalkLocals } from './ops/page-walk.ts';
import { Panic } from './panic.ts';
import { strategyOf } from './reclaim/index.ts';
import { bucketOfEntry, bucketOfPage } from './sched/hash.ts';
import { readersWokenMax } from './sched/rwsem.ts';
import { eachTimer, firstTimer } from './sched/timers.ts';
import type { Inode, Kernel, LockMode, LockName, RwSem, Task, Waiter } from './state.ts';
import { type PgOff, type PinId, pinId, type TaskId, toPfn } from './units.ts';

export type Law = (k: Kernel) => void;

/**
 * Throws if one sentence of a law does not hold. `where` is a function, because its text is needed
 * only then.
 */
export function hold(holds: boolean, law: string, where: () => string): asserts holds {
  if (!holds) throw new Panic(`${law}: ${where()}`);
}

/** Law 6. wait-for-refs breaks it on purpose, so S01 is a deadlock there. */
export function nobodySleepsOnAPinWithTheFaultLock(k: Kernel): void {
  if (strategyOf(k).sleepsWithLocks) return;
  for (const task of k.tasks.values()) {
    if (task.state !== 'sleeping' || task.sleep?.on !== 'page') continue;
    const holds = task.locks.some(
      ({ lock, mode }) => lock === 'invalidate_lock' && mode === 'exclusive',
    );
    hold(
      !holds,
      'law 6: nobody holds invalidate_lock exclusive while it sleeps on a pin',
      () => `task ${task.id}`,
    );
  }
}

/**
 * Law 8, as far as one state shows it: no task sleeps on an idle page, or waits for a lock that
 * could be granted.
 */
export function noWakeupIsLost(k: Kernel): void {
  const law = 'law 8: no wake-up is lost';
  for (const task of k.tasks.values()) {
    if (task.state !== 'sleeping') continue;
    const where = () => `task ${task.id} sleeps on ${JSON.stringify(task.sleep)}`;
    if (task.sleep?.on === 'page') {
      const { pfn } = task.sleep;
      const rule = k.idleRule;
      const refcount =
        rule === 'classic'
          ? classicRefcount(k, pfn) - 1
          : rule === 'modern'
            ? modernRefcount(k, pfn)
            : pinsOver(k, pfn);
      hold(refcount > 0, law, where);
    } else if (task.sleep?.on === 'spin') {
      hold(pinsOver(k, task.sleep.pfn) > 0, law, where);
    } else if (task.sleep?.on === 'entry') {
      hold(
        k.inodes.get(task.sleep.ino)?.entryLocks.has(task.sleep.pgoff) === true ||
          hasRival(k, task),
        law,
        where,
      );
    }
  }
  for (const inode of k.inodes.values()) {
    for (const sem of [inode.iRwsem, inode.invalidateLock]) {
      const head = sem.queue[0];
      if (head === undefined) continue;
      const enough = head.mode === 'exclusive' ? 1 : readersWokenMax;
      const waits = sem.writer !== 0 || sem.readers.length >= enough;
      hold(waits, law, () => `task ${head.task} waits for a free lock of inode ${inode.ino}`);
    }
  }
}

/**
 * True if another task that is awake competes for this entry lock. The lock is not handed over on
 * release, so it can be free while that task is about to take it.
 */
function hasRival(k: Kernel, { sleep, id }: Task): boolean {
  for (const other of k.tasks.values()) {
    if (
      other.id === id ||
      other.state === 'sleeping' ||
      sleep?.on !== 'entry' ||
      other.ino !== sleep.ino
    )
      continue;
    if ((other.locals as WalkLocals).walk?.entry != null) return true;
  }
  return false;
}

/**
 * Law Q1. A sleeper is on exactly the queue of what it waits for. A preparing task is on the queue
 * of its page unless it was woken. No other task is on a queue.
 */
export function queuesHoldTheSleepers(k: Kernel): void {
  const law = 'law Q1: a task is on the one queue of what it waits for, and on none else';
  const queues = new Map<TaskId, string[]>();
  const note = (task: TaskId, queue: string): void =>
    void queues.set(task, [...(queues.get(task) ?? []), queue]);
  const bits = Math.log2(k.geometry.waitqueue.buckets);
  const noteAll = (
    table: Kernel['pageQueues'],
    name: (waiter: Waiter) => [string, number],
  ): void => {
    for (const [bucket, waiters] of table) {
      hold(waiters.size > 0, law, () => `bucket ${bucket} is empty and has a list`);
      for (const waiter of waiters.values()) {
        const [queue, home] = name(waiter);
        hold(
          home === bucket,
          law,
          () => `task ${waiter.task} is in bucket ${bucket}, its key belongs to ${home}`,
        );
        note(waiter.task, queue);
      }
    }
  };
  noteAll(k.pageQueues, ({ key }) => [`page ${key}`, bucketOfPage(toPfn(key), bits)]);
  const perPage = new Map<number, number>();
  for (const waiters of k.pageQueues.values())
    for (const { key } of waiters.values()) perPage.set(key, (perPage.get(key) ?? 0) + 1);
  const counted =
    perPage.size === k.pageWaiters.size &&
    [...perPage].every(([pfn, count]) => k.pageWaiters.get(toPfn(pfn)) === count);
  hold(
    counted,
    law,
    () => `waiters of a page: ${[...perPage].join('; ')}, counted ${[...k.pageWaiters].join('; ')}`,
  );
  noteAll(k.entryQueues, ({ key, ino }) => [
    `entry ${ino} ${key}`,
    bucketOfEntry(ino as Inode['ino'], key as PgOff),
  ]);
  for (const task of k.spinning) note(task, 'spinning');
  for (const inode of k.inodes.values()) {
    for (const { task, mode } of inode.iRwsem.queue) note(task, `i_rwsem ${inode.ino} ${mode}`);
    for (const { task, mode } of inode.invalidateLock.queue)
      note(task, `invalidate_lock ${inode.ino} ${mode}`);
  }
  for (const task of k.tasks.values()) {
    const found = (queues.get(task.id) ?? []).join(' and ');
    queues.delete(task.id);
    const where = () => `task ${task.id} (${task.state}) is on ${found || 'no queue'}`;
    hold((task.sleep !== null) === (task.state === 'sleeping'), law, where);
    if (task.state === 'sleeping') hold(found === queueOf(task), law, where);
    else if (task.state === 'preparing')
      hold(task.woken ? found === '' : /^page \d+$/.test(found), law, where);
    else hold(found === '', law, where);
  }
  hold(
    queues.size === 0,
    law,
    () => `tasks that are gone are queued: ${[...queues.keys()].join()}`,
  );
}

function queueOf({ sleep }: Task): string {
  if (sleep?.on === 'page') return `page ${sleep.pfn}`;
  if (sleep?.on === 'spin') return 'spinning';
  return sleep?.on === 'lock'
    ? `${sleep.lock} ${sleep.ino} ${sleep.mode}`
    : `entry ${sleep?.ino} ${sleep?.pgoff}`;
}

/** Law Q2. A lock has readers or one writer, and `locks` of each of these tasks lists it. */
export function locksAreHeldOnce(k: Kernel): void {
  const law = 'law Q2: a lock has one writer or readers, and they know it';
  const held = new Set<string>();
  const nameOf = (ino: number, lock: LockName, mode: LockMode, task: number): string =>
    `${ino} ${lock} ${mode} ${task}`;
  for (const inode of k.inodes.values()) {
    const sems: [LockName, RwSem][] = [
      ['i_rwsem', inode.iRwsem],
      ['invalidate_lock', inode.invalidateLock],
    ];
    for (const [lock, { writer, readers }] of sems) {
      hold(
        writer === 0 || readers.length === 0,
        law,
        () => `${lock} of inode ${inode.ino} has a writer and readers`,
      );
      if (writer !== 0) held.add(nameOf(inode.ino, lock, 'exclusive', writer));
      for (const reader of readers) {
        hold(
          !held.has(nameOf(inode.ino, lock, 'shared', reader)),
          law,
          () => `task ${reader} holds ${lock} twice`,
        );
        held.add(nameOf(inode.ino, lock, 'shared', reader));
      }
    }
  }
  for (const task of k.tasks.values()) {
    for (const { ino, lock, mode } of task.locks) {
      hold(
        held.delete(nameOf(ino, lock, mode, task.id)),
        law,
        () => `task ${task.id} believes that it has ${lock} of inode ${ino}`,
      );
    }
  }
  hold(held.size === 0, law, () => `held by nobody: ${[...held].join('; ')}`);
}

/**
 * Law Q3. A task that can run is on the run queue once. A sleeping task is in the tables of
 * sleepers.
 */
export function tasksAreBooked(k: Kernel): void {
  const law = 'law Q3: a task is runnable once or sleeps';
  const runnable = new Set(k.runnable);
  hold(runnable.size === k.runnable.length, law, () => `run queue ${k.runnable.join()}`);
  const sleepers: TaskId[] = [];
  const owners = new Map<string, TaskId[]>();
  for (const task of k.tasks.values()) {
    const asleep = task.state === 'sleeping';
    hold(runnable.delete(task.id) !== asleep, law, () => `task ${task.id} is ${task.state}`);
    if (!asleep) continue;
    sleepers.push(task.id);
    if (task.owner !== null) owners.set(task.owner, [...(owners.get(task.owner) ?? []), task.id]);
  }
  hold(runnable.size === 0, law, () => `runnable and gone: ${[...runnable].join()}`);
  const books = k.sleepers.size === sleepers.length && sleepers.every((id) => k.sleepers.has(id));
  hold(
    books && k.counts.sleepers === sleepers.length,
    law,
    () => `asleep ${sleepers.join()}, booked ${[...k.sleepers].join()}`,
  );
  hold(k.sleepersOf.size === owners.size, law, () => `owners asleep: ${[...owners.keys()].join()}`);
  for (const [owner, ids] of owners) {
    const booked = [...(k.sleepersOf.get(owner) ?? [])].sort((a, b) => a - b);
    hold(
      booked.join() === ids.sort((a, b) => a - b).join(),
      law,
      () => `${owner} sleeps in ${ids.join()}, booked ${booked.join()}`,
    );
  }
}

/**
 * Law T1. No timer is overdue, each is stored under its own time and belongs to a pin or a task,
 * and the heap has every time.
 */
export function timersAscend(k: Kernel): void {
  const law = 'law T1: timers ascend and none is overdue';
  const timers = eachTimer(k.timers);
  const { times, at } = k.timers;
  for (const { atMs, kind, id } of timers) {
    hold(atMs >= k.nowMs, law, () => `${atMs} at ${k.nowMs}`);
    const dueMs =
      kind === 'pin' ? k.pins.get(id as PinId)?.untilMs : k.tasks.get(id as TaskId)?.timeoutAtMs;
    hold(dueMs === atMs, law, () => `the ${kind} ${id} of the timer at ${atMs} ends at ${dueMs}`);
  }
  for (const { id, untilMs } of k.pins.values()) {
    const timed = untilMs === 0 || k.timers.at.get(untilMs)?.has(`pin ${id}`) === true;
    hold(timed, law, () => `${pinId(id)} is to be let go at ${untilMs}, and no timer does it`);
  }
  for (const [atMs, same] of at) {
    const where = () => `the timers of ${atMs}`;
    hold(
      same.size > 0 &&
        times.includes(atMs) &&
        [...same.values()].every((timer) => timer.atMs === atMs),
      law,
      where,
    );
  }
  for (let child = 1; child < times.length; child++) {
    hold(
      (times[(child - 1) >> 1] as number) <= (times[child] as number),
      law,
      () => `heap ${times.join()}`,
    );
  }
  hold(
    firstTimer(k) === (timers[0] ?? null),
    law,
    () => `the first is ${JSON.stringify(firstTimer(k))}`,
  );
}
