// Detection of cycles that a sleep or a new pin closes. Each cycle is reported. An operation whose
// sleep closes one fails with EDEADLK if it has failOnDeadlock.
import { emit } from './emit.ts';
import { failure } from './errno.ts';
import { end, operationOf } from './lifecycle.ts';
import { headOf } from './mm/page.ts';
import { withdraw } from './sched/rwsem.ts';
import { sendSignal } from './sched/signal.ts';
import { stopSpinning } from './sched/spin.ts';
import { inodeOf, pageWaitedFor } from './sched/task.ts';
import type { Kernel, Task } from './state.ts';
import type { Pfn, PinId } from './units.ts';
import { stepsOf } from './waits/cycle-steps.ts';
import { cyclesThrough, explain, nodesOf, type WaitEdge } from './waits/wait-graph.ts';

/**
 * Reports the cycles that this sleep closes, which can be more than one. With failOnDeadlock the
 * sleeper fails with EDEADLK.
 */
export function reportDeadlocks(k: Kernel, task: Task): void {
  const cycles = cyclesThrough(k, task);
  // A spinning task calls this at each retry, so a cycle that was reported before is skipped.
  const reported = task.locals.cyclesTold ?? [];
  const names = task.sleep?.on === 'spin' ? cycles.map((cycle) => nodesOf(cycle).join()) : [];
  for (const [index, cycle] of cycles.entries())
    if (!reported.includes(names[index] ?? '')) reportCycle(k, task, cycle);
  if (names.length > 0) task.locals.cyclesTold = names;
  if (cycles.length === 0 || !task.failOnDeadlock) return;
  if (task.interruptible) {
    task.locals.cycle = nodesOf(cycles[0] ?? []);
    sendSignal(k, task, 'deadlock');
  } else if (task.sleep?.on === 'lock' || task.sleep?.on === 'spin') {
    if (task.sleep.on === 'lock') withdraw(k, task);
    else stopSpinning(k, task);
    operationOf(task).undo?.(k, task as Task & { args: unknown });
    const refused = failure(
      'EDEADLK',
      'SL5',
      'the wait would be a deadlock, and the request says failOnDeadlock',
    );
    end(k, task, { ok: false, failure: { ...refused, cycle: nodesOf(cycles[0] ?? []) } });
  }
}

/**
 * At most this many waiters for pages of a new pin are searched for cycles, because a pin must not
 * cost a search for each waiter.
 */
const pinWaitersMax = 64;

/**
 * A new pin of an owner with a sleeping operation can close a cycle too, if another task waits for
 * one of its pages.
 */
export function reportPinDeadlocks(k: Kernel, owner: string, id: PinId): void {
  if (!k.sleepersOf.has(owner)) return;
  for (const waiter of waitersFor(k, k.pins.get(id)?.pfns ?? [])) {
    for (const cycle of cyclesThrough(k, waiter)) {
      const through = cycle.find((edge) => edge.pin === id);
      const sleeper = through === undefined ? undefined : k.tasks.get(through.to);
      if (sleeper !== undefined) reportCycle(k, sleeper, cycle);
    }
  }
}

/** The tasks that sleep or spin on one of these pages, longest sleeper first. */
function waitersFor(k: Kernel, pfns: readonly number[]): Task[] {
  if (k.pageWaiters.size === 0 && k.spinning.length === 0) return [];
  const heads = new Set(pfns.flatMap((pfn) => (pfn < 0 ? [] : [headOf(k, pfn as Pfn)])));
  if (k.spinning.length === 0 && ![...heads].some((pfn) => k.pageWaiters.has(pfn))) return [];
  const waiters: Task[] = [];
  for (const id of k.sleepers) {
    const task = k.tasks.get(id);
    const pfn = task === undefined ? null : pageWaitedFor(task);
    if (task === undefined || pfn === null || !heads.has(headOf(k, pfn))) continue;
    waiters.push(task);
    if (waiters.length === pinWaitersMax) break;
  }
  return waiters;
}

function reportCycle(k: Kernel, task: Task, cycle: readonly WaitEdge[]): void {
  emit(k, 'deadlock.detected', inodeOf(k, task), {
    cycle: nodesOf(cycle),
    explanation: explain(k, cycle),
    steps: stepsOf(k, cycle),
  });
}
