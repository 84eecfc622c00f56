// Threads on a stepped machine, and the states that their moves lead to. A thread makes its calls
// one after another; a move is the beginning of a call or one step of it. A move works on a copy,
// so that the search of explore.ts can try another one from the same state.
import { apply } from './kernel.ts';
import { operations } from './ops/index.ts';
import { timerName, workerName } from './sched/task.ts';
import { eachTimer, firstTimer } from './sched/timers.ts';
import type { Command, Kernel, Target } from './state.ts';
import { opId, type Pfn, type PinId, type TaskId } from './units.ts';

export interface Call {
  op: string;
  on: Target;
  args: Record<string, unknown>;
  data?: Uint8Array;
  /** Acts on the pin that the thread has; does nothing if it has none. */
  pin?: true;
  /** A signal to the call that this thread is making. */
  cancels?: number;
  /** Waits until no call of this owner is under way, because an owner is one thread. */
  after?: string;
}

export interface Thread {
  owner: string | null;
  calls: readonly Call[];
  /** Begins again after its last call. */
  loops: boolean;
}

/** Where a thread is. */
export interface Position {
  call: number;
  /** The operation of the call; 0 before it begins. */
  task: number;
  /** The number of its pin; 0 if it has none. */
  pin: number;
}

export interface State {
  k: Kernel;
  positions: Position[];
  /** A block was freed under a pin on the way here. */
  warned: boolean;
}

/**
 * Who moves, if it is not a thread. Evictions that the machine runs by itself have a number each,
 * below these; the way to a verdict names them all `eviction`.
 */
export const worker = -1;
export const eviction = -2;
export const timer = -3;

/** Fields that do not affect what can happen; states that differ only in them count as one. */
const ignored = new Set([
  'heapBytes',
  'version',
  'entry',
  'scans',
  'wakeups',
  'retries',
  'sinceMs',
  'sleptSinceMs',
  'sleptMs',
  'createdMs',
  'submittedMs',
  'modifiedMs',
  'strategySeq',
  'generation',
  'sleptUnder',
]);

/**
 * A hash of 53 bits. The kernel has no other, and the text of each state would need more memory
 * than the states: with 200,000 of them, two have the same hash with a probability of 1 in 400,000.
 */
class Hash {
  #a = 0x9e3779b9;
  #b = 0x85ebca6b;

  number(value: number): void {
    // A double as its two halves: an integer of 32 bits and the rest.
    this.#mix(value | 0);
    this.#mix(Math.floor(value / 2 ** 32) | 0);
  }

  text(text: string): void {
    this.#mix(text.length);
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  #mix(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x2c1b3c6d);
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul(this.#b ^ word, 0x297a2d39) + this.#a;
    this.#b ^= this.#b >>> 13;
  }

  get value(): number {
    return (this.#b >>> 0) * 2 ** 21 + ((this.#a >>> 0) & 0x1fffff);
  }
}

/** Adds everything in `part` except the ignored fields. */
function addTo(hash: Hash, part: unknown): void {
  if (typeof part === 'number') {
    hash.number(part);
    return;
  }
  if (typeof part !== 'object' || part === null) {
    hash.text(String(part));
    return;
  }
  if (ArrayBuffer.isView(part)) {
    const items = part as Uint8Array | Int32Array;
    hash.number(items.length);
    for (let i = 0; i < items.length; i++) hash.number(items[i] as number);
    return;
  }
  hash.text('(');
  if (Array.isArray(part) || part instanceof Map || part instanceof Set)
    for (const one of part) addTo(hash, one);
  else
    for (const key of Object.keys(part)) {
      if (ignored.has(key)) continue;
      hash.text(key);
      addTo(hash, (part as Record<string, unknown>)[key]);
    }
  hash.text(')');
}

/** Equal for states from which the same can happen. */
export function nameOf({ k, positions, warned }: State): number {
  const hash = new Hash();
  const contents = [...k.pmem.pages].map(([pfn, bytes]) => [pfn, bytes[0] as number] as const);
  contents.sort(([a], [b]) => a - b);
  addTo(hash, [positions, warned, k.tasks, k.inodes, k.mappings, k.pins]);
  addTo(hash, [k.busy.leaves, k.detached.leaves, [...k.runnable].sort((a, b) => a - b)]);
  addTo(hash, [k.workqueue, k.pageQueues, k.entryQueues, k.spinning, k.frames, contents]);
  addTo(hash, [eachTimer(k.timers), k.names, k.pmem.badSectors, [...k.anonPages.keys()]]);
  return hash.value;
}

/** structuredClone() for plain data in half the time, which is most of the time of a search. */
export function copyOf<T>(part: T): T {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map(copyOf) as T;
  if (part instanceof Map)
    return new Map([...part].map(([key, value]) => [key, copyOf(value)])) as T;
  if (part instanceof Set) return new Set(part) as T;
  if (ArrayBuffer.isView(part)) return (part as unknown as Uint8Array).slice() as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(part)) copy[key] = copyOf((part as Record<string, unknown>)[key]);
  return copy as T;
}

/** A machine of its own. Nobody asks it for the records of operations that have ended. */
export function machineOf(from: Kernel): Kernel {
  const { geometry, limits, strategy, pmem } = from;
  const k = copyOf({
    ...from,
    ended: new Map(),
    pmem: { ...pmem, pages: new Map<Pfn, Uint8Array>() },
  });
  Object.assign(k, { geometry, limits, strategy });
  k.pmem.pages = new Map([...pmem.pages].map(([pfn, bytes]) => [pfn, bytes.slice()]));
  return k;
}

function enter(k: Kernel, command: Command): { warned: boolean; ended: Set<number> } {
  const effects = apply(k, { seq: k.seq + 1, timeMs: k.nowMs, command });
  return {
    warned: effects.events.some(({ type }) => type === 'warning.raised'),
    ended: new Set(effects.replies.map(({ task }) => task)),
  };
}

/**
 * Numbers of its own for each call of each thread, so that a state has the same name on every way
 * to it. They begin above the numbers that the machine had at the start.
 */
export const numberedFrom = ({ nextTask, nextPin }: Kernel): number =>
  1000 * Math.floor(Math.max(nextTask, nextPin) / 1000);

export class Interleaving {
  readonly threads: readonly Thread[];
  readonly #base: number;

  constructor(threads: readonly Thread[], base: number) {
    this.threads = threads;
    this.#base = base;
  }

  /** Everybody who can move: threads by number, then the worker, other tasks and the clock. */
  movers({ k, positions }: State): number[] {
    const able: number[] = [];
    const own = new Set(positions.map(({ task }) => task));
    for (const [index, at] of positions.entries()) {
      if (at.task !== 0) {
        if (k.runnable.includes(at.task as TaskId)) able.push(index);
      } else if (this.#mayBegin(k, positions, index)) able.push(index);
    }
    if (k.workqueue.length > 0) able.push(worker);
    if (firstTimer(k) !== null) able.push(timer);
    for (const id of k.runnable) if (!own.has(id)) able.push(otherTask(id));
    return able;
  }

  #mayBegin(k: Kernel, positions: readonly Position[], index: number): boolean {
    const call = this.#call(positions[index] as Position, index);
    if (call === undefined) return false;
    if (call.after !== undefined)
      for (const { owner } of k.tasks.values()) if (owner === call.after) return false;
    // A signal waits for its target to begin, and is not sent after the target has ended.
    const target = call.cancels === undefined ? undefined : positions[call.cancels];
    return target === undefined || target.task !== 0 || target.call > 0;
  }

  #call({ call }: Position, index: number): Call | undefined {
    return this.threads[index]?.calls[call];
  }

  /** The state after the move. Most steps leave the device as it is; then states share its pages. */
  move(state: State, by: number): State {
    const next = this.#moved(state, by);
    for (const [pfn, bytes] of next.k.pmem.pages) {
      const before = state.k.pmem.pages.get(pfn);
      if (before !== undefined && isSame(before, bytes)) next.k.pmem.pages.set(pfn, before);
    }
    return next;
  }

  #moved({ k: from, positions, warned }: State, by: number): State {
    const k = machineOf(from);
    const next: State = { k, positions: positions.map((at) => ({ ...at })), warned };
    const at = next.positions[by];
    if (at === undefined || at.task !== 0) this.#step(next, by);
    else this.#begin(next, by);
    return next;
  }

  #numberOf = (thread: number, call: number): number => this.#base + 1000 * (thread + 1) + call;

  #step(next: State, by: number): void {
    const { k } = next;
    const at = next.positions[by];
    const before = k.nextTask;
    // A step can begin an eviction, which must not take the number of a call.
    k.nextTask = this.#base + 900_000;
    while (k.tasks.has(k.nextTask as TaskId)) k.nextTask += 1;
    if (at !== undefined) k.nextPin = this.#numberOf(by, at.call);
    const task = at === undefined ? nameOfMover(by) : opId(at.task);
    const done = enter(k, { op: 'scheduler-step', on: {}, args: { task } });
    k.nextTask = before;
    this.#settle(next, done);
  }

  #begin(next: State, by: number): void {
    const { k, positions } = next;
    const at = positions[by] as Position;
    const call = this.#call(at, by);
    if (call === undefined) throw new Error('a thread that is at its end does not move');
    const on: Target = { ...call.on };
    if (call.pin === true) on.pin = at.pin;
    if (call.cancels !== undefined) on.operation = positions[call.cancels]?.task ?? 0;
    if (on.pin === 0 || on.operation === 0) {
      this.#advance(at, by); // There is nothing that it could act on.
      return;
    }
    const operation = operations.get(call.op);
    if (operation === undefined) throw new Error(`no operation ${call.op}`);
    k.nextTask = this.#numberOf(by, at.call);
    at.task = k.nextTask;
    const command: Command = { op: call.op, on, args: operation.args.parse(call.args) };
    const owner = this.threads[by]?.owner ?? null;
    if (owner !== null) command.owner = owner;
    if (call.data !== undefined) command.data = call.data;
    this.#settle(next, enter(k, command));
  }

  #advance(at: Position, index: number): void {
    const thread = this.threads[index] as Thread;
    at.call = thread.loops && at.call === thread.calls.length - 1 ? 0 : at.call + 1;
  }

  #settle(next: State, { warned, ended }: ReturnType<typeof enter>): void {
    next.warned ||= warned;
    for (const [index, at] of next.positions.entries()) {
      if (at.task === 0 || (next.k.tasks.has(at.task as TaskId) && !ended.has(at.task))) continue;
      const op = this.#call(at, index)?.op;
      if (op === 'pin') at.pin = this.#pinOf(next.k, at, index);
      if (op === 'unpin') at.pin = 0;
      at.task = 0;
      this.#advance(at, index);
    }
  }

  /** The pin that a call has made, or had begun before the search; 0 if it failed. */
  #pinOf(k: Kernel, { call, pin }: Position, thread: number): number {
    const ids = [this.#numberOf(thread, call), pin];
    return ids.find((id) => k.pins.get(id as PinId)?.task === 0) ?? 0;
  }
}

const otherTask = (id: TaskId): number => timer - id;

/** How `scheduler-step` names somebody who is no thread. */
export function nameOfMover(by: number): string {
  if (by === worker) return workerName;
  return by === timer ? timerName : opId(timer - by);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
