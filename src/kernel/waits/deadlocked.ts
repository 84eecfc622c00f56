// Whether a filesystem has a deadlock, and since when its oldest operation waits: what a list of
// many filesystems shows of their wait graphs.
import type { Kernel } from '../state.ts';
import { maybeOnCycle } from './wait-graph.ts';

/**
 * The last answer for each kernel, because only an entry changes the graph, and a list asks again
 * for filesystems in which nothing happened.
 */
const answers = new WeakMap<Kernel, { seq: number; deadlocked: boolean }>();

/**
 * True if operations wait for each other in a circle. Each node that the search leaves waits for
 * another one of them, so if there is one, there is a cycle. Of more than 2048 sleepers only the
 * oldest and the newest are searched.
 */
export function isDeadlocked(k: Kernel): boolean {
  if (k.sleepers.size === 0) return false;
  const before = answers.get(k);
  if (before?.seq === k.seq) return before.deadlocked;
  const deadlocked = maybeOnCycle(k, new Map()).size > 0;
  answers.set(k, { seq: k.seq, deadlocked });
  return deadlocked;
}

/**
 * When the operation that has slept longest would have fallen asleep if it had slept at one go, on
 * the clock of the filesystem: one that is woken and sleeps again (S07) has waited since its first
 * sleep. null: none sleeps.
 */
export function oldestWaitSinceMs(k: Kernel): number | null {
  let oldest: number | null = null;
  for (const id of k.sleepers) {
    const task = k.tasks.get(id);
    if (task === undefined) continue;
    const sinceMs = task.sleptSinceMs - task.sleptMs;
    if (oldest === null || sinceMs < oldest) oldest = sinceMs;
  }
  return oldest;
}
