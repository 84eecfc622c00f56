// unlink: removes the name at once, and the inode with its last reference. Mirrors vfs_unlink() and
// iput().
import { z } from 'zod';
import { removeName } from '../fs/inode.ts';
import { releaseAll } from '../sched/rwsem.ts';
import { defineOp, fail, failWith, goto } from './define.ts';
import { blocksOf, evictErrors, evictSteps, whyNotEvicted } from './evict.ts';
import {
  type LayoutLocals,
  type LayoutTask,
  layoutLocals,
  layoutResult,
  lockThen,
  theInode,
} from './layout-change.ts';

export const unlink = defineOp({
  name: 'unlink',
  summary: 'Remove a file',
  doc:
    'The name is removed at once. The blocks are freed with the last reference, which is a ' +
    'mapping or a running operation. Under break-layouts with idleRule modern or fixed, the ' +
    'call that drops the last reference sleeps, uninterruptibly, until every pin is released. ' +
    'With classic the blocks are freed under the pins, with a warning.',
  on: 'file',
  route: { method: 'DELETE', path: '', status: 200 },
  args: z.strictObject({}),
  result: layoutResult,
  errors: evictErrors,
  locals: {} as LayoutLocals & { name?: string },
  first: 'lock',
  steps: {
    lock(k, task) {
      const inode = theInode(k, task);
      task.locals.name = inode.name;
      return lockThen(k, task, inode, 'i_rwsem', 'exclusive', 'remove');
    },
    remove(k, task) {
      const inode = theInode(k, task);
      const { name } = task.locals;
      if (inode.nlink === 0 || inode.name !== name)
        return fail('ENOENT', 'UL1', `${name} was unlinked or renamed meanwhile`);
      const refused = whyNotEvicted(k, task, inode);
      if (refused !== null) return failWith(refused);
      removeName(k, inode);
      releaseAll(k, task);
      return goto('evict');
    },
    ...evictSteps((_k, task: LayoutTask) => ({
      sizeBytes: 0,
      scans: layoutLocals(task).scans,
      wakeups: task.wakeups,
      sleptMs: task.sleptMs,
      ...blocksOf(task),
    })),
  },
});
