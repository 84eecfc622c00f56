import { z } from 'zod';
import { inodeRecordOrNone, zInodeOrNone } from '../records/inode.ts';
import { runnableNames } from '../sched/task.ts';
import { newestFirst } from '../sched/waitqueue.ts';
import type { Kernel } from '../state.ts';
import { type Ino, opId, type TaskId, zCount } from '../units.ts';
import { defineView, found } from './define.ts';

const bucketsMax = 1000;

/** The file whose page a task waits for. */
function pageOf(k: Kernel, id: TaskId): Ino | 0 {
  const task = k.tasks.get(id);
  return (task?.sleep?.on === 'page' ? task.sleep.ino : undefined) ?? task?.ino ?? 0;
}

export const waitqueues = defineView({
  name: 'waitqueues',
  summary: 'The hashed waitqueues, bucket by bucket',
  doc:
    'Buckets with waiters in ascending order, each in the order in which a wake-up walks it (at ' +
    `most ${bucketsMax} of each table). runnable lists the tasks that can run next, for a ` +
    'stepped scheduler.',
  on: 'filesystem',
  path: 'waitqueues',
  query: z.strictObject({}),
  result: z.object({
    buckets: zCount,
    keyed: z.boolean(),
    wakeups: zCount,
    spuriousWakeups: zCount,
    bucketCollisions: zCount,
    pages: z.array(
      z.object({
        bucket: zCount,
        waiters: z.array(
          z.object({
            operation: z.string(),
            pfn: zCount,
            exclusive: z.boolean(),
            ...zInodeOrNone,
          }),
        ),
      }),
    ),
    entries: z.array(
      z.object({
        bucket: zCount,
        waiters: z.array(z.object({ operation: z.string(), ...zInodeOrNone, pgoff: zCount })),
      }),
    ),
    runnable: z.array(z.string()),
  }),
  read(k) {
    const { wakeups, spuriousWakeups, bucketCollisions } = k.counts;
    const ascending = <T>(queues: Map<number, T>) =>
      [...queues].sort(([a], [b]) => a - b).slice(0, bucketsMax);
    return found({
      ...k.geometry.waitqueue,
      wakeups,
      spuriousWakeups,
      bucketCollisions,
      pages: ascending(k.pageQueues).map(([bucket, queue]) => ({
        bucket,
        waiters: newestFirst(queue).map(({ task, key, exclusive }) => ({
          operation: opId(task),
          pfn: key,
          exclusive,
          ...inodeRecordOrNone(k, pageOf(k, task)),
        })),
      })),
      entries: ascending(k.entryQueues).map(([bucket, queue]) => ({
        bucket,
        waiters: [...queue.values()].map(({ task, key, ino }) => ({
          operation: opId(task),
          ...inodeRecordOrNone(k, ino),
          pgoff: key,
        })),
      })),
      runnable: runnableNames(k),
    });
  },
});
