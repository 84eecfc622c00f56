// Eviction: the end of an unlinked file whose last reference was dropped by unlink, munmap or the
// end of an operation. Mirrors evict() with dax_break_layout_final(): from 6.15 it waits for pins
// in state D; earlier kernels free the blocks under the pins.
import { z } from 'zod';
import { emit } from '../emit.ts';
import { type Errno, type Failure, failure } from '../errno.ts';
import { firstBusy } from '../fs/dax.ts';
import { handToReaper } from '../fs/detached.ts';
import { isLastReference } from '../fs/inode.ts';
import { scan } from '../fs/layout.ts';
import { strategyOf } from '../reclaim/index.ts';
import { inTheWayOf } from '../records/operation.ts';
import type { Inode, Kernel, Task } from '../state.ts';
import { lastPage, toPgOff } from '../units.ts';
import { defineOp, done, goto, type Step, type TaskOf } from './define.ts';
import {
  commitBlocks,
  type LayoutLocals,
  type LayoutTask,
  layoutLocals,
  removeBlocks,
  theInode,
} from './layout-change.ts';
import { type PageSleepStep, pageSleepSteps, signalled, sleepOnPage } from './page-sleep.ts';

/** EBUSY: the strategy refuses to evict a pinned file. */
export const evictErrors = ['EBUSY'] as const satisfies readonly Errno[];

/** What the eviction did with the blocks, as part of a result. */
export const blocksOf = (task: LayoutTask) => {
  const { blocksFreed, blocksBusy, blocksDetached } = layoutLocals(task);
  return { blocksFreed, blocksBusy, blocksDetached };
};

/**
 * Why a file must not be unlinked: its eviction would have to wait for a pin, and the strategy
 * refuses that, or the request says nowait. If the file is mapped, its eviction comes later, so
 * only the strategy counts.
 */
export function whyNotEvicted(k: Kernel, task: Task, inode: Inode): Failure | null {
  const eviction = strategyOf(k).eviction(k.strategy.options);
  const busy = eviction === 'take' ? null : firstBusy(k, inode, toPgOff(0), lastPage);
  if (busy === null) return null;
  const who = inTheWayOf(k, busy.pfn);
  const where = `page ${busy.pgoff} of ${inode.name} is pinned`;
  if (eviction === 'refuse')
    return { ...failure('EBUSY', 'RS1', `${where}, and the strategy is refuse`), ...who };
  if (!task.nowait || inode.mappings.length > 0) return null;
  return { ...failure('EAGAIN', 'SL2', `${where}, and the request says nowait`), ...who };
}

type EvictStep = 'evict' | 'evictScan' | PageSleepStep | 'evictFree';

/**
 * Steps for an operation that may drop the last reference; `goto('evict')` when its own work is
 * done. `which` is the file to evict, one of the files that the operation uses.
 */
export function evictSteps<Locals extends LayoutLocals, Result>(
  result: (k: Kernel, task: TaskOf<unknown, Locals>) => Result,
  which: (k: Kernel, task: Task) => Inode = theInode,
): Record<EvictStep, Step<unknown, Locals, EvictStep, Result>> {
  const finish = (k: Kernel, task: TaskOf<unknown, Locals>) => done(result(k, task));
  return {
    evict(k, task) {
      const inode = which(k, task);
      if (!isLastReference(inode, 1)) return finish(k, task);
      inode.evicting = true;
      return goto('evictScan');
    },
    evictScan(k, task) {
      const inode = which(k, task);
      layoutLocals(task).strategySeq = k.strategySeq;
      // whyNotEvicted() has handled `refuse` before the last reference was dropped, so the eviction
      // can only wait now.
      if (strategyOf(k).eviction(k.strategy.options) === 'take') return goto('evictFree');
      const busy = scan(k, inode, toPgOff(0), lastPage);
      if (busy === null) return goto('evictFree');
      if (task.nowait) {
        // nowait cannot undo the unlink, so a task of the machine evicts the file.
        inode.evicting = false;
        return finish(k, task);
      }
      return sleepOnPage(k, task, 'evictScan', {
        ...busy,
        dropLock: false,
        interruptible: false,
        ino: inode.ino,
      });
    },
    ...pageSleepSteps((_k, task: TaskOf<unknown, Locals>) => signalled(task)),
    evictFree(k, task) {
      const inode = which(k, task);
      const locals = layoutLocals(task);
      if (locals.strategySeq !== k.strategySeq) return goto('evictScan');
      removeBlocks(k, task, inode, toPgOff(0), lastPage, strategyOf(k).destination);
      commitBlocks(k, task);
      if (locals.destination === 'detached') {
        // No operation waits for the detached blocks, so the reaper frees them.
        const left = handToReaper(k, locals.runs);
        locals.blocksFreed += locals.blocksDetached - left;
        locals.blocksDetached = left;
      }
      k.inodes.delete(inode.ino);
      k.counts.files -= 1;
      emit(k, 'file.evicted', inode, { ino: inode.ino, blocksFreed: locals.blocksFreed });
      return finish(k, task);
    },
  };
}

/**
 * The eviction that the machine itself starts when the last user of an unlinked file was another
 * operation. Not in the registry.
 */
export const evict = defineOp({
  name: 'evict',
  summary: 'Evict an unlinked file whose last user has ended',
  doc: 'Started by the machine.',
  on: 'file',
  route: { method: 'POST', path: 'evict', status: 200 },
  args: z.strictObject({}),
  result: z.object({}),
  locals: {} as LayoutLocals,
  first: 'evict',
  steps: evictSteps(() => ({})),
});
