// Sleeping until a page is idle, with the steps of ___wait_var_event: enqueue, test, drop the lock
// and sleep, take the lock again. They are four steps, so that a stepped scheduler can run other
// tasks between any two of them. After the sleep the task continues at the step `again` and scans
// again, because a wake-up says only that something has changed.
import { headOf, isIdle } from '../mm/page.ts';
import { assert } from '../panic.ts';
import { inTheWayOf } from '../records/operation.ts';
import { acquire, release } from '../sched/rwsem.ts';
import { fallAsleep } from '../sched/task.ts';
import { finishWait, pageBucket, prepareToWait } from '../sched/waitqueue.ts';
import type { Kernel, Task } from '../state.ts';
import type { Ino, Pfn, PgOff } from '../units.ts';
import { fail, goto, type Step, type TaskOf, type Verdict, wait } from './define.ts';

/** What a task stores in its locals while it waits for a page. */
interface PageWait {
  pfn: Pfn;
  pgoff: PgOff;
  /**
   * True: drop invalidate_lock during the sleep and take it again (break-layouts). False: sleep
   * with the locks that are held, both (wait-for-refs) or none (detach-and-wait, eviction).
   */
  dropLock: boolean;
  interruptible: boolean;
  /** The inode of the page and of invalidate_lock, if the operation works on two files. */
  ino?: Ino;
  /** The step that scans again. */
  again: string;
  strategySeq: number;
}

export interface PageWaitLocals {
  pageWait?: PageWait;
}
type Sleeper = Task & { locals: PageWaitLocals };

export type PageSleepStep = 'enqueue' | 'test' | 'sleep' | 'relock';

/** Starts the wait. `again` is a step of the same operation. */
export function sleepOnPage<Again extends string>(
  k: Kernel,
  task: Sleeper,
  again: Again,
  waitFor: Omit<PageWait, 'again' | 'strategySeq'>,
): Verdict<'enqueue' | Again, never> {
  task.locals.pageWait = { ...waitFor, again, strategySeq: k.strategySeq };
  return goto('enqueue');
}

function pageWaitOf(task: Sleeper): PageWait {
  assert(task.locals.pageWait !== undefined, 'a task that waits for a page knows which');
  return task.locals.pageWait;
}

/**
 * Steps for any operation that calls sleepOnPage. `interrupted` is called for a task with a
 * signal, after the task has left the waitqueue.
 */
export function pageSleepSteps<
  Args,
  Locals extends PageWaitLocals,
  Name extends string,
  Result = never,
>(
  interrupted: (k: Kernel, task: TaskOf<Args, Locals>) => Verdict<Name, Result>,
): Record<PageSleepStep, Step<Args, Locals, PageSleepStep | Name, Result>> {
  return {
    enqueue(k, task) {
      const waitFor = pageWaitOf(task);
      waitFor.pfn = headOf(k, waitFor.pfn); // Linux waits for the whole folio.
      prepareToWait(k, task, waitFor.pfn);
      return goto('test');
    },
    test(k, task) {
      const { pfn, again, interruptible, strategySeq } = pageWaitOf(task);
      // The strategy has changed, or the page is idle: scan again from the start, because one
      // idle page says nothing about the others (S18).
      if (isIdle(k, pfn) || strategySeq !== k.strategySeq) {
        finishWait(k, task, pfn);
        return goto(again as Name); // Checked by sleepOnPage.
      }
      if (interruptible && task.signal !== 'none') {
        finishWait(k, task, pfn);
        return interrupted(k, task);
      }
      if (task.nowait) {
        finishWait(k, task, pfn);
        return fail(
          'EAGAIN',
          'SL2',
          `page ${pageWaitOf(task).pgoff} (pfn ${pfn}) is pinned, and the request says nowait`,
          inTheWayOf(k, pfn),
        );
      }
      return goto('sleep');
    },
    sleep(k, task) {
      const { pfn, pgoff, dropLock, interruptible, ino = task.ino } = pageWaitOf(task);
      const inode = ino === 0 ? undefined : k.inodes.get(ino);
      if (dropLock && inode !== undefined) release(k, task, inode, 'invalidate_lock');
      // A wake-up or a signal arrived between test and sleep.
      if (task.woken || (interruptible && task.signal !== 'none')) {
        finishWait(k, task, pfn);
        return goto('relock');
      }
      const other = ino === task.ino || ino === 0 ? {} : { ino };
      fallAsleep(
        k,
        task,
        { on: 'page', pfn, pgoff, bucket: pageBucket(k, pfn), ...other },
        interruptible ? 'S' : 'D',
        inode ?? null,
      );
      return wait('relock');
    },
    relock(k, task) {
      const { pfn, dropLock, ino = task.ino } = pageWaitOf(task);
      if (task.woken && task.signal === 'none' && !isIdle(k, pfn)) k.counts.spuriousWakeups += 1;
      task.woken = false;
      const inode = ino === 0 ? undefined : k.inodes.get(ino);
      if (
        !dropLock ||
        inode === undefined ||
        acquire(k, task, inode, 'invalidate_lock', 'exclusive')
      )
        return goto('enqueue');
      return wait('enqueue');
    },
  };
}

/** The failure of an operation that a signal ended. */
export function signalled(task: Task): Verdict<never, never> {
  if (task.signal === 'deadlock') {
    const cycle = task.locals.cycle ?? [];
    return fail(
      'EDEADLK',
      'SL5',
      'the wait would be a deadlock, and the request says failOnDeadlock',
      {
        cycle,
      },
    );
  }
  return fail('EINTR', 'SL3', 'a signal ended the wait; nothing was changed');
}
