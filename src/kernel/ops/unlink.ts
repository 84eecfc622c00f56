// unlink: the name goes at once, the inode with its last reference. Mirrors vfs_unlink() and iput().
import { z } from 'zod';
import { firstBusy } from '../fs/dax.ts';
import { removeName } from '../fs/inode.ts';
import { strategyOf } from '../reclaim/index.ts';
import { releaseAll } from '../sched/rwsem.ts';
import { lastPage, toPgOff } from '../units.ts';
import { inTheWayOf } from '../views/operation-record.ts';
import { defineOp, fail, goto } from './define.ts';
import { evictSteps } from './evict.ts';
import { layoutLocals, lockThen, theInode } from './layout-change.ts';
import { layoutErrors, layoutResult } from './layout-op.ts';

export const unlink = defineOp({
  name: 'unlink',
  summary: 'Remove a file',
  doc: `The name goes at once. The blocks go with the last reference: a mapping or a running operation keeps the file. Under break-layouts with
idleRule modern or fixed, the call that drops the last reference sleeps, uninterruptible, until every pin is gone; with classic the blocks are
freed under the pins, with a warning.`,
  on: 'file',
  route: { method: 'DELETE', path: '', status: 200 },
  body: 'none',
  reply: 'json',
  args: z.strictObject({}),
  result: layoutResult,
  errors: layoutErrors,
  sleeps: true,
  atomic: false,
  first: 'lock',
  steps: {
    lock: (k, task) => lockThen(k, task, theInode(k, task), 'i_rwsem', 'exclusive', 'remove'),
    remove(k, task) {
      const inode = theInode(k, task);
      if (inode.nlink === 0) return fail('ENOENT', 'UL1', `${inode.name} was unlinked meanwhile`);
      const eviction = strategyOf(k).eviction(k.strategy.options);
      const busy = eviction === 'take' ? null : firstBusy(k, inode, toPgOff(0), lastPage);
      if (busy !== null && eviction === 'refuse') {
        return fail(
          'EBUSY',
          'RS1',
          `page ${busy.pgoff} of ${inode.name} is pinned and the strategy is refuse`,
          inTheWayOf(k, busy.pfn),
        );
      }
      if (busy !== null && task.nowait && inode.mappings.length === 0) {
        return fail(
          'EAGAIN',
          'SL2',
          `page ${busy.pgoff} of ${inode.name} is pinned and nowait was asked for`,
          inTheWayOf(k, busy.pfn),
        );
      }
      removeName(k, inode);
      releaseAll(k, task);
      return goto('evict');
    },
    ...evictSteps((_k, task) => ({
      sizeBytes: 0,
      scans: layoutLocals(task).scans,
      wakeups: task.wakeups,
      sleptMs: task.sleptMs,
    })),
  },
});
