// One seed under one strategy. The machine is the real one, in this process; above it is a loop of
// events, each the next step of a thread. A thread makes one call at a time, so while a call sleeps
// in the machine its thread does nothing else. A call takes no time but its waits, unless the
// workload names costs.
import { checkInvariants } from '../kernel/invariants.ts';
import { apply, atRest, createKernel } from '../kernel/kernel.ts';
import { memoryOf } from '../kernel/memory.ts';
import { operations } from '../kernel/ops/index.ts';
import { mkfsArgs } from '../kernel/ops/mkfs.ts';
import { firstTimer } from '../kernel/sched/timers.ts';
import type { Command, Effects, Entry, Kernel, Outcome } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import { defaultBounds, machineLimits, type RunBounds } from './bounds.ts';
import { EventQueue } from './event-queue.ts';
import { type Finding, type FindingKind, findingsMax, type Moment } from './findings.ts';
import { LabError, RunError } from './lab-error.ts';
import { Observer, type RunFigures } from './observe.ts';
import { planOf } from './plan.ts';
import { filesOf, type Workload } from './schema.ts';
import type { StrategyChoiceOf } from './strategies.ts';
import { whyNeverEnded } from './stuck.ts';
import { type Machine, Thread } from './thread.ts';

export interface RunResult {
  figures: RunFigures;
  findings: Finding[];
}

export interface RunOptions {
  bounds?: RunBounds;
  /** Asked now and then; true gives the run up. */
  isCancelled?(): boolean;
  /** Called before each entry is applied. Returning true ends the run there. */
  before?(k: Kernel, entry: Entry): boolean;
}

/** A run that `before` ended. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Cancellation, memory and time are looked at after so many commands. */
const lookEvery = 1024;

/** Throws a LabError for what the workload asks for, and a RunError where a bound is reached. */
export function runOne(
  workload: Workload,
  { seed, strategy }: { seed: number; strategy: StrategyChoiceOf },
  options: RunOptions = {},
): RunResult {
  return new Run(workload, seed, strategy, options).run();
}

/** A machine with the files of the workload, at the time 0. */
export function machineOf({ name, filesystem }: Workload, strategy: StrategyChoiceOf): Kernel {
  const { files: _, longterm: __, ...rest } = filesystem;
  const args = mkfsArgs.safeParse({ ...rest, name, clock: 'realtime', strategy });
  if (!args.success) throw new LabError([{ path: 'filesystem', message: args.error.message }]);
  const made = createKernel(args.data, machineLimits, 0);
  if (!made.ok) throw new LabError([{ path: 'strategies', message: made.failure.why }]);
  return made.kernel;
}

function demand(why: string | null): void {
  if (why !== null) throw new LabError([{ path: 'filesystem.files', message: why }]);
}

class Run implements Machine {
  readonly k: Kernel;
  readonly #workload: Workload;
  readonly #options: RunOptions;
  readonly #bounds: RunBounds;
  readonly #threads: Thread[];
  readonly #queue = new EventQueue();
  readonly #observer: Observer;
  readonly #callerOf = new Map<number, Thread>();
  readonly #findings: Finding[] = [];
  /** Pages whose last pin was released while somebody waited for them, by the entry. */
  readonly #notWoken = new Map<number, { entry: number; us: number }>();
  readonly #startedAt = performance.now();
  readonly #fromUs: number;
  readonly #toUs: number;
  #nowUs = 0;
  #commands = 0;
  #unmounted = false;

  constructor(workload: Workload, seed: number, strategy: StrategyChoiceOf, options: RunOptions) {
    this.#workload = workload;
    this.#options = options;
    this.#bounds = options.bounds ?? defaultBounds;
    this.k = machineOf(workload, strategy);
    this.#fromUs = Math.round(workload.warmupMs * 1000);
    this.#toUs = this.#fromUs + Math.round(workload.durationMs * 1000);
    this.#observer = new Observer(this.k, {
      fromUs: this.#fromUs,
      toUs: this.#toUs,
      found: (kind, moment) => this.#found(kind, moment),
    });
    const sizes = new Map(
      [...filesOf(workload)].map(([name, [file]]) => [name, file?.sizeBytes ?? 0]),
    );
    this.#threads = planOf(workload, seed).map(
      (plan, index) => new Thread(plan, index, sizes, this),
    );
  }

  get nowUs(): number {
    return this.#nowUs;
  }

  run(): RunResult {
    this.#prepare();
    for (const { plan, index } of this.#threads) this.#queue.add(plan.startUs, index);
    this.#play(this.#toUs, () => false);
    if (!this.#unmounted) this.#moveTo(this.#toUs);
    this.#observer.close(this.#nowUs);
    this.#drain();
    return this.#result();
  }

  /**
   * The threads go on, unmeasured, until the calls that the measurement began have ended: for as
   * long again as the measurement at most, and within the bound of operations.
   */
  #drain(): void {
    const untilUs = 2 * this.#toUs - this.#fromUs;
    const isOver = (): boolean =>
      this.#observer.unfinished === 0 || this.#commands >= this.#bounds.commandsMax;
    if (this.#unmounted || isOver()) return;
    this.#play(untilUs, isOver);
    if (!this.#unmounted && !isOver()) this.#moveTo(untilUs);
  }

  /** Events before `endUs`; those at this time belong to what comes after. */
  #play(endUs: number, isOver: () => boolean): void {
    while (!this.#unmounted && !isOver()) {
      const timer = firstTimer(this.k);
      const timerUs = timer === null ? Number.POSITIVE_INFINITY : timer.atMs * 1000;
      const us = Math.min(this.#queue.nextUs, timerUs);
      if (us >= endUs) break;
      this.#moveTo(us);
      if (timerUs <= this.#queue.nextUs) this.#enter(null);
      else this.#threads[this.#queue.take()]?.go();
    }
  }

  /** Files are made before the time begins; nothing of it is measured. */
  #prepare(): void {
    const made = new Set<string>();
    for (const { name, sizeBytes, fill } of [...filesOf(this.#workload).values()].flat()) {
      if (fill === 'absent' || made.has(name)) continue;
      made.add(name);
      demand(this.#prepared('create', {}, { name, sizeBytes }));
      if (fill === 'hole' || sizeBytes === 0) continue;
      const range = { offset: 0, length: sizeBytes };
      const allocated = this.#prepared('allocate', { file: name }, range);
      if (fill === 'allocated') demand(allocated);
      else this.#fill(name, range);
    }
  }

  /** A write fault makes extents written without memory for contents. Without DAX there is none. */
  #fill(file: string, range: { offset: number; length: number }): void {
    const mapping = this.k.nextMapping;
    const mapped = this.#prepared('mmap', { file }, { ...range, access: 'read-write' });
    if (mapped === null) {
      demand(this.#prepared('fault', { mapping }, { ...range, access: 'write' }));
      demand(this.#prepared('munmap', { mapping }, {}));
    } else demand(this.#prepared('write', { file }, { offset: 0 }, new Uint8Array(range.length)));
  }

  /** Returns why it failed, or null. */
  #prepared(op: string, on: Command['on'], given: object, data?: Uint8Array): string | null {
    const args = operations.get(op)?.args.parse(given);
    const { replies } = this.#apply({ op, on, args, ...(data === undefined ? {} : { data }) });
    while (!atRest(this.k)) replies.push(...this.#apply(null).replies);
    const failed = replies.find(({ outcome }) => !outcome.ok)?.outcome;
    return failed?.ok === false ? `${op}: ${failed.failure.why}` : null;
  }

  #moveTo(us: number): void {
    this.#nowUs = us;
    this.#observer.pass(us);
  }

  wakeAt(us: number, thread: number): void {
    this.#queue.add(us, thread);
  }

  /** Makes a call. Returns its outcome, or null if it sleeps. */
  call(thread: Thread, command: Command): Outcome | null {
    let own: Outcome | null = null;
    this.#enter(command, (task) => {
      this.#observer.submit(task, command.op);
      this.#callerOf.set(task, thread);
      return (outcome) => {
        own = outcome;
      };
    });
    return own;
  }

  /** `begun` is told the number of the operation and gives back who gets its outcome now. */
  #enter(command: Command | null, begun?: (task: number) => (outcome: Outcome) => void): void {
    this.#lookAround();
    let effects = this.#apply(command);
    const own = effects.task;
    const tellOwn = begun?.(own);
    for (;;) {
      this.#observer.see(effects.events);
      for (const { task, outcome } of effects.replies) {
        const thread = this.#callerOf.get(task);
        this.#observer.end(task, outcome);
        if (thread === undefined) continue;
        this.#callerOf.delete(task);
        if (task === own) tellOwn?.(outcome);
        else thread.ended(outcome);
      }
      this.#unmounted ||= effects.unmounted;
      if (effects.unmounted || atRest(this.k)) return;
      effects = this.#apply(null);
    }
  }

  #apply(command: Command | null): Effects {
    const entry = { seq: this.k.seq + 1, timeMs: Math.floor(this.#nowUs / 1000), command };
    if (this.#options.before?.(this.k, entry) === true) throw new Stopped();
    return apply(this.k, entry);
  }

  #lookAround(): void {
    this.#commands += 1;
    const { commandsMax, bytesMax, wallMsMax, lawsEvery } = this.#bounds;
    if (this.#commands > commandsMax && this.#nowUs < this.#toUs)
      throw new RunError(
        'events',
        `a run needs more than ${commandsMax} operations; make durationMs or count smaller`,
      );
    if (this.#commands % lawsEvery === 0) this.#checkLaws();
    if (this.#commands % lookEvery !== 0) return;
    if (this.#options.isCancelled?.() === true)
      throw new RunError('cancelled', 'the run was cancelled');
    if (memoryOf(this.k) > bytesMax)
      throw new RunError(
        'memory',
        `the machine of a run needs more than ${bytesMax} bytes of memory`,
      );
    if (performance.now() - this.#startedAt > wallMsMax)
      throw new RunError('time', `a run takes longer than ${wallMsMax} ms`);
  }

  /** Law 1 does not hold after a block was freed under a pin, which is counted as such. */
  #checkLaws(): void {
    try {
      checkInvariants(this.k, { except: this.#observer.warned ? ['law 1'] : [] });
    } catch (error) {
      throw new RunError(
        'law',
        `entry ${this.k.seq} under ${this.k.strategy.name}: ${(error as Error).message}`,
      );
    }
  }

  #found(kind: FindingKind, { file, text, pfn }: Moment): void {
    const entry = this.k.seq;
    if (pfn !== undefined) {
      this.#notWoken.set(pfn, { entry, us: this.#nowUs });
      return;
    }
    this.#note({ kind, entry, atMs: this.#nowUs / 1000, file, text });
  }

  #note(finding: Finding): void {
    if (this.#findings.filter(({ kind }) => kind === finding.kind).length < findingsMax)
      this.#findings.push(finding);
  }

  #result(): RunResult {
    if (!this.#unmounted) this.#checkLaws();
    const rounds: Record<string, number[]> = {};
    for (const { plan, measuredRounds } of this.#threads) {
      rounds[plan.actor] ??= [];
      rounds[plan.actor]?.push(measuredRounds);
    }
    const figures = this.#observer.finish({
      threads: this.#threads.length,
      rounds,
      why: (task) => whyNeverEnded(this.k, task),
    });
    this.#noteStuck();
    return { figures, findings: this.#findings };
  }

  /** Hangs and starvations are known only at the end. */
  #noteStuck(): void {
    for (const id of this.#callerOf.keys()) {
      const task = this.k.tasks.get(id as TaskId);
      if (task?.sleep?.on !== 'page' || !this.#observer.concerns(task.id)) continue;
      const why = whyNeverEnded(this.k, task.id);
      const file = this.k.inodes.get(task.ino as never)?.name ?? null;
      const { pfn, pgoff } = task.sleep;
      if (why === 'hang') {
        const { entry, us } = this.#notWoken.get(pfn) ?? {
          entry: task.entry,
          us: task.submittedMs * 1000,
        };
        const text =
          `The last pin of page ${pgoff} was released, and ${task.op} was not woken, because the ` +
          'page is mapped again.';
        this.#note({ kind: 'hang', entry, atMs: us / 1000, file, text });
      } else if (why === 'starvation') {
        const text = `Each time that ${task.op} looked again, another page was pinned.`;
        this.#note({ kind: 'starvation', entry: task.entry, atMs: task.submittedMs, file, text });
      }
    }
  }

  get isMeasuring(): boolean {
    return this.#nowUs >= this.#fromUs && this.#nowUs < this.#toUs;
  }
}
