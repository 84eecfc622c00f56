// The states in which Pinhole says that the machine can come to rest. A line begins one call; then
// every order of the steps of all tasks and of the release worker is tried. Of the states in which
// nobody can move, those stay that look like what Linux shows.

import { readBytes } from '../../src/kernel/fs/file-data.ts';
import { findFile } from '../../src/kernel/fs/inode.ts';
import { machineOf, nameOf, type State } from '../../src/kernel/interleave.ts';
import { apply, createKernel } from '../../src/kernel/kernel.ts';
import { nextExtent } from '../../src/kernel/lib/extent-map.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { mkfsArgs } from '../../src/kernel/ops/mkfs.ts';
import { blocks512 } from '../../src/kernel/records/file.ts';
import { stateLetter, workerName } from '../../src/kernel/sched/task.ts';
import type { Command, Kernel, Outcome, Target } from '../../src/kernel/state.ts';
import { opId, type TaskId, toPgOff } from '../../src/kernel/units.ts';
import { limitsOfTests } from '../machine.ts';
import type { Box, Contents, Seen, TaskSeen } from './guest.ts';
import { page } from './schedule.ts';

/** What a line is for the simulated kernel. */
interface Call {
  op: string;
  on: Target;
  args: Record<string, unknown>;
  data?: Uint8Array;
}

interface Believed {
  state: State;
  /** The outcome of the call of each line that has ended, by the number of the line. */
  outcomes: ReadonlyMap<number, Outcome>;
  /** Calls that have not begun. */
  pending: readonly Pending[];
}

interface Pending {
  task: number;
  command: Command;
}

const statesMax = 20_000;

export class TooManyStates extends Error {
  override readonly name = 'TooManyStates';
}

const base = 1000;
/** The number of the operation of a line. */
const taskOf = (line: number): number => base * (line + 2);

export class Belief {
  #states: Believed[];
  /** The line whose call each task makes or made last. */
  readonly #lineOf = new Map<number, number>();
  readonly #lines: string[] = [];
  /** How many states were possible after each line. */
  readonly possible: number[] = [];

  constructor(box: Box) {
    const args = mkfsArgs.parse({
      name: 'oracle',
      sizeBytes: 64 * 2 ** 20,
      ...box,
      clock: 'manual',
      scheduler: 'stepped',
      events: 'standard',
      folioGranularity: box.kernel === '7.3',
    });
    const made = createKernel(args, limitsOfTests, 0);
    if (!made.ok) throw new Error(made.failure.why);
    const state = { k: made.kernel, positions: [], warned: false };
    this.#states = [{ state, outcomes: new Map(), pending: [] }];
  }

  get states(): readonly Believed[] {
    return this.#states;
  }

  /** Begins calls at the same time, in every order, and takes every way to rest. */
  begin(calls: readonly { line: string; call: Call }[]): void {
    const pending = calls.map(({ line, call }): Pending => {
      const number = this.#lines.push(line) - 1;
      const by = Number(line.split(' ')[0]); // NaN: a line of no task.
      if (by > 0) this.#lineOf.set(by, number);
      const operation = operations.get(call.op);
      if (operation === undefined) throw new Error(`no operation ${call.op}`);
      const owner = by > 0 ? { owner: `T${by}` } : {};
      const command = { ...call, args: operation.args.parse(call.args), ...owner };
      return { task: taskOf(number), command };
    });
    this.#states = restsOf(this.#states.map((one) => ({ ...one, pending })));
  }

  /** Keeps the states that look like `seen`; false if none does, and then keeps all. */
  keep(seen: Seen, contents: Contents | null): boolean {
    const fit = this.#states.filter((one) => this.differences(one, seen, contents).length === 0);
    if (fit.length === 0) return false;
    this.possible.push(this.#states.length);
    this.#states = fit;
    return true;
  }

  /** In what a state differs from what Linux shows. */
  differences(
    { state: { k }, outcomes }: Believed,
    seen: Seen,
    contents: Contents | null,
  ): string[] {
    const found: string[] = [];
    for (const [at, linux] of seen.tasks.entries()) {
      const line = this.#lineOf.get(at + 1);
      if (line === undefined) continue;
      const ours = this.#taskSeen(k, outcomes, line);
      const told = (one: TaskSeen): string => JSON.stringify(comparable(one));
      if (told(ours) !== told(linux)) found.push(`task ${at + 1}: ${told(ours)}`);
    }
    const names = [...new Set([...Object.keys(seen.files), ...k.names.keys()])];
    for (const name of names) {
      const inode = findFile(k, name);
      const ours = inode === null ? null : [inode.sizeBytes, blocks512(k, inode)];
      const linux = seen.files[name] ?? null;
      if (!isSameFile(ours, linux, k.geometry.kind))
        found.push(`file ${name}: size and blocks ${JSON.stringify(ours)}`);
      else if (contents !== null && inode !== null)
        found.push(...contentsDifference(k, name, contents));
    }
    return found;
  }

  #taskSeen(k: Kernel, outcomes: ReadonlyMap<number, Outcome>, line: number): TaskSeen {
    const task = k.tasks.get(taskOf(line) as TaskId);
    if (task !== undefined) return { state: stateLetter(task), at: '' };
    const outcome = outcomes.get(taskOf(line));
    if (outcome === undefined) throw new Error(`line ${line} has no outcome`);
    return answerOf(this.#lines[line] as string, outcome);
  }
}

/** `at` is where in Linux a task sleeps, which has no counterpart. */
function comparable(seen: TaskSeen): unknown {
  if ('state' in seen) return seen.state;
  if (!('ret' in seen)) return {};
  const { ret, errno, hash } = seen as { ret: number; errno: string; hash?: number };
  return ret < 0 ? errno : hash === undefined ? ret : [ret, hash];
}

/** What the system call returns in this case. */
function answerOf(line: string, outcome: Outcome): TaskSeen {
  const [, verb, , , length] = line.split(' ');
  if (!outcome.ok) {
    const { errno } = outcome.failure;
    // Pinhole has no process that a signal could end.
    const signal = errno === 'EACCES' && (verb === 'load' || verb === 'store') ? 'SIGSEGV' : errno;
    return { ret: -1, errno: signal };
  }
  const result = outcome.result as Record<string, unknown>;
  const answer = (ret: number, data?: unknown): TaskSeen => ({
    ret,
    errno: '',
    ...(data instanceof Uint8Array ? { hash: hashOf(data) } : {}),
  });
  if (verb === 'write') return answer(result.bytesWritten as number);
  if (verb === 'read' || verb === 'load')
    return answer((result.data as Uint8Array).length, result.data);
  if (verb === 'store') return answer(Number(length));
  if (verb === 'pin') return answer(result.bytesPinned as number);
  if (verb === 'hole' || verb === 'data') return answer(result.offset as number);
  return answer(0);
}

/** FNV-1a, as the agent computes it. */
function hashOf(bytes: Uint8Array): number {
  let hash = 2166136261;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619);
  return hash >>> 0;
}

/**
 * Size and st_blocks. ext4 counts a block of its extent tree, which it keeps when the extents become
 * few again; it also keeps neighbours apart that Pinhole joins.
 */
function isSameFile(ours: number[] | null, linux: number[] | null, kind: string): boolean {
  if (ours === null || linux === null) return ours === linux;
  const [[size, blocks], [linuxSize, linuxBlocks]] = [ours, linux] as [Pair, Pair];
  const more = linuxBlocks - blocks;
  return size === linuxSize && (more === 0 || (kind === 'ext4' && Math.abs(more) === 8));
}
type Pair = [number, number];

function contentsDifference(k: Kernel, name: string, contents: Contents): string[] {
  const inode = findFile(k, name);
  const linux = contents[name];
  if (inode === null || linux === undefined) return [`file ${name}: only one has it`];
  const found: string[] = [];
  const pagesOfLinux = linux.extents.flatMap(([first, pages, unwritten]) =>
    Array.from({ length: pages }, (_, at) => `${first + at}${unwritten === 1 ? 'u' : ''}`),
  );
  const pages: string[] = [];
  for (let next = nextExtent(inode.extents, toPgOff(0)); next !== null; ) {
    const { pgoff, pages: count, written } = next;
    for (let at = 0; at < count; at++) pages.push(`${pgoff + at}${written ? '' : 'u'}`);
    next = nextExtent(inode.extents, toPgOff(pgoff + count));
  }
  if (pages.join() !== pagesOfLinux.join())
    found.push(`file ${name}: pages ${pages.join()} where Linux has ${pagesOfLinux.join()}`);
  const hashes = linux.hashes.flatMap(([hash, times]) => Array<number>(times).fill(hash));
  for (const [at, hash] of hashes.entries()) {
    const length = Math.min(page, inode.sizeBytes - at * page);
    if (hashOf(readBytes(k, inode, at * page, length)) !== hash)
      found.push(`file ${name}: other bytes in page ${at}`);
  }
  return found;
}

/** Operations that the kernel begins by itself have numbers from here on. */
const evictions = 900_000;

/** The state after a command, or after one step of a task. */
function entered(
  { state, outcomes, pending }: Believed,
  { task, command }: Pending,
  pin: number,
): Believed {
  const k = machineOf(state.k);
  k.nextTask = task;
  while (k.tasks.has(k.nextTask as TaskId)) k.nextTask += 1;
  k.nextPin = pin;
  const { replies } = apply(k, { seq: k.seq + 1, timeMs: k.nowMs, command });
  // A state shares the pages that it has not changed, so that their hashes are known.
  for (const [pfn, bytes] of k.pmem.pages) {
    const before = state.k.pmem.pages.get(pfn);
    if (before !== undefined && Buffer.compare(before, bytes) === 0) k.pmem.pages.set(pfn, before);
  }
  const all = new Map(outcomes);
  for (const reply of replies) if (reply.task < evictions) all.set(reply.task, reply.outcome);
  return { state: { k, positions: [], warned: false }, outcomes: all, pending };
}

const pageHashes = new WeakMap<Uint8Array, number>();
function hashOfPage(bytes: Uint8Array): number {
  const known = pageHashes.get(bytes);
  if (known !== undefined) return known;
  const hash = hashOf(bytes);
  pageHashes.set(bytes, hash);
  return hash;
}

/** The parts of a result that a system call returns. */
function shownOf(result: unknown): string {
  const { data, bytesWritten, bytesPinned, offset } = result as Record<string, unknown>;
  const bytes = data instanceof Uint8Array ? `${data.length}:${hashOfPage(data)}` : '';
  return ['ok', bytes, bytesWritten, bytesPinned, offset].join('/');
}

/** Equal where the same can happen and the same was answered. */
function keyOf({ state, outcomes, pending }: Believed): string {
  const bytes = [...state.k.pmem.pages]
    .map(([pfn, page]) => `${pfn}:${hashOfPage(page)}`)
    .sort()
    .join();
  const answers = [...outcomes].map(([id, outcome]) =>
    [id, outcome.ok ? shownOf(outcome.result) : outcome.failure.errno].join(),
  );
  const left = pending.map(({ task }) => task);
  return [nameOf(state), hashOf(Buffer.from(bytes)), left, ...answers.sort()].join(' ');
}

/** Every state without a mover that can be reached. */
function restsOf(starts: Believed[]): Believed[] {
  const seen = new Set<string>();
  const rests: Believed[] = [];
  const todo: Believed[] = [];
  const visit = (one: Believed): void => {
    const key = keyOf(one);
    if (seen.has(key)) return;
    seen.add(key);
    if (seen.size > statesMax) throw new TooManyStates();
    todo.push(one);
  };
  for (const one of starts) visit(one);
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    const { pending } = one;
    const { runnable, workqueue } = one.state.k;
    for (const call of pending) {
      const rest = pending.filter((other) => other !== call);
      visit(entered({ ...one, pending: rest }, call, call.task));
    }
    const able: (TaskId | null)[] = [...runnable, ...(workqueue.length > 0 ? [null] : [])];
    for (const id of able) {
      const args = { task: id === null ? workerName : opId(id) };
      const command = { op: 'scheduler-step', on: {}, args };
      visit(entered(one, { task: evictions, command }, id ?? 0));
    }
    if (pending.length + able.length === 0) rests.push(one);
  }
  return rests;
}
