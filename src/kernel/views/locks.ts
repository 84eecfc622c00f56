import { z } from 'zod';
import { inodeRecord, zInode } from '../records/inode.ts';
import { semOf } from '../sched/rwsem.ts';
import type { LockName } from '../state.ts';
import { opId, type TaskId, zCount } from '../units.ts';
import { inodeAskedFor, zByFile } from './by-file.ts';
import { defineView, found } from './define.ts';

const zParty = z.object({
  operation: z.string(),
  op: z.string(),
  mode: z.enum(['shared', 'exclusive']),
  heldMs: zCount.optional(),
});
const locksMax = 1000;

export const locks = defineView({
  name: 'locks',
  summary: 'The locks i_rwsem and invalidate_lock that are held or waited for',
  doc:
    'Each lock with its holders, how long they have held it, and its queue in order. ' +
    'file=NAME and ino=N list those of one file. ' +
    `At most ${locksMax}.`,
  on: 'filesystem',
  path: 'locks',
  query: z.strictObject(zByFile),
  result: z.object({
    items: z.array(
      z.object({
        lock: z.enum(['i_rwsem', 'invalidate_lock']),
        file: z.string(),
        ...zInode,
        holders: z.array(zParty),
        queue: z.array(zParty),
      }),
    ),
  }),
  read(k, _target, query, nowMs) {
    const asked = inodeAskedFor(k, query);
    if (!asked.ok) return asked;
    const items = [];
    const names: LockName[] = ['i_rwsem', 'invalidate_lock'];
    // Only the files of running operations can be locked.
    const inos = [
      ...new Set([...k.tasks.values()].flatMap((task) => [task.ino, task.otherIno])),
    ].sort((a, b) => a - b);
    for (const ino of inos) {
      const inode = ino === 0 ? undefined : k.inodes.get(ino);
      if (inode === undefined || (asked.ino !== null && asked.ino !== ino)) continue;
      for (const lock of names) {
        const sem = semOf(inode, lock);
        if (
          items.length === locksMax ||
          (sem.writer === 0 && sem.readers.length === 0 && sem.queue.length === 0)
        )
          continue;
        const op = (id: TaskId) => k.tasks.get(id)?.op ?? '';
        const since = (id: TaskId) =>
          k.tasks.get(id)?.locks.find((held) => held.ino === ino && held.lock === lock)?.sinceMs ??
          nowMs;
        const holder = (id: TaskId, mode: 'shared' | 'exclusive') => ({
          operation: opId(id),
          op: op(id),
          mode,
          heldMs: nowMs - since(id),
        });
        items.push({
          lock,
          file: inode.name,
          ...inodeRecord(k, inode.ino),
          holders: [
            ...(sem.writer === 0 ? [] : [holder(sem.writer, 'exclusive')]),
            ...sem.readers.map((id) => holder(id, 'shared')),
          ],
          queue: sem.queue.map(({ task, mode }) => ({ operation: opId(task), op: op(task), mode })),
        });
      }
    }
    return found({ items });
  },
});
