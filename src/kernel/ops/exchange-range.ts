// XFS_IOC_EXCHANGE_RANGE: exchanges the blocks of two ranges. Mirrors xfs_exchange_contents() and
// xfs_mmaplock_two_inodes_and_break_dax_layout(). The file with the lower inode number is locked
// first, and its layout is broken with waiting. The second may not sleep with a fault lock held, so
// if it is busy, both fault locks are dropped and the task starts over at `lockMapping`:
//
//     lock → lockOther → lockMapping → scan ⇄ (enqueue → test → sleep → relock)
//     scan → lockOtherMapping → scanOther → change    (with one file: scan → change)
//     scanOther → lockMapping    if the second file is busy: the task spins
import { z } from 'zod';
import { emit } from '../emit.ts';
import { type Failure, failure } from '../errno.ts';
import { deleteEntries } from '../fs/dax.ts';
import { findFile, touch } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { warnOfMove } from '../fs/superblock.ts';
import { type Extent, eachExtent, insertExtent, removeRange } from '../lib/extent-map.ts';
import { unmapRange } from '../mm/pagetable.ts';
import { assert } from '../panic.ts';
import { strategies, strategyOf } from '../reclaim/index.ts';
import type { BreakVerdict, LayoutRange } from '../reclaim/strategy.ts';
import { inTheWayOf } from '../records/operation.ts';
import { release, releaseAll } from '../sched/rwsem.ts';
import { spinOn } from '../sched/spin.ts';
import type { Inode, Kernel } from '../state.ts';
import { type PgOff, pageCeil, pageOf, pageSize, toPgOff, zBytes, zCount } from '../units.ts';
import { defineOp, done, fail, failWith, goto, type TaskOf, wait } from './define.ts';
import { lockThen, theInode } from './layout-change.ts';
import { layoutErrors } from './layout-op.ts';
import { zFileName } from './name.ts';
import { type PageWaitLocals, pageSleepSteps, signalled, sleepOnPage } from './page-sleep.ts';
import { rangeErrors } from './range.ts';

const args = z.strictObject({
  with: zFileName.describe(
    'The other file. It can be the same file if the two ranges do not overlap.',
  ),
  offset: zBytes,
  withOffset: zBytes.describe('The first byte of the range in the other file.'),
  length: zBytes,
});
type Args = z.infer<typeof args>;

/** The progress of an exchange. */
interface Exchange {
  scans: number;
  retries: number;
  strategySeq: number;
  /** The strategy under which it slept, which may have marked pages of the files. */
  sleptUnder: string;
}

export interface ExchangeLocals extends PageWaitLocals {
  exchange?: Exchange;
}
type ExchangeTask = TaskOf<Args, ExchangeLocals>;

function localsOf(task: ExchangeTask): Exchange {
  task.locals.exchange ??= {
    scans: 0,
    retries: 0,
    strategySeq: 0,
    sleptUnder: '',
  };
  return task.locals.exchange;
}

interface Side {
  inode: Inode;
  offset: number;
}

/** The two ranges: first that of the file in the URL, then that of the other file. */
function sidesOf(k: Kernel, task: ExchangeTask): [Side, Side] {
  const other = task.otherIno === 0 ? undefined : k.inodes.get(task.otherIno);
  assert(other !== undefined, 'a file stays while an operation uses it');
  return [
    { inode: theInode(k, task), offset: task.args.offset },
    { inode: other, offset: task.args.withOffset },
  ];
}

/** The inodes in the order of their locks. `high` is null if both are the same. */
function inOrder(k: Kernel, task: ExchangeTask): { low: Inode; high: Inode | null } {
  const [{ inode }, { inode: other }] = sidesOf(k, task);
  if (inode === other) return { low: inode, high: null };
  return inode.ino < other.ino ? { low: inode, high: other } : { low: other, high: inode };
}

const pagesOf = (offset: number, length: number): { first: PgOff; last: PgOff } => ({
  first: pageOf(offset),
  last: toPgOff(pageCeil(offset + length) - 1),
});

function rangesIn(k: Kernel, task: ExchangeTask, inode: Inode): LayoutRange[] {
  const { length } = task.args;
  return sidesOf(k, task)
    .filter((side) => side.inode === inode)
    .map(({ offset }) => ({
      firstByte: offset,
      lastByte: offset + Math.max(1, length) - 1,
      leave: null,
      move: length === 0 ? null : pagesOf(offset, length),
    }));
}

/** Breaks the layout of every range of one file, by the strategy. */
function breakIn(k: Kernel, task: ExchangeTask, inode: Inode): BreakVerdict {
  const locals = localsOf(task);
  const strategy = strategyOf(k);
  unmark(k, task, inode);
  locals.scans += 1;
  locals.strategySeq = k.strategySeq;
  for (const range of rangesIn(k, task, inode)) {
    const verdict = strategy.breakLayout(k, task, inode, range, k.strategy.options);
    if (verdict.kind === 'sleep') locals.sleptUnder = strategy.name;
    if (verdict.kind !== 'broken') return verdict;
  }
  return { kind: 'broken' };
}

/** Clears the marks that a strategy made before it slept. */
function unmark(k: Kernel, task: ExchangeTask, inode: Inode): void {
  const { sleptUnder } = localsOf(task);
  if (sleptUnder !== '') strategies.get(sleptUnder)?.abandon?.(k, inode);
}

/** xfs_exchange_range_checks(), in its order. Made under the locks, on Linux after the wait. */
function recheck(k: Kernel, task: ExchangeTask): Failure | null {
  const { length } = task.args;
  const sides = sidesOf(k, task);
  const [one, other] = sides;
  for (const { inode, offset } of sides) {
    if (offset > inode.sizeBytes)
      return failure('EINVAL', 'XR2', `offset ${offset} is beyond the end of ${inode.name}`);
  }
  for (const { inode, offset } of sides) {
    if (offset % pageSize === 0) continue;
    return failure(
      'EINVAL',
      'XR1',
      `offset ${offset} of ${inode.name} is not a multiple of ${pageSize}`,
    );
  }
  for (const { inode, offset } of sides) {
    if (offset + length <= inode.sizeBytes) continue;
    return failure(
      'EINVAL',
      'XR2',
      `the range of ${inode.name} reaches beyond the end of the file`,
    );
  }
  const toEof = sides.map(({ inode, offset }) => offset + length === inode.sizeBytes);
  const apart = pageCeil(length) * pageSize;
  if (length % pageSize !== 0 && !toEof.includes(true)) {
    return failure(
      'EINVAL',
      'XR1',
      `length is not a multiple of ${pageSize}, and neither range ends at the end of its file`,
    );
  }
  if (
    one.inode === other.inode &&
    one.offset < other.offset + apart &&
    other.offset < one.offset + apart
  ) {
    return failure('EINVAL', 'XR3', 'the two ranges are in the same file and overlap');
  }
  if (length % pageSize !== 0 && toEof.includes(false)) {
    return failure(
      'EINVAL',
      'XR1',
      'the partial last block of one file would move into the middle of the other',
    );
  }
  const added = sides.map(({ inode, offset }) => countExtents(inode, offset, length) + 2);
  const fits = one.inode.extents.extents + (added[1] ?? 0) <= k.limits.extentsPerFile;
  if (fits && other.inode.extents.extents + (added[0] ?? 0) <= k.limits.extentsPerFile) return null;
  const max = k.limits.extentsPerFile;
  return failure('EFBIG', 'LM3', `a file could get more than ${max} extents, the maximum`, max);
}

function countExtents(inode: Inode, offset: number, length: number): number {
  let extents = 0;
  const { first, last } = pagesOf(offset, length);
  eachExtent(inode.extents, first, last, () => {
    extents += 1;
  });
  return extents;
}

/**
 * Removes the blocks of a range from a file, to be inserted elsewhere. Offsets are relative to the
 * range.
 */
function takeOut(k: Kernel, { inode, offset }: Side, length: number): Extent[] {
  const { first, last } = pagesOf(offset, length);
  unmapRange(k, inode, first, last);
  deleteEntries(k, inode, first, last);
  warnOfMove(k, inode, first, last);
  const taken: Extent[] = [];
  removeRange(inode.extents, first, last - first + 1, (extent) =>
    taken.push({ ...extent, pgoff: toPgOff(extent.pgoff - first) }),
  );
  return taken;
}

function putIn({ inode, offset }: Side, extents: readonly Extent[]): void {
  for (const extent of extents)
    insertExtent(inode.extents, { ...extent, pgoff: toPgOff(extent.pgoff + pageOf(offset)) });
}

function restart(k: Kernel, task: ExchangeTask): void {
  const { low, high } = inOrder(k, task);
  for (const inode of [high, low]) {
    if (inode === null) continue;
    unmark(k, task, inode);
    release(k, task, inode, 'invalidate_lock');
  }
  localsOf(task).sleptUnder = '';
}

export const exchangeRange = defineOp({
  name: 'exchange-range',
  summary: 'Exchange the blocks of two ranges',
  doc:
    'XFS_IOC_EXCHANGE_RANGE; EOPNOTSUPP on other kinds. Both layouts are broken first. For the ' +
    'file with the lower inode number the operation sleeps until its pins are released. For the ' +
    'other file it does not sleep: while a page of that file is pinned, Linux loops, ignores ' +
    'signals and holds i_rwsem of both files. Here the operation scans again with each command ' +
    'to the filesystem and each timer, and counts retries. wait-for-refs sleeps for the second ' +
    'file too, with every lock held. Both ranges lie within their files and consist of whole ' +
    'blocks; the length may be a partial block if both ranges end at the end of their files.',
  on: 'file',
  route: { method: 'POST', path: 'exchange-range', status: 200 },
  args,
  result: z.object({
    sizeBytes: zCount,
    withSizeBytes: zCount,
    scans: zCount.describe('How often a file was scanned for busy pages.'),
    retries: zCount.describe('How often the second file was busy, and everything started over.'),
    wakeups: zCount,
    sleptMs: zCount.describe('How long it slept or spun, in milliseconds.'),
  }),
  errors: [...rangeErrors, ...layoutErrors],
  locals: {} as ExchangeLocals,
  first: 'lock',
  steps: {
    lock(k, task) {
      if (task.otherIno === 0) {
        const { offset, withOffset, length } = task.args;
        if (!personalityOf(k.geometry).exchangeRange)
          return fail(
            'EOPNOTSUPP',
            'XR4',
            `a filesystem of kind ${k.geometry.kind} has no exchange-range`,
          );
        const other = findFile(k, task.args.with);
        if (other === null) return fail('ENOENT', 'NM1', `there is no file ${task.args.with}`);
        if (Math.max(offset, withOffset) > Number.MAX_SAFE_INTEGER - length)
          return fail('EINVAL', 'XR2', 'offset + length is above 2^53-1');
        task.otherIno = other.ino;
        other.users += 1;
      }
      return lockThen(k, task, inOrder(k, task).low, 'i_rwsem', 'exclusive', 'lockOther');
    },
    lockOther(k, task) {
      const { high } = inOrder(k, task);
      return high === null
        ? goto('lockMapping')
        : lockThen(k, task, high, 'i_rwsem', 'exclusive', 'lockMapping');
    },
    lockMapping: (k, task) =>
      lockThen(k, task, inOrder(k, task).low, 'invalidate_lock', 'exclusive', 'scan'),
    scan(k, task) {
      const { low, high } = inOrder(k, task);
      const wrong = strategyOf(k).breaksBeforeChecks ? null : recheck(k, task);
      if (wrong !== null) return failWith(wrong);
      const verdict = breakIn(k, task, low);
      if (verdict.kind === 'refuse') return failWith(verdict.failure);
      if (verdict.kind === 'broken') return goto(high === null ? 'change' : 'lockOtherMapping');
      const { pfn, pgoff, holdLocks } = verdict;
      return sleepOnPage(k, task, 'scan', {
        pfn,
        pgoff,
        dropLock: !holdLocks,
        interruptible: true,
        ino: low.ino,
      });
    },
    ...pageSleepSteps((k, task: ExchangeTask) => {
      if (task.signal !== 'restart') return signalled(task);
      task.signal = 'none';
      unmarkAll(k, task);
      releaseAll(k, task);
      return goto('lock');
    }),
    lockOtherMapping(k, task) {
      const { high } = inOrder(k, task);
      assert(high !== null, 'there are two files');
      return lockThen(k, task, high, 'invalidate_lock', 'exclusive', 'scanOther');
    },
    scanOther(k, task) {
      const { high } = inOrder(k, task);
      assert(high !== null, 'there are two files');
      const locals = localsOf(task);
      // The first file was scanned under another strategy, so that result is no longer valid.
      if (locals.strategySeq !== k.strategySeq) {
        restart(k, task);
        return goto('lockMapping');
      }
      const verdict = breakIn(k, task, high);
      if (verdict.kind === 'refuse') return failWith(verdict.failure);
      if (verdict.kind === 'broken') return goto('change');
      const { pfn, pgoff, holdLocks } = verdict;
      if (holdLocks) {
        return sleepOnPage(k, task, 'scanOther', {
          pfn,
          pgoff,
          dropLock: false,
          interruptible: true,
          ino: high.ino,
        });
      }
      if (task.nowait) {
        const page = `page ${pgoff} (pfn ${pfn}) of ${high.name}`;
        const why = `${page} is pinned, and the request says nowait`;
        return fail('EAGAIN', 'SL2', why, inTheWayOf(k, pfn));
      }
      locals.retries += 1;
      restart(k, task);
      spinOn(k, task, high, pfn, pgoff, locals.retries);
      return wait('lockMapping');
    },
    change(k, task) {
      const locals = localsOf(task);
      if (locals.strategySeq !== k.strategySeq) {
        restart(k, task);
        return goto('lockMapping');
      }
      for (const { inode, offset } of sidesOf(k, task)) {
        emit(k, 'layout.broken', inode, { offset, length: task.args.length, scans: locals.scans });
      }
      const refused = recheck(k, task);
      if (refused !== null) return failWith(refused);
      const [one, other] = sidesOf(k, task);
      const { length } = task.args;
      const { retries, scans } = locals;
      if (length > 0) {
        const taken = takeOut(k, one, length);
        putIn(one, takeOut(k, other, length));
        putIn(other, taken);
        const { name, ino, nlink } = other.inode;
        const unlinked = nlink === 0 ? ({ withUnlinked: true } as const) : {};
        const about = {
          offset: one.offset,
          length,
          with: name,
          withIno: ino,
          ...unlinked,
          withOffset: other.offset,
          retries,
        };
        emit(k, 'range.exchanged', one.inode, about);
        touch(k, one.inode);
        if (other.inode !== one.inode) touch(k, other.inode);
      }
      const { wakeups, sleptMs } = task;
      const { sizeBytes } = one.inode;
      return done({
        sizeBytes,
        withSizeBytes: other.inode.sizeBytes,
        scans,
        retries,
        wakeups,
        sleptMs,
      });
    },
  },
  undo(k, task) {
    if (task.otherIno !== 0) unmarkAll(k, task);
  },
});

function unmarkAll(k: Kernel, task: ExchangeTask): void {
  for (const { inode } of sidesOf(k, task)) unmark(k, task, inode);
  localsOf(task).sleptUnder = '';
}
