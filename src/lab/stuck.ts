// Why a call has not ended when its run is over.
import { pageWaitedFor } from '../kernel/sched/task.ts';
import type { Kernel, Task } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import { cyclesThrough, pinsOn, waitsFor } from '../kernel/waits/wait-graph.ts';

/**
 * `deadlock`: it is in a cycle of waits, or waits for a call that is. `hang`: it waits for a page
 * that nobody has pinned, so no unpin wakes it. `starvation`: each time that it looked again,
 * another page was pinned. `unfinished`: none of these; the run was over before it.
 */
export const neverEndedReasons = ['deadlock', 'hang', 'starvation', 'unfinished'] as const;
export type NeverEnded = (typeof neverEndedReasons)[number];

/**
 * A call that has looked so often and found a pinned page each time starves, if it has not ended as
 * long again as the measurement after it.
 */
const starvingScans = 10;

/** Why this call waits. A call that waits for a lock has the reason of the one that has it. */
export function whyNeverEnded(k: Kernel, id: TaskId, seen: Set<TaskId> = new Set()): NeverEnded {
  const task = k.tasks.get(id);
  if (task === undefined || seen.has(id)) return 'unfinished';
  seen.add(id);
  if (task.state === 'sleeping' && cyclesThrough(k, task).length > 0) return 'deadlock';
  const pfn = pageWaitedFor(task);
  if (pfn !== null && pinsOn(k, pfn, 1).length === 0) return 'hang';
  for (const { to } of waitsFor(k, task)) {
    const why = whyNeverEnded(k, to, seen);
    if (why !== 'unfinished') return why;
  }
  return pfn !== null && scansOf(task) >= starvingScans ? 'starvation' : 'unfinished';
}

const scansOf = (task: Task): number =>
  (task.locals as { layout?: { scans?: number } }).layout?.scans ?? 0;
