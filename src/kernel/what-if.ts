// Answers what would happen, by running a copy of the machine: this is possible because a machine
// is plain data. The copy has no device contents, because no wait depends on them.
import { createPmem } from './dev/pmem.ts';
import { apply } from './kernel.ts';
import { operations } from './ops/index.ts';
import type { LayoutLocals } from './ops/layout-change.ts';
import { strategies } from './reclaim/index.ts';
import { inodeRecord, inodeRecordOrNone, nameOf } from './records/inode.ts';
import { taskRecord } from './records/operation.ts';
import { pageWaitedFor, stateLetter } from './sched/task.ts';
import type { Effects, Kernel, Mapping, Pin, Target, Task } from './state.ts';
import { mappingId, opId, pinId, type TaskId } from './units.ts';
import { mappingsOn } from './waits/page-mappings.ts';
import { type Predecessors, pinsOn, waitsFor } from './waits/wait-graph.ts';

/** Bounds for the copy and its run, because all other filesystems wait meanwhile. */
const stepsMax = 20_000;
/**
 * At most this many sleepers, the longest first, are searched for operations that wait behind one.
 */
const behindMax = 2000;
const copyLimits = { pagesTouched: 4096, pins: 500, tasks: 500 };

export interface Other {
  strategy: string;
  /**
   * The state of the operation right after the change of strategy; `refused` if the filesystem
   * cannot have the strategy.
   */
  outcome: 'done' | 'failed' | 'cancelled' | 'sleeping' | 'running' | 'refused';
  errno?: string;
  sleepingOn?: unknown;
  result?: unknown;
  blocksBusy: number;
  blocksDetached: number;
  deadlocks: number;
  /** A kernel would have logged a WARNING: blocks were freed under a pin. */
  warnings: number;
}

/** Why the machine is too large to copy; null if it is not. */
export function tooLarge(k: Kernel): string | null {
  const pages = k.frames.reduce((sum, chunk) => sum + (chunk === undefined ? 0 : 512), 0);
  const { pagesTouched, pins, tasks } = copyLimits;
  if (pages > pagesTouched) return `more than ${pagesTouched} pages were touched`;
  if (k.pins.size > pins) return `there are more than ${pins} pins`;
  return k.tasks.size > tasks ? `there are more than ${tasks} operations` : null;
}

/** Why a change of strategy can no longer affect the operation; null if it can. */
export function tooLate(k: Kernel, id: TaskId): string | null {
  const task = k.tasks.get(id);
  if (
    task === undefined ||
    pageWaitedFor(task) === null ||
    (task.locals as LayoutLocals).committed !== true
  )
    return null;
  return 'the blocks are detached and that is committed: what is left is the wait to free them';
}

function copyOf(k: Kernel): Kernel {
  const pmem = { ...createPmem(), badSectors: k.pmem.badSectors };
  const copy = structuredClone({ ...k, pmem, ended: new Map() });
  // A client runs each step of a stepped machine, but the copy must run by itself.
  copy.geometry.scheduler = 'auto';
  // An operation that needs more steps than this is shown as running.
  copy.limits.stepsPerApply = stepsMax;
  return copy;
}

function command(k: Kernel, op: string, on: Target, given: object, nowMs: number): Effects {
  const args = operations.get(op)?.args.parse(given);
  return apply(k, { seq: k.seq + 1, timeMs: nowMs, command: { op, on, args } });
}

/** What the operation would do under each other strategy, if that were set now. */
export function otherStrategies(k: Kernel, id: TaskId, nowMs: number): Other[] {
  const { longterm } = k.strategy.options;
  return [...strategies.keys()].flatMap((name) =>
    name === k.strategy.name
      ? []
      : [under(copyOf(k), { name, ...(longterm === undefined ? {} : { longterm }) }, id, nowMs)],
  );
}

function under(k: Kernel, choice: { name: string }, id: TaskId, nowMs: number): Other {
  const { busy, detached } = { busy: k.busy.pages, detached: k.detached.pages };
  const effects = command(k, 'set-strategy', {}, choice, nowMs);
  const count = (type: string) => effects.events.filter((event) => event.type === type).length;
  const seen = {
    strategy: choice.name,
    blocksBusy: k.busy.pages - busy,
    blocksDetached: k.detached.pages - detached,
    deadlocks: count('deadlock.detected'),
    warnings: count('warning.raised'),
  };
  const changed = effects.replies.find(({ task }) => task === effects.task)?.outcome;
  if (changed?.ok === false) return { ...seen, outcome: 'refused', errno: changed.failure.errno };
  const task = k.tasks.get(id);
  if (task !== undefined) {
    const { sleepingOn } = taskRecord(k, task, nowMs);
    return task.state === 'sleeping'
      ? { ...seen, outcome: 'sleeping', sleepingOn }
      : { ...seen, outcome: 'running' };
  }
  const ended = effects.replies.find((reply) => reply.task === id)?.outcome;
  if (ended === undefined || ended.ok)
    return { ...seen, outcome: 'done', ...(ended === undefined ? {} : { result: ended.result }) };
  const { errno } = ended.failure;
  return { ...seen, outcome: errno === 'EINTR' ? 'cancelled' : 'failed', errno };
}

interface Whose {
  owner: string | null;
  ino: number;
  unlinked?: true;
}

/** What ends the wait. `order` has the ids of all three lists, in the order in which they end it. */
export interface Release {
  pins: (Whose & { pin: string; kind: string })[];
  mappings: (Whose & { mapping: string })[];
  /** Operations that need a signal, because no pin and no mapping that can go is in the way. */
  signals: { operation: string; op: string; owner: string | null }[];
  order: { do: 'unpin' | 'munmap' | 'cancel'; id: string }[];
  /**
   * True if the operation ends after these. Otherwise it waits for something else, or for more than
   * are listed.
   */
  enough: boolean;
}

const releasesMax = 64;

/** The pins, mappings and signals that end the operation, one after another. */
export function released(k: Kernel, id: TaskId, nowMs: number): Release {
  const copy = copyOf(k);
  const release: Release = { pins: [], mappings: [], signals: [], order: [], enough: false };
  const signalled = new Set<TaskId>();
  while (copy.tasks.has(id)) {
    const next = obstacleOf(copy, id, signalled);
    if (next === null || release.order.length === releasesMax) return release;
    if (next.do === 'cancel') signalled.add(next.task.id);
    const { op, on } = note(copy, release, next);
    const { replies, task } = command(copy, op, on, {}, nowMs);
    if (replies.some((reply) => reply.task === task && !reply.outcome.ok)) return release;
  }
  return { ...release, enough: true };
}

type Obstacle =
  | { do: 'unpin'; pin: Pin }
  | { do: 'munmap'; mapping: Mapping }
  | { do: 'cancel'; task: Task };

/** Adds what is in the way to the lists. Returns the command that removes it. */
function note(k: Kernel, release: Release, next: Obstacle): { op: string; on: Target } {
  const whose = ({ owner, ino }: Pin | Mapping) => ({ owner, ...inodeRecord(k, ino) });
  switch (next.do) {
    case 'unpin': {
      const { pin } = next;
      release.pins.push({ pin: pinId(pin.id), kind: pin.kind, ...whose(pin) });
      release.order.push({ do: next.do, id: pinId(pin.id) });
      return { op: 'unpin', on: { pin: pin.id } };
    }
    case 'munmap': {
      const mapping = mappingId(next.mapping.id);
      release.mappings.push({ mapping, ...whose(next.mapping) });
      release.order.push({ do: next.do, id: mapping });
      return { op: 'munmap', on: { mapping: next.mapping.id } };
    }
    case 'cancel': {
      const { id, op, owner } = next.task;
      release.signals.push({ operation: opId(id), op, owner });
      release.order.push({ do: next.do, id: opId(id) });
      return { op: 'cancel', on: { operation: id } };
    }
  }
}

/**
 * What is in the way of the operation, directly or through other tasks: the oldest pin on the
 * nearest page, or where no pin is left a mapping of it. A pin that get_user_pages still collects
 * cannot be released; if there is nothing else, a signal to the nearest task in state S is left.
 * null if there is not even one.
 */
function obstacleOf(k: Kernel, id: TaskId, signalled: ReadonlySet<TaskId>): Obstacle | null {
  const predecessors: Predecessors = new Map();
  const seen = new Set<TaskId>([id]);
  let interruptible: Task | null = null;
  for (const at of seen) {
    const task = k.tasks.get(at);
    if (task === undefined) continue;
    const pfn = pageWaitedFor(task);
    const pins = pfn === null ? [] : pinsOn(k, pfn);
    const pin = pins.find((one) => one.task === 0);
    if (pin !== undefined) return { do: 'unpin', pin };
    const isAsleep = task.sleep?.on === 'page';
    const [mapped] = pfn === null || !isAsleep || pins.length > 0 ? [] : mappingsOn(k, pfn, 1);
    if (mapped !== undefined) return { do: 'munmap', mapping: mapped.mapping };
    if (stateLetter(task) === 'S' && !signalled.has(at)) interruptible ??= task;
    for (const { to } of waitsFor(k, task, predecessors)) seen.add(to);
  }
  return interruptible === null ? null : { do: 'cancel', task: interruptible };
}

export interface Behind {
  operation: string;
  op: string;
  owner: string | null;
  file: string | null;
  ino: number | null;
  unlinked?: true;
  because: string;
}

/**
 * The operations that wait for this one, directly or through others, nearest first, at most `max`.
 */
export function queuedBehind(k: Kernel, id: TaskId, max: number): Behind[] {
  const predecessors: Predecessors = new Map();
  const waitingFor = new Map<TaskId, { task: TaskId; because: string }[]>();
  let looked = 0;
  for (const sleeper of k.sleepers) {
    const task = k.tasks.get(sleeper);
    if (task === undefined) continue;
    looked += 1;
    if (looked > behindMax) break;
    for (const { to, through, because } of waitsFor(k, task, predecessors)) {
      const list = waitingFor.get(to) ?? [];
      list.push({ task: sleeper, because: `${through}: ${opId(to)} ${because}` });
      waitingFor.set(to, list);
    }
  }
  const found = new Map<TaskId, string>();
  const from = [id];
  for (const at of from) {
    for (const { task, because } of waitingFor.get(at) ?? []) {
      if (found.has(task) || task === id || found.size === max) continue;
      found.set(task, because);
      from.push(task);
    }
  }
  return [...found].map(([task, because]) => {
    const one = k.tasks.get(task);
    const ino = one?.ino ?? 0;
    const whose = { file: nameOf(k, ino), ...inodeRecordOrNone(k, ino) };
    return {
      operation: opId(task),
      op: one?.op ?? '',
      owner: one?.owner ?? null,
      ...whose,
      because,
    };
  });
}
