// The steps that every change of a file's layout takes: truncate, punch hole, zero range, collapse,
// insert, preallocation if the filesystem breaks layouts for it, and a write that replaces the
// whole content.
//
//     lock → lockMapping → scan ⇄ (enqueue → test → sleep → relock) → change → commit → drain
//
// i_rwsem and invalidate_lock are held exclusive from `lock` and `lockMapping` to the end of
// `commit`. The strategy decides in `scan`, and in `change` it determines where the blocks go. In
// `drain` detach-and-wait sleeps without a lock.
import { z } from 'zod';
import { emit } from '../emit.ts';
import type { Failure } from '../errno.ts';
import { commitBusy, insertBusy } from '../fs/busy-extent.ts';
import { deleteEntries } from '../fs/dax.ts';
import { detach, firstPinned, freeDetached, freeIdleParts, handToReaper } from '../fs/detached.ts';
import { freeRun } from '../fs/superblock.ts';
import { removeRange } from '../lib/extent-map.ts';
import { pinnedAs } from '../mm/gup.ts';
import { unmapRange } from '../mm/pagetable.ts';
import { assert } from '../panic.ts';
import { strategies, strategyOf } from '../reclaim/index.ts';
import type { Destination, LayoutRange } from '../reclaim/strategy.ts';
import { acquire, canAcquire, releaseAll, semOf } from '../sched/rwsem.ts';
import { inodeOf } from '../sched/task.ts';
import type { Inode, Kernel, LockMode, LockName, Task } from '../state.ts';
import { byteOf, lastPage, type PgOff, pageSize, toPgOff, zCount } from '../units.ts';
import { blockersMax, lockBlockers } from '../waits/wait-graph.ts';
import {
  done,
  fail,
  failWith,
  goto,
  type Step,
  type TaskOf,
  type Verdict,
  wait,
} from './define.ts';
import {
  type PageSleepStep,
  type PageWaitLocals,
  pageSleepSteps,
  signalled,
  sleepOnPage,
} from './page-sleep.ts';

/** The result of every layout change. */
export const layoutResult = z.object({
  sizeBytes: zCount.describe('Size of the file after the operation.'),
  blocksFreed: zCount.describe('Blocks that left the file and are free.'),
  blocksBusy: zCount.describe(
    'Blocks that left the file and stay on the busy list until their last put.',
  ),
  blocksDetached: zCount.describe(
    'Blocks that left the file and wait for the reaper, because a signal ended the wait.',
  ),
  scans: zCount.describe('How often the range was scanned for busy pages.'),
  wakeups: zCount.describe('How often the operation was woken.'),
  sleptMs: zCount.describe('How long it slept on pages and locks, in milliseconds.'),
});
export type LayoutResult = z.infer<typeof layoutResult>;

/**
 * What one operation adds to these steps. Each function gets the inode with the locks of its step
 * held.
 */
export interface LayoutChange<Args, More extends object = object> {
  /** VFS checks: before any lock and before any wait. */
  check(k: Kernel, inode: Inode, args: Args): Failure | null;
  /** Checks under i_rwsem, before the layout is broken. */
  checkLocked?(k: Kernel, inode: Inode, args: Args): Failure | null;
  /** The range that it will change; null if this filesystem breaks no layout for it. */
  range(k: Kernel, inode: Inode, args: Args): LayoutRange | null;
  /**
   * The filesystem's own checks, which Linux makes under the locks and so after the wait; see
   * `breaksBeforeChecks`.
   */
  recheck?(k: Kernel, inode: Inode, args: Args): Failure | null;
  /** Makes the change. Blocks that leave the file must go through `removeBlocks`. */
  change(k: Kernel, task: LayoutTask<Args>, inode: Inode, args: Args): Failure | null;
  /** Additional fields of the result. */
  result?(k: Kernel, task: LayoutTask<Args>, inode: Inode): More;
}

/** The progress of a layout change. */
interface Walk {
  scans: number;
  blocksFreed: number;
  blocksBusy: number;
  blocksDetached: number;
  /** First pfns of busy entries of this transaction, or of detached runs. */
  runs: number[];
  destination: Destination;
  sleptUnder: string;
  /**
   * The strategy of the last scan. If another one is in force when the change begins, the range is
   * scanned again.
   */
  strategySeq: number;
  sizeBytes: number;
}

export interface LayoutLocals extends PageWaitLocals {
  layout?: Walk;
  /** True once blocks are detached: a signal then ends the wait, not the operation. */
  committed?: true;
  /** The failure of an operation that has already removed blocks, which still commits them. */
  failure?: Failure;
  /** How many bytes a write of the whole content has written. */
  bytesWritten?: number;
}
export type LayoutTask<Args = unknown> = TaskOf<Args, LayoutLocals>;

export function layoutLocals(task: Task & { locals: LayoutLocals }): Walk {
  task.locals.layout ??= {
    scans: 0,
    blocksFreed: 0,
    blocksBusy: 0,
    blocksDetached: 0,
    runs: [],
    destination: 'free',
    sleptUnder: '',
    strategySeq: 0,
    sizeBytes: 0,
  };
  return task.locals.layout;
}

export function theInode(k: Kernel, task: Task): Inode {
  const inode = inodeOf(k, task);
  assert(inode !== null, 'a file stays while an operation uses it');
  return inode;
}

/**
 * Takes a lock and continues at `next`, or sleeps until the lock is handed over and continues
 * there.
 */
export function lockThen<Next extends string>(
  k: Kernel,
  task: Task,
  inode: Inode,
  lock: LockName,
  mode: LockMode,
  next: Next,
): Verdict<Next, never> {
  if (task.nowait && !canAcquire(semOf(inode, lock), mode)) {
    return fail(
      'EAGAIN',
      'SL2',
      `the lock ${lock} of ${inode.name} is held, and the request says nowait`,
      {
        blockedBy: lockBlockers(k, inode, lock, blockersMax),
      },
    );
  }
  return acquire(k, task, inode, lock, mode) ? goto(next) : wait(next);
}

/**
 * Removes the blocks of [first, last] from the file; `destination` says what becomes of them. Also
 * unmaps the pages and deletes their entries. The caller holds both locks exclusive.
 */
export function removeBlocks(
  k: Kernel,
  task: LayoutTask,
  inode: Inode,
  first: PgOff,
  last: PgOff,
  destination: Destination,
): void {
  const locals = layoutLocals(task);
  locals.destination = destination;
  unmapRange(k, inode, first, last);
  deleteEntries(k, inode, first, last);
  removeRange(inode.extents, first, last - first + 1, (extent) => {
    const { pfn, pages } = extent;
    k.counts.blocksUsed -= pages;
    emit(k, 'extent.removed', inode, {
      offset: byteOf(extent.pgoff),
      length: pages * pageSize,
      pfn,
      pages,
    });
    if (destination === 'busy') {
      for (const run of insertBusy(k, inode, pfn, pages)) locals.runs.push(run);
      locals.blocksBusy += pages;
    } else if (destination === 'detached') {
      detach(k, inode, pfn, pages, task.id);
      locals.runs.push(pfn);
      locals.blocksDetached += pages;
    } else {
      freeRun(k, pfn, pages, 'inode', k.nowMs);
      locals.blocksFreed += pages;
    }
  });
}

/** The commit of removeBlocks: busy entries leave their transaction. */
export function commitBlocks(k: Kernel, task: LayoutTask): void {
  const locals = layoutLocals(task);
  if (locals.destination !== 'busy') return;
  const freed = commitBusy(k, locals.runs);
  locals.blocksFreed += freed;
  locals.blocksBusy -= freed;
}

/**
 * The commit in the middle of a change that needs space itself: blocks that nobody pins are free
 * from now on.
 */
export function settleBlocks(k: Kernel, task: LayoutTask): void {
  const locals = layoutLocals(task);
  if (locals.destination === 'busy') {
    commitBlocks(k, task);
    locals.runs = [];
  } else if (locals.destination === 'detached') {
    const { freed, left } = freeIdleParts(k, locals.runs, task.id);
    locals.blocksFreed += freed;
    locals.blocksDetached -= freed;
    locals.runs = left;
  }
}

/**
 * From this byte to the end of the file. The pages from `leave` on leave the file, up to `move`,
 * and the pages from `move` on move to another offset.
 */
export function rangeFrom(
  offset: number,
  { leave, move }: { leave?: PgOff; move?: PgOff },
): LayoutRange {
  const before = move === undefined ? lastPage : toPgOff(move - 1);
  return {
    firstByte: offset,
    lastByte: Number.MAX_SAFE_INTEGER,
    leave: leave === undefined || before < leave ? null : { first: leave, last: before },
    move: move === undefined ? null : { first: move, last: lastPage },
  };
}

/** The bytes [offset, end). The pages [first, last) leave the file. */
export function rangeOf(offset: number, end: number, first: PgOff, last: PgOff): LayoutRange {
  const leave = last > first ? { first, last: toPgOff(last - 1) } : null;
  return { firstByte: offset, lastByte: Math.max(offset, end - 1), leave, move: null };
}

type LayoutStep =
  | 'lock'
  | 'lockMapping'
  | 'scan'
  | PageSleepStep
  | 'change'
  | 'commit'
  | 'drain'
  | 'handOver';

type LayoutSteps<Args, Result, Name extends LayoutStep = LayoutStep> = Record<
  Name,
  Step<Args, LayoutLocals, LayoutStep, Result>
>;

export function layoutSteps<Args, More extends object>(
  op: LayoutChange<Args, More>,
): LayoutSteps<Args, LayoutResult & More> {
  return { ...breakSteps(op), ...changeSteps(op) };
}

/** Takes both locks and breaks the layout. */
function breakSteps<Args>(
  op: LayoutChange<Args>,
): LayoutSteps<Args, never, 'lock' | 'lockMapping' | 'scan' | PageSleepStep> {
  return {
    lock(k, task) {
      const inode = theInode(k, task);
      const refused = op.check(k, inode, task.args);
      if (refused !== null) return failWith(refused);
      return lockThen(k, task, inode, 'i_rwsem', 'exclusive', 'lockMapping');
    },
    lockMapping(k, task) {
      const inode = theInode(k, task);
      const refused = op.checkLocked?.(k, inode, task.args) ?? null;
      if (refused !== null) return failWith(refused);
      return lockThen(k, task, inode, 'invalidate_lock', 'exclusive', 'scan');
    },
    scan(k, task) {
      const inode = theInode(k, task);
      const locals = layoutLocals(task);
      const range = op.range(k, inode, task.args);
      if (range === null) return goto('change');
      const strategy = strategyOf(k);
      const wrong = strategy.breaksBeforeChecks
        ? null
        : (op.recheck?.(k, inode, task.args) ?? null);
      if (wrong !== null) return failWith(wrong);
      // Clear the marks of the last scan first, because the strategy or the pins may have changed.
      if (locals.sleptUnder !== '') strategies.get(locals.sleptUnder)?.abandon?.(k, inode);
      locals.scans += 1;
      locals.strategySeq = k.strategySeq;
      const verdict = strategy.breakLayout(k, task, inode, range, k.strategy.options);
      if (verdict.kind === 'refuse') return failWith(verdict.failure);
      if (verdict.kind === 'sleep') {
        locals.sleptUnder = strategy.name;
        const { pfn, pgoff, holdLocks } = verdict;
        return sleepOnPage(k, task, 'scan', {
          pfn,
          pgoff,
          dropLock: !holdLocks,
          interruptible: true,
        });
      }
      locals.sleptUnder = '';
      const length = Math.min(range.lastByte, Number.MAX_SAFE_INTEGER - 1) - range.firstByte + 1;
      emit(k, 'layout.broken', inode, { offset: range.firstByte, length, scans: locals.scans });
      return goto('change');
    },
    ...pageSleepSteps((k, task: LayoutTask<Args>): Verdict<LayoutStep, never> => {
      if (task.locals.committed === true) {
        // The blocks are detached, so a signal ends the wait, not the operation.
        if (task.signal === 'restart') {
          task.signal = 'none';
          return goto('drain');
        }
        return goto('handOver');
      }
      if (task.signal !== 'restart') return signalled(task);
      // SA_RESTART: the call restarts, and queues for the lock again at the end.
      task.signal = 'none';
      abandonLayout(k, task, op.range(k, theInode(k, task), task.args));
      releaseAll(k, task);
      return goto('lock');
    }),
  };
}

/** Changes the file. With detach-and-wait, then waits for the blocks. */
function changeSteps<Args, More extends object>(
  op: LayoutChange<Args, More>,
): LayoutSteps<Args, LayoutResult & More, 'change' | 'commit' | 'drain' | 'handOver'> {
  return {
    change(k, task) {
      const inode = theInode(k, task);
      // The old strategy (busy-extents, for example) may have ignored pins for which the new one
      // must wait.
      if (
        op.range(k, inode, task.args) !== null &&
        layoutLocals(task).strategySeq !== k.strategySeq
      )
        return goto('scan');
      const wrong = op.recheck?.(k, inode, task.args) ?? null;
      const refused = wrong === null ? op.change(k, task, inode, task.args) : wrong;
      if (refused !== null && layoutLocals(task).runs.length === 0) return failWith(refused);
      // Blocks that left the file are committed although the call fails: O_TRUNC succeeded, and
      // then the write found no space.
      if (refused !== null) task.locals.failure = refused;
      layoutLocals(task).sizeBytes = inode.sizeBytes;
      return layoutLocals(task).runs.length > 0 ? goto('commit') : finish(op, k, task);
    },
    commit(k, task) {
      commitBlocks(k, task);
      if (layoutLocals(task).destination !== 'detached') return finish(op, k, task);
      task.locals.committed = true;
      releaseAll(k, task);
      return goto('drain');
    },
    drain(k, task) {
      const locals = layoutLocals(task);
      const pfn = firstPinned(k, locals.runs);
      if (pfn !== null) {
        // The page no longer has an offset in the file, so the wait shows the one at which it was
        // pinned.
        const pgoff = pinnedAs(k, pfn) ?? toPgOff(0);
        return sleepOnPage(k, task, 'drain', {
          pfn,
          pgoff,
          dropLock: false,
          interruptible: true,
        });
      }
      locals.blocksFreed += freeDetached(k, locals.runs);
      locals.blocksDetached = 0;
      return finish(op, k, task);
    },
    handOver(k, task) {
      const locals = layoutLocals(task);
      const left = handToReaper(k, locals.runs);
      locals.blocksFreed += locals.blocksDetached - left;
      locals.blocksDetached = left;
      return finish(op, k, task);
    },
  };
}

function finish<Args, More extends object>(
  op: LayoutChange<Args, More>,
  k: Kernel,
  task: LayoutTask<Args>,
): Verdict<never, LayoutResult & More> {
  if (task.locals.failure !== undefined) return failWith(task.locals.failure);
  const { scans, blocksFreed, blocksBusy, blocksDetached, sizeBytes } = layoutLocals(task);
  const more = op.result?.(k, task, theInode(k, task)) as More; // Empty without `result`.
  const { wakeups, sleptMs } = task;
  const blocks = { blocksFreed, blocksBusy, blocksDetached };
  return done({ sizeBytes, ...blocks, scans, wakeups, sleptMs, ...more });
}

/** Clears the marks that the strategy made while it waited. */
function abandonLayout(k: Kernel, task: LayoutTask, range: LayoutRange | null): void {
  const locals = layoutLocals(task);
  const inode = inodeOf(k, task);
  if (locals.sleptUnder === '' || range === null || inode === null) return;
  strategies.get(locals.sleptUnder)?.abandon?.(k, inode);
  locals.sleptUnder = '';
}

/** The `undo` of a layout change. Runs before the locks are released. */
export function undoLayout<Args>(op: LayoutChange<Args>) {
  return (k: Kernel, task: LayoutTask<Args>): void => {
    if (task.locals.layout === undefined) return;
    const inode = inodeOf(k, task);
    if (inode !== null) abandonLayout(k, task, op.range(k, inode, task.args));
  };
}
