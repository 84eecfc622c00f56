// A machine for tests: createKernel and apply with one method for each operation. Every law is
// checked after every entry. Commands, events and replies are recorded as a trace with one line
// each (see src/script/trace-lines.ts).
import { defaultConfig } from '../src/config.ts';
import { kernelLimits } from '../src/engine/engine.ts';
import type { KernelEvent } from '../src/kernel/events.ts';
import { checkInvariants, type LawName } from '../src/kernel/invariants.ts';
import { apply, atRest, createKernel } from '../src/kernel/kernel.ts';
import type { ExchangeLocals } from '../src/kernel/ops/exchange-range.ts';
import { operations } from '../src/kernel/ops/index.ts';
import { mkfsArgs } from '../src/kernel/ops/mkfs.ts';
import type {
  Command,
  Effects,
  EventDetail,
  Inode,
  Kernel,
  KernelLimits,
  Kind,
  LinuxVersion,
  Outcome,
  Target,
  Task,
} from '../src/kernel/state.ts';
import type { PinId, TaskId } from '../src/kernel/units.ts';
import { commandLine, eventLine, replyLine } from '../src/script/trace-lines.ts';

export const page = 4096;

export interface Choice {
  name: string;
  [option: string]: unknown;
}

export interface MachineOptions {
  strategy?: string | Choice;
  kind?: Kind;
  kernel?: LinuxVersion;
  scheduler?: 'auto' | 'stepped';
  events?: EventDetail;
  blocks?: number;
  waitqueue?: { buckets?: number; keyed?: boolean };
  folioGranularity?: boolean;
  extentMaxZerooutKb?: number;
  limits?: Partial<KernelLimits>;
  /** Check the laws after every nth entry only, for long runs. */
  checkEvery?: number;
  /** Laws that this story breaks on purpose. */
  except?: readonly LawName[];
  /** Excuse law 1 from the first warning on that a block was freed under a pin. */
  forgiving?: boolean;
  /** Sees every command before and after it ran. */
  watch?: Watch;
}

export interface Watch {
  before(k: Kernel, command: Command): void;
  after(k: Kernel, command: Command, effects: Effects): void;
}

/** Who sends a command, and how. */
export interface By {
  owner?: string;
  nowait?: boolean;
  timeoutMs?: number;
  failOnDeadlock?: boolean;
}

/**
 * `outcome` is undefined while the operation sleeps, or waits for its turn under a stepped
 * scheduler.
 */
export interface Ran {
  task: number;
  outcome: Outcome | undefined;
}

export const limitsOfTests: KernelLimits = {
  ...kernelLimits(defaultConfig()),
  tasks: 1000,
  endedOperations: 1000,
  endedOperationMs: 600_000,
  extentsPerFile: 10_000,
  pagesPerPin: 65_536,
  pinnedReferences: 1_000_000,
  anonPages: 10_000,
  bytesPerRead: 16 * 2 ** 20,
  stepsPerApply: 1_000_000,
};

export type Machine = ReturnType<typeof machine>;

export function machine(options: MachineOptions = {}) {
  const {
    strategy,
    kind = 'xfs',
    kernel = '7.3',
    scheduler = 'auto',
    blocks = 256,
    waitqueue = {},
    checkEvery = 1,
  } = options;
  const except = [...(options.except ?? [])];
  const args = mkfsArgs.parse({
    name: 'pmem0',
    sizeBytes: blocks * page,
    kind,
    kernel,
    clock: 'manual',
    scheduler,
    ...(options.events === undefined ? {} : { events: options.events }),
    waitqueue: { buckets: 256, keyed: true, ...waitqueue },
    folioGranularity: options.folioGranularity ?? false,
    extentMaxZerooutKb: options.extentMaxZerooutKb ?? 0,
    ...(strategy === undefined
      ? {}
      : { strategy: typeof strategy === 'string' ? { name: strategy } : strategy }),
  });
  const made = createKernel(args, { ...limitsOfTests, ...options.limits }, 0);
  if (!made.ok) throw new Error(`mkfs: ${made.failure.errno} ${made.failure.why}`);
  const k: Kernel = made.kernel;
  const events: KernelEvent[] = [...made.events];
  const outcomes = new Map<number, Outcome>();
  /** The operation that each task is. */
  const asked = new Map<number, string>();
  const lines: string[] = [];
  let seq = 0;

  /** Where the device's addresses begin: tests count from the first pinned byte. */
  const pinnedAt = (pin: number): number => k.pins.get(pin as PinId)?.offset ?? 0;

  /** Any operation, its arguments through its own schema. */
  function call(
    op: string,
    on: Target,
    given: Record<string, unknown>,
    by: By = {},
    data?: Uint8Array,
  ): Ran {
    const operation = operations.get(op);
    if (operation === undefined) throw new Error(`no operation ${op}`);
    const command: Command = {
      op,
      on,
      args: operation.args.parse(given),
      ...by,
      ...(data === undefined ? {} : { data }),
    };
    seq += 1;
    options.watch?.before(k, command);
    asked.set(k.nextTask, op);
    const effects = apply(k, { seq, timeMs: k.nowMs, command });
    // Where the entry had too few steps, as a lane goes on.
    while (!effects.unmounted && !atRest(k)) {
      seq += 1;
      const more = apply(k, { seq, timeMs: k.nowMs, command: null });
      effects.events.push(...more.events);
      effects.replies.push(...more.replies);
    }
    events.push(...effects.events);
    lines.push(commandLine(command, given, effects));
    for (const event of effects.events) lines.push(eventLine(event));
    for (const reply of effects.replies) {
      outcomes.set(reply.task, reply.outcome);
      // What is promised about results is held for every operation of every story.
      const name = asked.get(reply.task) ?? op;
      const operation = operations.get(name);
      if (reply.outcome.ok) operation?.result.parse(reply.outcome.result);
      else if (operation?.errors.includes(reply.outcome.failure.errno) === false)
        throw new Error(
          `${name} fails with ${reply.outcome.failure.errno}, which it does not declare`,
        );
      if (reply.task !== effects.task || !isPlumbing(op)) lines.push(replyLine(reply));
    }
    options.watch?.after(k, command, effects);
    if (options.forgiving === true && effects.events.some(({ type }) => type === 'warning.raised'))
      except.push('law 1');
    if (!effects.unmounted && seq % checkEvery === 0) checkInvariants(k, { except });
    return { task: effects.task, outcome: outcomes.get(effects.task) };
  }

  const retriesOf = (id: TaskId): number =>
    Number((k.tasks.get(id)?.locals as ExchangeLocals | undefined)?.exchange?.retries ?? 0);

  /**
   * Takes steps of one task, or of whoever is next, until nothing is runnable any more; returns how
   * many. What spins looks again with every step of another, so one more look each is enough. A
   * machine that does not come to rest is a failure, not a hang.
   */
  function settle(task?: number): number {
    const retries = new Map([...k.tasks.keys()].map((id) => [id, retriesOf(id)]));
    const isDone = (id: TaskId): boolean => retriesOf(id) > (retries.get(id) ?? 0);
    for (let steps = 0; ; steps++) {
      const next = k.runnable.find((id) => (task === undefined || id === task) && !isDone(id));
      if (next === undefined && (task !== undefined || k.workqueue.length === 0)) return steps;
      if (steps > limitsOfTests.stepsPerApply)
        throw new Error(`no rest after ${steps} steps: ${[...k.tasks.keys()].join()}`);
      step(next ?? 'kworker');
    }
  }
  function step(task?: number | 'kworker'): Ran {
    const name = typeof task === 'number' ? `op_${task}` : task;
    return call('scheduler-step', {}, name === undefined ? {} : { task: name });
  }

  return {
    k,
    events,
    call,
    step,
    settle,
    /** Steps a task until the step named is the next that it would take. */
    stepTo(task: number, next: string): void {
      for (let steps = 0; k.tasks.get(task as TaskId)?.step !== next; steps++) {
        if (steps > 100) throw new Error(`op_${task} never comes to ${next}`);
        step(task);
      }
    },
    create: (name: string, sizeBytes = 0) => call('create', {}, { name, sizeBytes }),
    unlink: (file: string, by?: By) => call('unlink', { file }, {}, by),
    write: (file: string, data: Uint8Array, offset?: number, by?: By) =>
      call('write', { file }, offset === undefined ? {} : { offset }, by, data),
    read: (file: string, offset = 0, length?: number, by?: By) =>
      call('read', { file }, length === undefined ? { offset } : { offset, length }, by),
    truncate: (file: string, sizeBytes: number, by?: By) =>
      call('truncate', { file }, { sizeBytes }, by),
    punch: (file: string, offset: number, length: number, by?: By) =>
      call('punch-hole', { file }, { offset, length }, by),
    zero: (file: string, offset: number, length: number, keepSize = false, by?: By) =>
      call('zero-range', { file }, { offset, length, keepSize }, by),
    collapse: (file: string, offset: number, length: number, by?: By) =>
      call('collapse-range', { file }, { offset, length }, by),
    insert: (file: string, offset: number, length: number, by?: By) =>
      call('insert-range', { file }, { offset, length }, by),
    exchange: (
      file: string,
      other: string,
      at: { offset?: number; withOffset?: number; length: number },
      by?: By,
    ) => call('exchange-range', { file }, { with: other, offset: 0, withOffset: 0, ...at }, by),
    allocate: (file: string, offset: number, length: number, keepSize = false, by?: By) =>
      call('allocate', { file }, { offset, length, keepSize }, by),
    /** Maps the first pages of a file and returns the number behind `map_`. */
    map(
      file: string,
      pages: number,
      by?: By,
      access: 'read' | 'read-write' = 'read-write',
    ): number {
      return idOf(call('mmap', { file }, { offset: 0, length: pages * page, access }, by));
    },
    munmap: (mapping: number, by?: By) => call('munmap', { mapping }, {}, by),
    fault: (mapping: number, offset: number, access: 'read' | 'write', by?: By, length = 1) =>
      call('fault', { mapping }, { offset, length, access }, by),
    load: (mapping: number, offset: number, length: number, by?: By) =>
      call('load', { mapping }, { offset, length }, by),
    store: (mapping: number, offset: number, data: Uint8Array, by?: By) =>
      call('store', { mapping }, { offset }, by, data),
    pin: (
      mapping: number,
      offset: number,
      length: number,
      by?: By,
      more: Record<string, unknown> = {},
    ) => call('pin', { mapping }, { offset, length, access: 'write', ...more }, by),
    /** Pins and returns the number behind `pin_`. */
    pinned: (
      mapping: number,
      offset: number,
      length: number,
      by?: By,
      more: Record<string, unknown> = {},
    ): number => idOf(call('pin', { mapping }, { offset, length, access: 'write', ...more }, by)),
    unpin: (pin: number) => call('unpin', { pin }, {}),
    dmaWrite: (pin: number, data: Uint8Array, offset = 0) =>
      call('dma-write', { pin }, { offset: pinnedAt(pin) + offset }, {}, data),
    dmaRead: (pin: number, offset = 0, length?: number) =>
      call(
        'dma-read',
        { pin },
        { offset: pinnedAt(pin) + offset, ...(length === undefined ? {} : { length }) },
      ),
    cancel: (operation: number, restart = false) => call('cancel', { operation }, { restart }),
    advance: (ms: number) => call('clock-advance', {}, { ms }),
    strategy: (choice: string | Choice) =>
      call('set-strategy', {}, typeof choice === 'string' ? { name: choice } : choice),
    umount: (force = false) => call('umount', {}, { force }),

    /** How an operation ended, or undefined while it lives. */
    outcome: (task: number): Outcome | undefined => outcomes.get(task),
    /** `S page 2`, `D i_rwsem`, `D entry 0`, `R` while it can run, then `done` or an errno. */
    opState(task: number): string {
      const outcome = outcomes.get(task);
      if (outcome !== undefined) return outcome.ok ? 'done' : outcome.failure.errno;
      const live = k.tasks.get(task as TaskId);
      return live === undefined ? 'gone' : stateOf(live);
    },
    task: (task: number) => k.tasks.get(task as TaskId),
    file(name: string): Inode {
      const inode = k.inodes.get(k.names.get(name) as Inode['ino']);
      if (inode === undefined) throw new Error(`no file ${name}`);
      return inode;
    },
    /** The events of one type, newest last. */
    seen: <T extends KernelEvent['type']>(type: T) =>
      events.filter((event): event is KernelEvent & { type: T } => event.type === type),
    trace: (): string => `${lines.join('\n')}\n`,
  };
}

const isPlumbing = (op: string): boolean =>
  ['scheduler-step', 'clock-advance', 'set-strategy'].includes(op);

function stateOf(task: Task): string {
  const { sleep, state, interruptible } = task;
  if (state !== 'sleeping' || sleep === null) return 'R';
  const letter = interruptible ? 'S' : 'D';
  if (sleep.on === 'spin') return `R spins on ${sleep.pfn}`;
  if (sleep.on === 'page') return `${letter} page ${sleep.pfn}`;
  return sleep.on === 'lock' ? `${letter} ${sleep.lock}` : `${letter} entry ${sleep.pgoff}`;
}

/** The number in `map_1` or `pin_1` of a result. */
export function idOf(ran: Ran): number {
  return Number(String(okOf(ran).id).replace(/^[a-z]+_/, ''));
}

/** The result of an operation that is expected to have ended well. */
export function okOf(ran: Ran): Record<string, unknown> {
  if (ran.outcome === undefined) throw new Error(`op_${ran.task} has not ended`);
  if (!ran.outcome.ok)
    throw new Error(`op_${ran.task}: ${ran.outcome.failure.errno} ${ran.outcome.failure.why}`);
  return ran.outcome.result as Record<string, unknown>;
}

/** `done`, an errno, or `asleep`. */
export function wordOf(ran: Ran): string {
  if (ran.outcome === undefined) return 'asleep';
  return ran.outcome.ok ? 'done' : ran.outcome.failure.errno;
}

/** The bytes that a read, load or dma-read gave. */
export function bytesOf(ran: Ran): Uint8Array {
  const { data } = okOf(ran);
  if (!(data instanceof Uint8Array)) throw new Error(`op_${ran.task} gave no bytes`);
  return data;
}

/**
 * A file that takes every block that is free; XFS would refuse a write of one block more as a
 * whole.
 */
export function fillUp(m: Machine, name = 'z', letter = name): Ran {
  m.create(name);
  return m.write(name, letters(letter.repeat(m.k.space.free)), 0);
}

/** Pages filled with one letter each: `letters('AB')` is a page of A and a page of B. */
export function letters(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * page);
  for (let i = 0; i < text.length; i++) bytes.fill(text.charCodeAt(i), i * page, (i + 1) * page);
  return bytes;
}

/** The first byte of each page as a letter, `.` for zero. */
export function shown(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += page)
    text += bytes[at] === 0 ? '.' : String.fromCharCode(bytes[at] as number);
  return text;
}
