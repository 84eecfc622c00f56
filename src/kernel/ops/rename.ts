// renameat2. Mirrors vfs_rename(): the renamed inode and the one that it replaces are locked
// exclusive, the lower inode number first, so a rename queues behind a truncate that sleeps. The
// call itself evicts the replaced file, as unlink does.
//
//     begin → find → lock → lockOther → rename → evict …
import { z } from 'zod';
import { emit } from '../emit.ts';
import { findFile, removeName } from '../fs/inode.ts';
import { assert } from '../panic.ts';
import { fileRecord, zFile } from '../records/file.ts';
import { releaseAll } from '../sched/rwsem.ts';
import type { Inode, Kernel, Task } from '../state.ts';
import { zCount } from '../units.ts';
import { defineOp, done, fail, failWith, goto, type TaskOf } from './define.ts';
import { blocksOf, evictErrors, evictSteps, whyNotEvicted } from './evict.ts';
import { type LayoutLocals, lockThen, theInode } from './layout-change.ts';
import { zFileName } from './name.ts';

const args = z.strictObject({
  name: zFileName,
  replace: z
    .boolean()
    .default(false)
    .describe(
      'Replaces an existing file, like rename(2). Without it an existing name is EEXIST ' +
        '(RENAME_NOREPLACE).',
    ),
});

interface RenameLocals extends LayoutLocals {
  /** The name that the file had when the call began. */
  from?: string;
}

function otherOf(k: Kernel, task: Task): Inode | null {
  return task.otherIno === 0 ? null : (k.inodes.get(task.otherIno) ?? null);
}

/** The inode that the rename replaces. */
function theVictim(k: Kernel, task: Task): Inode {
  const victim = otherOf(k, task);
  assert(victim !== null, 'a file stays while an operation uses it');
  return victim;
}

function inOrder(k: Kernel, task: Task): { low: Inode; high: Inode | null } {
  const [inode, other] = [theInode(k, task), otherOf(k, task)];
  if (other === null || other === inode) return { low: inode, high: null };
  return inode.ino < other.ino ? { low: inode, high: other } : { low: other, high: inode };
}

const replaced = z.object({
  ino: zCount,
  blocksFreed: zCount,
  blocksBusy: zCount,
  blocksDetached: zCount,
});

export const rename = defineOp({
  name: 'rename',
  summary: 'Rename a file',
  doc:
    'By default this is renameat2 with RENAME_NOREPLACE: an existing name is EEXIST. With ' +
    'replace it is rename(2): the file that has the new name is unlinked, and evicted before ' +
    'the call returns unless it is mapped or in use. Under break-layouts with idleRule modern ' +
    'or fixed the eviction waits, uninterruptibly, for every pin. Mappings, pins and sleeping ' +
    'operations stay with the renamed file. rename takes i_rwsem of both files, so it waits in ' +
    'state D behind a layout change that sleeps. A rename to the current name does nothing and ' +
    'never waits.',
  on: 'file',
  route: { method: 'POST', path: 'rename', status: 200 },
  args,
  result: zFile.extend({
    replaced: replaced
      .optional()
      .describe('The file that had the new name, and what happened to its blocks.'),
  }),
  errors: ['EEXIST', ...evictErrors],
  locals: {} as RenameLocals,
  first: 'begin',
  steps: {
    begin(k, task) {
      const inode = theInode(k, task);
      task.locals.from = inode.name;
      return task.args.name === inode.name ? done(fileRecord(k, inode)) : goto('find');
    },
    find(k, task) {
      const target = findFile(k, task.args.name);
      if (target !== null && !task.args.replace)
        return fail('EEXIST', 'CR1', `a file ${task.args.name} exists already`);
      if (target !== null && task.otherIno === 0) {
        task.otherIno = target.ino;
        target.users += 1;
      }
      return goto('lock');
    },
    lock: (k, task) => lockThen(k, task, inOrder(k, task).low, 'i_rwsem', 'exclusive', 'lockOther'),
    lockOther(k, task) {
      const { high } = inOrder(k, task);
      return high === null
        ? goto('rename')
        : lockThen(k, task, high, 'i_rwsem', 'exclusive', 'rename');
    },
    // Linux holds the lock of the directory all the time. There is no such lock here, so names may
    // have changed during the wait and are looked up again.
    rename(k, task) {
      const inode = theInode(k, task);
      const { name, replace } = task.args;
      const { from = '' } = task.locals;
      if (inode.nlink === 0 || inode.name !== from)
        return fail('ENOENT', 'UL1', `the file ${from} was unlinked or renamed meanwhile`);
      const target = findFile(k, name);
      if (target !== null && !replace)
        return fail('EEXIST', 'CR1', `a file ${name} exists already`);
      if (target !== null && task.otherIno === 0) {
        releaseAll(k, task);
        return goto('find');
      }
      if (target !== null && target.ino !== task.otherIno) {
        return fail(
          'ESTALE',
          'RN1',
          `the name ${name} went to another file while the rename waited; nothing was changed`,
        );
      }
      const refused = target === null ? null : whyNotEvicted(k, task, target);
      if (refused !== null) return failWith(refused);
      if (target !== null) removeName(k, target);
      emit(k, 'file.renamed', inode, {
        ino: inode.ino,
        from,
        to: name,
        ...(target === null ? {} : { replaced: target.ino }),
      });
      k.names.delete(from);
      inode.name = name;
      k.names.set(name, inode.ino);
      releaseAll(k, task);
      return target === null ? done(fileRecord(k, inode)) : goto('evict');
    },
    ...evictSteps((k, task: TaskOf<unknown, RenameLocals>) => {
      return {
        ...fileRecord(k, theInode(k, task)),
        replaced: { ino: task.otherIno, ...blocksOf(task) },
      };
    }, theVictim),
  },
});
