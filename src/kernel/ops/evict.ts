// What happens when the last reference to an unlinked file goes: unlink, munmap or the end of an operation. Mirrors evict() with
// dax_break_layout_final(): from 6.15 it waits for pins and nothing can interrupt it; before, it frees the blocks under them.
import { z } from 'zod';
import { emit } from '../events.ts';
import { handToReaper } from '../fs/detached.ts';
import { isLastReference } from '../fs/inode.ts';
import { scan } from '../fs/layout.ts';
import { strategyOf } from '../reclaim/index.ts';
import type { Kernel, Task } from '../state.ts';
import { lastPage, toPgOff } from '../units.ts';
import { defineOp, done, goto, type Step } from './define.ts';
import { commitBlocks, layoutLocals, removeBlocks, theInode } from './layout-change.ts';
import { pageSleepSteps, signalled, sleepOnPage } from './page-sleep.ts';

/** Steps for an operation that may drop the last reference; `goto('evict')` when its own work is done. */
export function evictSteps<Args>(result: (k: Kernel, task: Task) => Record<string, unknown>): Record<string, Step<Args>> {
  const finish = (k: Kernel, task: Task) => {
    const { blocksFreed, blocksBusy, blocksDetached } = layoutLocals(task);
    return done({ ...result(k, task), blocksFreed, blocksBusy, blocksDetached });
  };
  return {
    evict(k, task) {
      const inode = theInode(k, task);
      if (!isLastReference(inode, 1)) return finish(k, task);
      inode.evicting = true;
      return goto('evictScan');
    },
    evictScan(k, task) {
      const inode = theInode(k, task);
      layoutLocals(task).strategySeq = k.strategySeq;
      // What refuses has had its chance before the file lost its last reference; from here on it can only wait.
      if (strategyOf(k).eviction(k.strategy.options) === 'take') return goto('evictFree');
      const busy = scan(k, inode, toPgOff(0), lastPage);
      if (busy === null) return goto('evictFree');
      if (task.nowait) {
        // The file cannot be kept for want of patience: the machine evicts it in a task of its own.
        inode.evicting = false;
        return finish(k, task);
      }
      return sleepOnPage(k, task, { ...busy, dropLock: false, interruptible: false, again: 'evictScan' });
    },
    ...pageSleepSteps<Args>((_k, task) => signalled(task)),
    evictFree(k, task) {
      const inode = theInode(k, task);
      const locals = layoutLocals(task);
      if (locals.strategySeq !== k.strategySeq) return goto('evictScan');
      removeBlocks(k, task, inode, toPgOff(0), lastPage, strategyOf(k).destination);
      commitBlocks(k, task);
      if (locals.destination === 'detached') {
        // Nobody is left to wait for them.
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

/** The last user of an unlinked file was some other operation: the machine itself runs the eviction. Not in the registry. */
export const evict = defineOp({
  name: 'evict',
  summary: 'Evict an unlinked file whose last user has ended',
  doc: 'Started by the machine.',
  on: 'file',
  route: { method: 'POST', path: 'evict', status: 200 },
  body: 'none',
  reply: 'json',
  args: z.strictObject({}),
  result: z.object({}),
  errors: [],
  sleeps: true,
  atomic: false,
  first: 'evict',
  steps: evictSteps(() => ({})),
});
