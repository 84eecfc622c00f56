// The run loop: it runs the steps of tasks and counts the steps of an entry.
import { reportDeadlocks, reportPinDeadlocks } from './deadlock.ts';
import { emit, emitFor, setRunning } from './emit.ts';
import { releaseWork } from './fs/release-worker.ts';
import { begin, end, endAll, operationOf } from './lifecycle.ts';
import { pagesCollected, tellCollected } from './mm/gup.ts';
import { pinsOver } from './mm/page.ts';
import type { Operation } from './ops/define.ts';
import { assert, unreachable } from './panic.ts';
import { retrySpinners } from './sched/spin.ts';
import { inodeOf, pageWaitedFor, taskOf, workerName } from './sched/task.ts';
import type { Command, Kernel, Task } from './state.ts';
import type { Pfn, TaskId } from './units.ts';

/**
 * Begins a command and runs what can run. An operation that never sleeps runs first, and has ended
 * when this returns. Another one runs at once if it would be the next to run anyway. A task that
 * runs to its end here is never in the table of tasks, because nobody can look for it meanwhile,
 * and most commands are such tasks.
 */
export function start(k: Kernel, command: Command): TaskId {
  const id = k.nextTask as TaskId;
  const task = begin(k, command);
  if (task !== null && runsNext(k, task)) {
    runTask(k, task);
    goOn(k);
    return id;
  }
  if (task !== null && operationOf(task).waits) {
    k.tasks.set(id, task);
    k.runnable.push(id);
  } else if (task !== null) {
    runTask(k, task);
  }
  run(k);
  return id;
}

/**
 * Would this new task be the first of the run queue? Tasks that spin would come behind it, but
 * before those that it wakes.
 */
const runsNext = (k: Kernel, task: Task): boolean =>
  k.geometry.scheduler === 'auto' &&
  k.runnable.length + k.workqueue.length + k.spinning.length === 0 &&
  k.turn.stepsLeft > 0 &&
  operationOf(task).waits;

/**
 * Runs until every task sleeps, spins or has ended, or until the entry has used up its steps: the
 * next entry then continues here, see atRest(). A stepped scheduler runs nothing by itself.
 */
export function run(k: Kernel): void {
  if (k.geometry.scheduler === 'stepped') return;
  retrySpinners(k);
  goOn(k);
}

const isUnpinned =
  (k: Kernel) =>
  (pfn: Pfn): boolean =>
    pinsOver(k, pfn) === 0;

/**
 * Is there anything that an automatic scheduler could run? A spinning task counts only if its page
 * is unpinned, because otherwise it would spin again.
 */
export function canGoOn(k: Kernel): boolean {
  if (k.runnable.length > 0 || k.workqueue.length > 0) return true;
  return k.spinning.some((id) => isUnpinned(k)(pageWaitedFor(taskOf(k, id)) as Pfn));
}

/** Like run(), but spinning tasks do not retry first. */
export function goOn(k: Kernel): void {
  if (k.geometry.scheduler === 'stepped') return;
  while (k.turn.stepsLeft > 0) {
    if (k.workqueue.length > 0) {
      releaseWork(k);
      continue;
    }
    const id = k.runnable.shift();
    if (id === undefined) {
      if (retrySpinners(k, isUnpinned(k))) continue;
      return;
    }
    const task = k.tasks.get(id);
    assert(task !== undefined, 'a runnable task lives');
    runTask(k, task);
  }
}

/** After each step, if somebody takes them one by one and wants to know. */
const tellsSteps = ({ geometry }: Kernel): boolean =>
  geometry.scheduler === 'stepped' && geometry.events === 'detailed';

export function stepOnce(k: Kernel, id: TaskId | 0): void {
  const isTold = tellsSteps(k);
  if (id === 0) {
    setRunning(k, null);
    if (isTold) emit(k, 'task.step', null, { op: workerName, step: 'release' });
    releaseWork(k);
    return;
  }
  const task = k.tasks.get(id);
  assert(task !== undefined, 'a runnable task lives');
  k.runnable.splice(k.runnable.indexOf(id), 1);
  if (isTold) emitFor(k, task, 'task.step', inodeOf(k, task), { op: task.op, step: task.step });
  const pages = pagesCollected(k, task);
  if (runStep(k, task, operationOf(task))) k.runnable.push(id);
  if (isTold && pagesCollected(k, task) > pages) tellCollected(k, task);
}

/**
 * Steps one task until it sleeps or ends; the release worker runs between its steps. If the entry
 * has no steps left, the task runs first in the next entry. An atomic operation is never parked,
 * because its caller expects the result from this entry.
 */
function runTask(k: Kernel, task: Task): void {
  const op = operationOf(task);
  while (runStep(k, task, op)) {
    if (!op.waits) continue;
    while (k.workqueue.length > 0 && k.geometry.scheduler === 'auto' && k.turn.stepsLeft > 0)
      releaseWork(k);
    if (k.turn.stepsLeft > 0) continue;
    k.tasks.set(task.id, task);
    k.runnable.unshift(task.id);
    return;
  }
}

/** One step. Returns true when the task can take the next one. */
function runStep(k: Kernel, task: Task, op: Operation): boolean {
  k.turn.stepsLeft -= 1;
  setRunning(k, task);
  const step = op.steps[task.step];
  assert(step !== undefined, `${task.op} has a step ${task.step}`);
  // These counts are for memory.ts. A step changes the extents only of its own files, and only the
  // bytes of its own task.
  const inode = inodeOf(k, task);
  const other =
    task.otherIno === 0 || task.otherIno === task.ino ? undefined : k.inodes.get(task.otherIno);
  const extents = (inode?.extents.extents ?? 0) + (other?.extents.extents ?? 0);
  const data = task.data?.length ?? 0;
  const verdict = step(k, task as Task & { args: unknown });
  k.counts.extents += (inode?.extents.extents ?? 0) + (other?.extents.extents ?? 0) - extents;
  k.counts.dataBytes += (task.data?.length ?? 0) - data;
  switch (verdict.kind) {
    case 'goto':
      task.step = verdict.step;
      return true;
    case 'wait':
      task.step = verdict.resume;
      k.tasks.set(task.id, task);
      if (task.state !== 'sleeping') return false;
      if (!tellsSteps(k)) tellCollected(k, task);
      reportDeadlocks(k, task);
      return false;
    case 'done':
      end(k, task, { ok: true, result: verdict.result });
      if (k.turn.pending.endAll !== null) endAll(k, k.turn.pending.endAll);
      if (task.owner !== null && task.pin !== 0 && op.charges === 'pins')
        reportPinDeadlocks(k, task.owner, task.pin);
      return false;
    case 'fail':
      op.undo?.(k, task as Task & { args: unknown });
      end(k, task, { ok: false, failure: verdict.failure });
      return false;
    default:
      return unreachable(verdict);
  }
}
