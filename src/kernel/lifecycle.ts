// The begin and the end of a task. A command becomes a task with a target; its outcome becomes a
// reply and a record.
import { emit, emitFor, setRunning } from './emit.ts';
import { type Failure, failure } from './errno.ts';
import { etagOf, findFile, isLastReference } from './fs/inode.ts';
import type { Operation } from './ops/define.ts';
import { evict } from './ops/evict.ts';
import { operations } from './ops/index.ts';
import { assert } from './panic.ts';
import { releaseAll } from './sched/rwsem.ts';
import { inodeOf, leaveSleep } from './sched/task.ts';
import { addTimer, removeTimer } from './sched/timers.ts';
import type { Command, Inode, Kernel, Outcome, Task } from './state.ts';
import { type MapId, mappingId, opId, type PinId, pinId, type TaskId } from './units.ts';

export function operationOf(task: Task): Operation {
  const op = task.op === evict.name ? evict : operations.get(task.op);
  assert(op !== undefined, 'a task runs an operation of the registry');
  return op;
}

/**
 * Makes a task of a command, which the caller runs or queues. Returns null if the task has ended
 * already, because its target does not exist or a precondition fails.
 */
export function begin(k: Kernel, command: Command): Task | null {
  const op = operations.get(command.op);
  assert(op !== undefined, 'a command names an operation of the registry');
  const task = newTask(k, op, command);
  setRunning(k, task);
  const refused = bind(k, op, task, command);
  k.counts.dataBytes += task.data?.length ?? 0;
  if (refused !== null) {
    task.ino = 0; // It never held the file open.
    end(k, task, { ok: false, failure: refused });
    return null;
  }
  const inode = inodeOf(k, task);
  if (inode !== null) inode.users += 1;
  if (!op.waits) return task;
  emit(k, 'operation.submitted', inode, { op: op.name, owner: task.owner });
  if (command.timeoutMs !== undefined) {
    task.timeoutAtMs = k.nowMs + command.timeoutMs;
    addTimer(k, { atMs: task.timeoutAtMs, kind: 'timeout', id: task.id });
  }
  return task;
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

/** Looks up the target of the command. */
function bind(k: Kernel, op: Operation, task: Task, command: Command): Failure | null {
  const { on } = command;
  let inode: Inode | null = null;
  // Atomic operations never stay in the table, and munmap is unbounded, so that a client of a full
  // table can still unpin, cancel and unmap.
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
      return failure('ENOENT', 'NM2', `there is no mapping ${mappingId(on.mapping)}`);
    task.mapping = mapping.id;
    inode = k.inodes.get(mapping.ino) ?? null;
  }
  if (on.pin !== undefined) {
    const pin = k.pins.get(on.pin as PinId);
    if (pin === undefined) return failure('ENOENT', 'NM3', `there is no pin ${pinId(on.pin)}`);
    task.pin = pin.id;
  }
  if (on.operation !== undefined) {
    const known = k.tasks.has(on.operation as TaskId) || k.ended.has(on.operation as TaskId);
    if (!known) return failure('ENOENT', 'NM4', `there is no operation ${opId(on.operation)}`);
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
 * RFC 9110 §13.2.2: If-Match is checked first. Mappings, pins and operations have no ETag, so only
 * `*` matches them.
 */
function unmetCondition(
  k: Kernel,
  op: Operation,
  inode: Inode | null,
  { ifMatch, ifNoneMatch }: Command,
): Failure | null {
  if (ifMatch === undefined && ifNoneMatch === undefined) return null;
  let now: string | null = null;
  // The version before this entry, because that is the one that the client saw.
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
 * Ends a task: releases its locks to their waiters, and starts the eviction of an unlinked file if
 * the task was its last user.
 */
export function end(k: Kernel, task: Task, outcome: Outcome): void {
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
  const reply = { task: task.id, outcome };
  // A literal has room for one element; a push would make room for seventeen.
  if (k.turn.replies.length === 0) k.turn.replies = [reply];
  else k.turn.replies.push(reply);
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
  if (outcome.ok) emitFor(k, task, 'operation.done', inode, data);
  else if (state === 'cancelled')
    emitFor(k, task, 'operation.cancelled', inode, { ...data, ...errnoOf(outcome.failure) });
  else emitFor(k, task, 'operation.failed', inode, { ...data, ...errnoOf(outcome.failure) });
}

const errnoOf = ({ errno, rule }: Failure) => ({ errno, rule });

/** Stores the record of an ended operation. The table is bounded by time and by number. */
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
 * The record of a read has the number of bytes instead of the bytes, because records are part of
 * each snapshot. A list of pages is cut for the same reason.
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

/**
 * After a power cycle or umount. Locks and queues are already cleared, so only the tasks are
 * removed.
 */
export function endAll(k: Kernel, why: Failure): void {
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
    k.turn.replies.push({ task: task.id, outcome });
  }
}
