import { z } from 'zod';
import { inodeRecord, zInode } from '../records/inode.ts';
import { bucketOfEntry } from '../sched/hash.ts';
import { semOf } from '../sched/rwsem.ts';
import type { Inode, Kernel, LockName } from '../state.ts';
import { type Ino, opId, type TaskId, zCount } from '../units.ts';
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
  summary: 'The locks that are held or waited for',
  doc:
    'i_rwsem and invalidate_lock of each file, and the locks of its mapping entries, each with ' +
    'its holders, how long they have held it, and its queue in order. ' +
    'file=NAME and ino=N list those of one file. ' +
    `At most ${locksMax}.`,
  on: 'filesystem',
  path: 'locks',
  query: z.strictObject(zByFile),
  result: z.object({
    items: z.array(
      z.object({
        lock: z
          .enum(['i_rwsem', 'invalidate_lock', 'entry'])
          .describe('entry is the lock of the DAX mapping entry of page `pgoff`.'),
        pgoff: zCount.optional().describe('Only of an entry; the first page of a 2 MiB entry.'),
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
    const inos = [...lockedInos(k)].sort((a, b) => a - b);
    for (const ino of inos) {
      const inode = k.inodes.get(ino);
      if (inode === undefined || (asked.ino !== null && asked.ino !== ino)) continue;
      if (items.length < locksMax) items.push(...entryLocksOf(k, inode, locksMax - items.length));
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

/** The files that an operation works on, or whose locks it holds or waits for. */
function lockedInos(k: Kernel): Set<Ino> {
  const inos = new Set<Ino>();
  for (const { ino, otherIno, locks: held, sleep } of k.tasks.values()) {
    if (ino !== 0) inos.add(ino);
    if (otherIno !== 0) inos.add(otherIno);
    for (const lock of held) inos.add(lock.ino);
    if (sleep?.on === 'lock') inos.add(sleep.ino);
  }
  return inos;
}

/** The lock of a mapping entry has one holder, and nobody notes since when. */
function entryLocksOf(k: Kernel, inode: Inode, max: number) {
  return [...inode.entryLocks].slice(0, max).map(([pgoff, holder]) => {
    const party = (id: TaskId) =>
      ({ operation: opId(id), op: k.tasks.get(id)?.op ?? '', mode: 'exclusive' }) as const;
    const waiters = [...(k.entryQueues.get(bucketOfEntry(inode.ino, pgoff))?.values() ?? [])];
    return {
      lock: 'entry' as const,
      file: inode.name,
      ...inodeRecord(k, inode.ino),
      pgoff,
      holders: [party(holder)],
      queue: waiters
        .filter(({ ino, key }) => ino === inode.ino && key === pgoff)
        .map(({ task }) => party(task)),
    };
  });
}
