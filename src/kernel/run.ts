// The run loop: how a command becomes a task, how tasks take their steps, what happens when one
// sleeps, closes a cycle or ends.

import { emit } from './emit.ts';
import { type Failure, failure } from './errno.ts';
import { clearDelayedFree, releaseBusy } from './fs/busy-extent.ts';
import { reapDetached } from './fs/detached.ts';
import { etagOf, findFile, isLastReference } from './fs/inode.ts';
import { findRun } from './lib/run-list.ts';
import { headOf, isDelayedFree, pinsOver } from './mm/page.ts';
import type { Operation } from './ops/define.ts';
import { evict } from './ops/evict.ts';
import { operations } from './ops/index.ts';
import { assert, unreachable } from './panic.ts';
import { releaseAll, withdraw } from './sched/rwsem.ts';
import { sendSignal } from './sched/signal.ts';
import { retrySpinners, stopSpinning } from './sched/spin.ts';
import { inodeOf, leaveSleep, pageWaitedFor, taskOf } from './sched/task.ts';
import { addTimer, removeTimer } from './sched/timers.ts';
import type { Command, Inode, Kernel, Outcome, Task } from './state.ts';
import type { MapId, Pfn, PinId, TaskId } from './units.ts';
import { cyclesThrough, explain, nodesOf, type WaitEdge } from './waits/wait-graph.ts';

function operationOf(task: Task): Operation {
  const op = task.op === evict.name ? evict : operations.get(task.op);
  assert(op !== undefined, 'a task runs an operation of the registry');
  return op;
}

/**
 * Makes a task of a command. Where its target is absent or not as If-Match says, it ends at once.
 */
export function start(k: Kernel, command: Command): TaskId {
  const op = operations.get(command.op);
  assert(op !== undefined, 'a command names an operation of the registry');
  const task = newTask(k, op, command);
  k.current = task.id;
  const refused = bind(k, op, task, command);
  k.tasks.set(task.id, task);
  k.counts.dataBytes += task.data?.length ?? 0;
  if (refused !== null) {
    task.ino = 0; // It never held the file open.
    end(k, task, { ok: false, failure: refused });
    return task.id;
  }
  const inode = inodeOf(k, task);
  if (inode !== null) inode.users += 1;
  if (!op.waits) {
    runTask(k, task);
    return task.id;
  }
  emit(k, 'operation.submitted', inode, { op: op.name, owner: task.owner });
  if (command.timeoutMs !== undefined) {
    task.timeoutAtMs = k.nowMs + command.timeoutMs;
    addTimer(k, { atMs: task.timeoutAtMs, kind: 'timeout', id: task.id });
  }
  k.runnable.push(task.id);
  return task.id;
}

function newTask(k: Kernel, op: Operation, command: Omit<Command, 'on'>): Task {
  const id = k.nextTask as TaskId;
  k.nextTask += 1;
  return {
    id,
    op: op.name,
    owner: command.owner ?? null,
    ino: 0,
    otherIno: 0,
    mapping: 0,
    pin: 0,
    args: command.args,
    data: command.data ?? null,
    locals: {},
    step: op.first,
    state: 'runnable',
    sleep: null,
    interruptible: false,
    woken: false,
    signal: 'none',
    locks: [],
    nowait: command.nowait ?? false,
    failOnDeadlock: command.failOnDeadlock ?? false,
    keep: command.keep ?? false,
    submittedMs: k.nowMs,
    entry: k.seq,
    sleptSinceMs: 0,
    sleptMs: 0,
    wakeups: 0,
    timeoutAtMs: 0,
  };
}

/** Looks up what the command names. */
function bind(k: Kernel, op: Operation, task: Task, command: Command): Failure | null {
  const { on } = command;
  let inode: Inode | null = null;
  // What never stays in the table is never refused for its size, nor munmap: unpin, cancel and that
  // are how it empties.
  if (op.waits && !op.unbounded && k.tasks.size >= k.limits.tasks) {
    const max = k.limits.tasks;
    return failure(
      'EAGAIN',
      'LM1',
      `the filesystem already has ${max} operations that run or sleep, the maximum`,
      max,
    );
  }
  if (on.file !== undefined) {
    inode = findFile(k, on.file);
    if (inode === null) {
      if (command.ifMatch !== undefined)
        return stale('If-Match', `there is no file ${on.file}, so no ETag can match If-Match`);
      return failure('ENOENT', 'NM1', `there is no file ${on.file}`);
    }
  }
  if (on.mapping !== undefined) {
    const mapping = k.mappings.get(on.mapping as MapId);
    if (mapping === undefined)
      return failure('ENOENT', 'NM2', `there is no mapping map_${on.mapping}`);
    task.mapping = mapping.id;
    inode = k.inodes.get(mapping.ino) ?? null;
  }
  if (on.pin !== undefined) {
    const pin = k.pins.get(on.pin as PinId);
    if (pin === undefined) return failure('ENOENT', 'NM3', `there is no pin pin_${on.pin}`);
    task.pin = pin.id;
  }
  if (on.operation !== undefined) {
    const known = k.tasks.has(on.operation as TaskId) || k.ended.has(on.operation as TaskId);
    if (!known) return failure('ENOENT', 'NM4', `there is no operation op_${on.operation}`);
    task.locals.operation = on.operation;
  }
  if (inode !== null) task.ino = inode.ino;
  return unmetCondition(k, op, inode, command);
}

const stale = (header: 'If-Match' | 'If-None-Match', why: string): Failure => ({
  ...failure('ESTALE', 'NM5', why),
  header,
});

/**
 * RFC 9110 §13.2.2: If-Match first. Mappings, pins and operations have no ETag, and only `*` can
 * name them.
 */
function unmetCondition(
  k: Kernel,
  op: Operation,
  inode: Inode | null,
  { ifMatch, ifNoneMatch }: Command,
): Failure | null {
  if (ifMatch === undefined && ifNoneMatch === undefined) return null;
  let now: string | null = null;
  // What it was before this entry.
  if (op.on === 'filesystem') now = String(k.seq - 1);
  else if (op.on === 'file' && inode !== null) now = etagOf(inode);
  const isNamed = (tags: string | readonly string[]): boolean =>
    tags === '*' ||
    (now !== null && (typeof tags === 'string' ? tags === now : tags.includes(now)));
  if (ifMatch !== undefined && !isNamed(ifMatch))
    return stale('If-Match', 'the current ETag is not among those in If-Match');
  if (ifNoneMatch === undefined || !isNamed(ifNoneMatch)) return null;
  return stale('If-None-Match', `the ${op.on} exists, and If-None-Match matches its current state`);
}

/**
 * Runs until every task sleeps, has ended or spins, or the entry has used up its steps: then the
 * next entry goes on where this one stopped, see atRest(). A stepped scheduler runs nothing by
 * itself.
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
 * Could an automatic scheduler run something? Of what spins, only a task whose page was let go:
 * every other would spin on.
 */
export function canGoOn(k: Kernel): boolean {
  if (k.runnable.length > 0 || k.workqueue.length > 0) return true;
  return k.spinning.some((id) => isUnpinned(k)(pageWaitedFor(taskOf(k, id)) as Pfn));
}

/** Goes on with what is runnable already. */
export function goOn(k: Kernel): void {
  if (k.geometry.scheduler === 'stepped') return;
  while (k.stepsLeft > 0) {
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

export function stepOnce(k: Kernel, id: TaskId | 0): void {
  if (id === 0) {
    releaseWork(k);
    return;
  }
  const task = k.tasks.get(id);
  assert(task !== undefined, 'a runnable task lives');
  k.runnable.splice(k.runnable.indexOf(id), 1);
  if (runStep(k, task)) k.runnable.push(id);
}

/**
 * Steps one task until it sleeps or ends; the release worker runs between its steps. Where the
 * entry has no steps left the task is the first to go on with the next one. An atomic operation is
 * never parked: it has one step, and its caller expects the result from this entry.
 */
function runTask(k: Kernel, task: Task): void {
  const { waits } = operationOf(task);
  while (runStep(k, task)) {
    if (!waits) continue;
    while (k.workqueue.length > 0 && k.geometry.scheduler === 'auto' && k.stepsLeft > 0)
      releaseWork(k);
    if (k.stepsLeft > 0) continue;
    k.runnable.unshift(task.id);
    return;
  }
}

/** One step. Returns true when the task can take the next one. */
function runStep(k: Kernel, task: Task): boolean {
  k.stepsLeft -= 1;
  k.current = task.id;
  const step = operationOf(task).steps[task.step];
  assert(step !== undefined, `${task.op} has a step ${task.step}`);
  // For memory.ts. A step changes the extents of the files of its own task and of no other, and the
  // bytes that the task carries.
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
      if (task.state === 'sleeping') reportDeadlocks(k, task);
      return false;
    case 'done':
      end(k, task, { ok: true, result: verdict.result });
      if (k.pending.endAll !== null) endAll(k, k.pending.endAll);
      if (task.owner !== null && task.pin !== 0 && operationOf(task).charges === 'pins')
        reportPinDeadlocks(k, task.owner, task.pin);
      return false;
    case 'fail':
      operationOf(task).undo?.(k, task as Task & { args: unknown });
      end(k, task, { ok: false, failure: verdict.failure });
      return false;
    default:
      return unreachable(verdict);
  }
}

/**
 * A sleep may close a cycle, or several. Where the sleeper asked for it, it ends with EDEADLK
 * instead.
 */
function reportDeadlocks(k: Kernel, task: Task): void {
  const cycles = cyclesThrough(k, task);
  // What spins comes by again and again, and tells each cycle once.
  const told = task.locals.cyclesTold ?? [];
  const names = task.sleep?.on === 'spin' ? cycles.map((cycle) => nodesOf(cycle).join()) : [];
  for (const [index, cycle] of cycles.entries())
    if (!told.includes(names[index] ?? '')) reportCycle(k, task, cycle);
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

/** Of so many who wait for a page of a new pin the cycles are looked for. */
const pinWaitersMax = 64;

/**
 * A new pin of an owner who already sleeps can close a cycle too, where somebody waits for one of
 * its pages.
 */
function reportPinDeadlocks(k: Kernel, owner: string, id: PinId): void {
  if (!k.sleepersOf.has(owner)) return;
  for (const waiter of waitersFor(k, k.pins.get(id)?.pfns ?? [])) {
    for (const cycle of cyclesThrough(k, waiter)) {
      const through = cycle.find((edge) => edge.pin === id);
      const sleeper = through === undefined ? undefined : k.tasks.get(through.to);
      if (sleeper !== undefined) reportCycle(k, sleeper, cycle);
    }
  }
}

/** Who sleeps on one of these pages, the longest sleeper first. */
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
  });
}

/** The release worker: one frame whose last reference dropped after its block had left the file. */
function releaseWork(k: Kernel): void {
  const pfn = k.workqueue.shift() as Pfn;
  k.stepsLeft -= 1;
  k.current = 0;
  // Left over: the commit has freed the block already, and somebody else may have it and pin it by
  // now.
  if (!isDelayedFree(k, pfn) || pinsOver(k, pfn) > 0) return;
  clearDelayedFree(k, pfn);
  const busy = findRun(k.busy, pfn);
  if (busy !== null) {
    releaseBusy(k, busy);
    return;
  }
  const detached = findRun(k.detached, pfn);
  if (detached !== null) reapDetached(k, detached);
}

/**
 * The end of a task: its locks go, whoever waited for them runs, and the last user of an unlinked
 * file has it evicted.
 */
function end(k: Kernel, task: Task, outcome: Outcome): void {
  const op = operationOf(task);
  const inode = inodeOf(k, task);
  const other = task.otherIno === 0 ? undefined : k.inodes.get(task.otherIno);
  releaseAll(k, task);
  k.tasks.delete(task.id);
  k.counts.dataBytes -= task.data?.length ?? 0;
  removeTimer(k, { atMs: task.timeoutAtMs, kind: 'timeout', id: task.id });
  if (inode !== null) inode.users -= 1;
  if (other !== undefined) other.users -= 1;
  const state = outcome.ok ? 'done' : outcome.failure.errno === 'EINTR' ? 'cancelled' : 'failed';
  if (op.waits) emitEnd(k, task, inode, state, outcome);
  if (op === evict) return;
  k.replies.push({ task: task.id, outcome });
  if (task.keep) remember(k, task, inode, state, outcome);
  if (inode !== null && k.inodes.has(inode.ino) && isLastReference(inode, 0))
    startEviction(k, inode);
  if (other !== undefined && isLastReference(other, 0)) startEviction(k, other);
}

function emitEnd(
  k: Kernel,
  task: Task,
  inode: Inode | null,
  state: 'done' | 'failed' | 'cancelled',
  outcome: Outcome,
): void {
  const data = {
    op: task.op,
    strategy: k.strategy.name,
    sleptMs: task.sleptMs,
    wakeups: task.wakeups,
  };
  if (outcome.ok) emit(k, 'operation.done', inode, data);
  else if (state === 'cancelled')
    emit(k, 'operation.cancelled', inode, { ...data, ...errnoOf(outcome.failure) });
  else emit(k, 'operation.failed', inode, { ...data, ...errnoOf(outcome.failure) });
}

const errnoOf = ({ errno, rule }: Failure) => ({ errno, rule });

/** Keeps the record of an ended operation for a bounded time, among a bounded number. */
function remember(
  k: Kernel,
  task: Task,
  inode: Inode | null,
  state: 'done' | 'failed' | 'cancelled',
  outcome: Outcome,
): void {
  for (const [id, old] of k.ended) {
    if (
      k.ended.size < k.limits.endedOperations &&
      k.nowMs - old.endedMs <= k.limits.endedOperationMs
    )
      break;
    k.ended.delete(id);
  }
  const { id, op, owner, submittedMs, entry, sleptMs, wakeups } = task;
  const file = inode?.name ?? null;
  k.ended.set(id, {
    id,
    op,
    owner,
    file,
    ino: task.ino,
    state,
    outcome: inShort(outcome),
    submittedMs,
    entry,
    endedMs: k.nowMs,
    sleptMs,
    wakeups,
  });
}

const pagesKept = 16;

/**
 * A record says how much was read, not what; the bytes went to the caller. Of a long list of pages
 * it keeps the beginning.
 */
function inShort(outcome: Outcome): Outcome {
  if (!outcome.ok || typeof outcome.result !== 'object' || outcome.result === null) return outcome;
  const {
    data,
    pages,
    pagesOmitted = 0,
    ...rest
  } = outcome.result as { data?: unknown; pages?: unknown; pagesOmitted?: number };
  const read = data instanceof Uint8Array ? { bytes: data.length } : {};
  if (!Array.isArray(pages)) return { ok: true, result: { ...rest, ...read } };
  const omitted = pagesOmitted + Math.max(0, pages.length - pagesKept);
  return {
    ok: true,
    result: {
      ...rest,
      ...read,
      pages: pages.slice(0, pagesKept),
      ...(omitted > 0 ? { pagesOmitted: omitted } : {}),
    },
  };
}

function startEviction(k: Kernel, inode: Inode): void {
  const task = newTask(k, evict, { op: evict.name, args: {} });
  task.ino = inode.ino;
  inode.users += 1;
  k.tasks.set(task.id, task);
  k.runnable.push(task.id);
}

/** The machine went away under every task: their locks and queues went with it. */
function endAll(k: Kernel, why: Failure): void {
  k.spinning = [];
  for (const task of [...k.tasks.values()]) {
    if (task.state === 'sleeping') leaveSleep(k, task);
    k.tasks.delete(task.id);
    k.counts.dataBytes -= task.data?.length ?? 0;
    if (task.op === evict.name) continue;
    const outcome: Outcome = { ok: false, failure: why };
    const inode = inodeOf(k, task);
    emitEnd(k, task, inode, 'failed', outcome);
    if (task.keep) remember(k, task, inode, 'failed', outcome);
    k.replies.push({ task: task.id, outcome });
  }
}
