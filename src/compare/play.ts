// Plays commands on a machine under one strategy and notes what each of them met.
import { apply, atRest } from '../kernel/kernel.ts';
import { memoryOf } from '../kernel/memory.ts';
import { operations } from '../kernel/ops/index.ts';
import { assert } from '../kernel/panic.ts';
import { taskRecord } from '../kernel/records/operation.ts';
import { pageWaitedFor, timerName } from '../kernel/sched/task.ts';
import { firstTimer } from '../kernel/sched/timers.ts';
import type { Command, Effects, Entry, Kernel, Reply, Task } from '../kernel/state.ts';
import { mappingId, numberOf, opId, pinId, type TaskId } from '../kernel/units.ts';
import { cyclesThrough, pinsOn } from '../kernel/waits/wait-graph.ts';
import { Made } from './ids.ts';
import type { Blocked, Played, StrategyRow } from './table.ts';

/** A command, and how long after the one before it is given. */
export interface Move {
  afterMs: number;
  command: Command | null;
  /** The command moves a manual clock so far, or to the next timer. */
  passes?: number | 'timer';
  /** The thread that gives it. While an operation of this owner sleeps, it gives nothing. */
  thread?: string;
  /** It acts on the pin that the command of this move has made. */
  onPinOf?: number;
  /** The schedule ends: from now on a stepped machine runs by itself. */
  settle?: true;
}

/** The entries of a log as moves. A manual clock moves with its commands only. */
export function courseOfEntries(
  kernel: Kernel,
  entries: readonly Entry[],
): { kernel: Kernel; moves: Move[] } {
  const isManual = kernel.geometry.clock === 'manual';
  let lastMs = kernel.nowMs;
  const moves = entries.map(({ timeMs, command }): Move => {
    if (isManual) return moveOf(command);
    const afterMs = Math.max(0, timeMs - lastMs);
    lastMs += afterMs;
    return { afterMs, command };
  });
  return { kernel, moves };
}

/** A command on a manual clock. */
export function moveOf(command: Command | null): Move {
  const move = { afterMs: 0, command };
  if (command?.op === 'clock-advance')
    return { ...move, passes: (command.args as { ms: number }).ms };
  const isTimer = command?.op === 'scheduler-step' && stepped(command) === timerName;
  return isTimer ? { ...move, passes: 'timer' } : move;
}

const stepped = ({ args }: Command): string => (args as { task?: string }).task ?? '';

/** A run that takes too many entries, or a machine that becomes too large. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
  readonly limit: number;

  constructor(why: string, limit: number) {
    super(why);
    this.limit = limit;
  }
}

export interface PlayLimits {
  /** Entries of one run. An entry takes at most `stepsPerApply` steps. */
  entriesMax: number;
  /** Memory of the machine, as memory.ts estimates it. */
  bytesMax: number;
}

/** What a run is compared with; null for the run that the others are compared with. */
type Reference = { made: Made } | null;

type Note = Omit<Played, 'blockedBy' | 'file'> & {
  file: string | null;
  blockers: Map<string, Blocked>;
};

type Figures = Omit<StrategyRow, 'strategy' | 'options' | 'operations' | 'refused'>;

/** Commands of the operator of a machine. They are played, but are not operations to compare. */
const quiet: ReadonlySet<string> = new Set(['clock-advance', 'scheduler-step', 'set-strategy']);

export class Play {
  readonly k: Kernel;
  readonly made: Made;
  readonly #reference: Reference;
  readonly #notes = new Map<TaskId, Note>();
  /** Operations that a deadlock named. Only those are searched for cycles at the end. */
  readonly #inCycles = new Set<TaskId>();
  readonly #figures: Figures = {
    deadlocks: 0,
    hangs: 0,
    blocksHeldBack: { peak: 0, blockMs: 0 },
    freedUnderPin: 0,
    dmaLost: 0,
    dmaForeign: 0,
  };
  readonly #limits: PlayLimits;
  #entries = 0;
  #nowMs: number;
  #unmounted = false;

  /** The machine becomes part of the run. Its clock is moved by the run, whatever kind it has. */
  constructor(k: Kernel, reference: Reference, limits: PlayLimits) {
    this.k = k;
    this.made = new Made(k);
    this.#reference = reference;
    this.#limits = limits;
    this.#nowMs = k.nowMs;
    k.geometry.clock = 'realtime';
    for (const task of k.tasks.values())
      if (operations.has(task.op)) this.#notes.set(task.id, noteOf(k, task));
    this.#look(k.sleepers);
  }

  /** Another strategy is in force from now on. */
  use(choice: { name: string; [option: string]: unknown }): Reply {
    const { replies, task } = this.#apply({ op: 'set-strategy', on: {}, args: choice });
    const reply = replies.find((one) => one.task === task);
    assert(reply !== undefined, 'set-strategy ends in its entry');
    return reply;
  }

  play(moves: readonly Move[]): void {
    for (const [index, move] of moves.entries()) {
      const { afterMs, command, thread, onPinOf, settle, passes } = move;
      if (this.#unmounted) return;
      this.#wait(afterMs);
      if (settle === true) this.#settle();
      if (command === null || (thread !== undefined && this.k.sleepersOf.has(thread))) continue;
      if (onPinOf === undefined) this.#give(this.#inOwnIds(command), index);
      else this.#give({ ...command, on: this.made.pinMadeAt(onPinOf) }, index);
      // The command itself is refused, because the run moves the clock. It only takes the number
      // of an operation, so that later operations have theirs.
      if (passes !== undefined) this.#wait(passes === 'timer' ? this.#toNextTimer() : passes);
    }
  }

  /** Call it once, after the last command. */
  end(): Omit<StrategyRow, 'strategy' | 'options'> {
    if (!this.#unmounted) this.#settle();
    for (const id of this.k.sleepers) this.#judge(this.k.tasks.get(id) as Task);
    const played = [...this.#notes.values()].map(({ blockers, ...note }) => ({
      ...note,
      blockedBy: [...blockers.values()],
    }));
    return { operations: played, ...this.#figures };
  }

  /** A client steps a stepped machine. What it left undone runs now, so that a run has an end. */
  #settle(): void {
    if (this.k.geometry.scheduler === 'auto') return;
    this.k.geometry.scheduler = 'auto';
    this.#apply(null);
  }

  #give(own: Command, index: number): void {
    // The strategy that is compared stays in force.
    if (own.op === 'set-strategy' && this.#reference !== null) return;
    this.#apply(own, index);
  }

  #inOwnIds(command: Command): Command {
    if (this.#reference === null) return command;
    const { made } = this.#reference;
    const own = { ...command, on: this.made.targetFor(made, command.on) };
    const number = command.op === 'scheduler-step' ? numberOf('operation', stepped(command)) : null;
    if (number === null) return own;
    return { ...own, args: { task: opId(this.made.numberFor(made, 'operation', number)) } };
  }

  /** Each run has timers of its own, because a pin can be refused. */
  #toNextTimer(): number {
    const next = firstTimer(this.k);
    return next === null ? 0 : Math.max(0, next.atMs - this.#nowMs);
  }

  /** Time passes, in one piece up to each timer, so that it is known who was blocked by whom. */
  #wait(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.#nowMs < untilMs && !this.#unmounted) {
      const nextMs = Math.max(this.#nowMs, firstTimer(this.k)?.atMs ?? untilMs);
      const toMs = Math.min(nextMs, untilMs);
      const { busy, detached, sleepers } = this.k;
      this.#figures.blocksHeldBack.blockMs += (busy.pages + detached.pages) * (toMs - this.#nowMs);
      this.#look(sleepers, toMs - this.#nowMs);
      this.#nowMs = toMs;
      this.#apply(null);
    }
  }

  #apply(command: Command | null, index: number | null = null): Effects {
    const { k } = this;
    const effects = this.#enter(command);
    if (command !== null && index !== null) this.#began(effects.task as TaskId, command, index);
    this.#saw(effects);
    while (!effects.unmounted && !this.#unmounted && !atRest(k)) this.#saw(this.#enter(null));
    const { blocksHeldBack } = this.#figures;
    blocksHeldBack.peak = Math.max(blocksHeldBack.peak, k.busy.pages + k.detached.pages);
    return effects;
  }

  #enter(command: Command | null): Effects {
    const { entriesMax, bytesMax } = this.#limits;
    this.#entries += 1;
    if (this.#entries > entriesMax)
      throw new TooLarge(
        `under one strategy the commands take more than ${entriesMax} entries`,
        entriesMax,
      );
    if (memoryOf(this.k) > bytesMax)
      throw new TooLarge(`the machine takes more than ${bytesMax} bytes of memory`, bytesMax);
    return apply(this.k, { seq: this.k.seq + 1, timeMs: this.#nowMs, command });
  }

  #began(task: TaskId, command: Command, index: number): void {
    this.made.began(this.k, index, task);
    if (quiet.has(command.op)) return;
    const id = this.#reference?.made.numberAt('operation', index) ?? task;
    this.#notes.set(task, {
      id: opId(id),
      op: command.op,
      owner: command.owner ?? null,
      file: command.on.file ?? null,
      outcome: 'running',
      sleptMs: 0,
      blockers: new Map(),
    });
  }

  #saw({ events, replies, unmounted }: Effects): void {
    const blocked: TaskId[] = [];
    for (const event of events) {
      if (event.type === 'task.blocked' || event.type === 'layout.retried')
        blocked.push(event.task as TaskId);
      else if (event.type === 'deadlock.detected') {
        this.#figures.deadlocks += 1;
        for (const node of event.data.cycle)
          this.#inCycles.add((numberOf('operation', node) ?? 0) as TaskId);
      } else if (event.type === 'warning.raised') this.#figures.freedUnderPin += 1;
      else if (event.type === 'dma.written') {
        const { orphan, foreign = 0 } = event.data;
        this.#figures.dmaLost += orphan - foreign;
        this.#figures.dmaForeign += foreign;
      } else if ('sleptMs' in event.data) {
        const note = this.#notes.get(event.task as TaskId);
        if (note !== undefined) note.sleptMs = event.data.sleptMs;
      }
    }
    for (const reply of replies) {
      this.made.ended(reply);
      this.#ended(reply);
    }
    this.#look(blocked);
    this.#unmounted ||= unmounted;
  }

  #ended({ task, outcome }: Reply): void {
    const note = this.#notes.get(task);
    if (note === undefined) return;
    if (outcome.ok) note.outcome = 'done';
    else {
      const { errno } = outcome.failure;
      note.outcome = errno === 'EINTR' ? 'cancelled' : 'failed';
      note.errno = errno;
    }
  }

  /** Notes who blocks these sleepers, and that it did so for `ms`. */
  #look(sleepers: Iterable<TaskId>, ms = 0): void {
    for (const id of sleepers) {
      const note = this.#notes.get(id);
      const task = this.k.tasks.get(id);
      if (note === undefined || task?.state !== 'sleeping') continue;
      for (const { heldMs: _, range: __, pgoff: ___, ino: ____, mode: _____, ...by } of taskRecord(
        this.k,
        task,
        this.#nowMs,
      ).blockedBy) {
        const blocker = { ...this.#inReferenceIds(by), ms: 0 };
        const key = JSON.stringify(blocker);
        const known = note.blockers.get(key) ?? blocker;
        known.ms += ms;
        note.blockers.set(key, known);
      }
    }
  }

  #inReferenceIds(by: Omit<Blocked, 'ms'>): Omit<Blocked, 'ms'> {
    const { pin, mapping, operation } = by;
    return {
      ...by,
      ...(pin === undefined ? {} : { pin: pinId(this.#inReference('pin', pin)) }),
      ...(mapping === undefined
        ? {}
        : { mapping: mappingId(this.#inReference('mapping', mapping)) }),
      ...(operation === undefined
        ? {}
        : { operation: opId(this.#inReference('operation', operation)) }),
    };
  }

  #inReference(kind: 'pin' | 'mapping' | 'operation', id: string): number {
    const number = numberOf(kind, id) as number;
    const index = this.made.indexOf(kind, number);
    if (index === undefined || this.#reference === null) return number;
    return this.#reference.made.numberAt(kind, index) ?? number;
  }

  /** A task that sleeps at the end: will anything wake it? */
  #judge(task: Task): void {
    const note = this.#notes.get(task.id);
    if (note !== undefined) {
      note.outcome = 'sleeping';
      note.sleptMs = task.sleptMs + this.#nowMs - task.sleptSinceMs;
    }
    const pfn = pageWaitedFor(task);
    const hangs = pfn !== null && pinsOn(this.k, pfn, 1).length === 0;
    if (hangs) this.#figures.hangs += 1;
    if (note === undefined) return;
    if (hangs) note.stuck = 'hangs';
    else if (this.#inCycles.has(task.id) && cyclesThrough(this.k, task).length > 0)
      note.stuck = 'deadlock';
  }
}

/** An operation that had begun before the first command. */
function noteOf(k: Kernel, task: Task): Note {
  const file = k.inodes.get(task.ino as never)?.name ?? null;
  const { op, owner } = task;
  return {
    id: opId(task.id),
    op,
    owner,
    file,
    outcome: 'running',
    sleptMs: 0,
    blockers: new Map(),
  };
}
