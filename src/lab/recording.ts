// Records the way to a finding as the machine and the entries of a bundle: a filesystem with a
// stepped scheduler and a manual clock that stands at the moment before it happens. The run is
// repeated up to there, which gives the same, and its last commands are played again step by step.
import { apply as applyEntry, atRest } from '../kernel/kernel.ts';
import { operations } from '../kernel/ops/index.ts';
import { timerName, workerName } from '../kernel/sched/task.ts';
import type { Command, Effects, Entry, Kernel } from '../kernel/state.ts';
import { opId, type TaskId } from '../kernel/units.ts';
import { defaultBounds } from './bounds.ts';
import type { Finding } from './findings.ts';
import { LabError } from './lab-error.ts';
import { runOne, Stopped } from './run.ts';
import type { Workload } from './schema.ts';
import type { StrategyChoiceOf } from './strategies.ts';

export interface Recording {
  /** The machine at the beginning of the entries. Whoever writes a bundle may change it. */
  kernel: Kernel;
  entries: Entry[];
  /**
   * The command that does it, if it is one of a single step. A command of several steps is the last
   * of the entries: it has begun, and its next steps do it.
   */
  next: Command | null;
}

/** A recording begins so many commands before the finding, or at the beginning of the run. */
const commandsMax = 100;
/** A task that spins would never rest. */
const stepsMax = 20_000;

export function recordingOf(
  workload: Workload,
  run: { seed: number; strategy: StrategyChoiceOf },
  finding: Pick<Finding, 'entry'>,
): Recording {
  const { begin, last } = lastCommands(workload, run, finding.entry);
  const final = last.pop() ?? null;
  const kernel = stepped(begin);
  const player = new SteppedPlayer(structuredClone(kernel));
  for (const { timeMs, command } of last) player.play(timeMs, command);
  const next = final === null ? null : player.begin(final.timeMs, final.command);
  return { kernel, entries: player.entries, next };
}

/** Repeats the run up to this entry. */
function lastCommands(
  workload: Workload,
  run: { seed: number; strategy: StrategyChoiceOf },
  entry: number,
): { begin: Kernel; last: Entry[] } {
  let begin: Kernel | null = null;
  const last: Entry[] = [];
  try {
    runOne(workload, run, {
      bounds: { ...defaultBounds, lawsEvery: Number.POSITIVE_INFINITY },
      before: (k, own) => {
        if (begin === null && own.seq >= entry - commandsMax && atRest(k))
          begin = structuredClone(k);
        if (own.seq > entry) return true;
        // An entry that only goes on with the steps of the one before is part of that one.
        if (begin !== null && atRest(k)) last.push({ ...own });
        return false;
      },
    });
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  if (begin === null || last.length === 0)
    throw new LabError([{ path: 'entry', message: `the run has no entry ${entry}` }]);
  return { begin, last };
}

/** The machine rests, so the scheduler can change. */
function stepped(k: Kernel): Kernel {
  k.geometry = { ...k.geometry, scheduler: 'stepped', clock: 'manual', events: 'detailed' };
  return k;
}

/**
 * Gives commands to a stepped machine and takes the steps in the order of an automatic scheduler:
 * the release worker first, then the task that ran last, then the run queue.
 */
class SteppedPlayer {
  readonly #k: Kernel;
  readonly entries: Entry[] = [];
  /** Tasks that spin: they try again with the next command. */
  readonly #spinning = new Set<TaskId>();

  constructor(k: Kernel) {
    this.#k = k;
  }

  play(timeMs: number, command: Command | null): void {
    this.#spinning.clear();
    this.#passTo(timeMs);
    if (command === null) return;
    const { task } = this.#enter(command);
    this.#settle(task as TaskId);
  }

  /** Begins the command that does it, or returns it if its only step would do it. */
  begin(timeMs: number, command: Command | null): Command | null {
    this.#spinning.clear();
    if (command === null) return { op: 'scheduler-step', on: {}, args: { task: timerName } };
    this.#passTo(timeMs);
    if (operations.get(command.op)?.waits !== true) return command;
    this.#enter(command);
    return null;
  }

  #passTo(timeMs: number): void {
    const ms = timeMs - this.#k.nowMs;
    if (ms <= 0) return;
    this.#enter({ op: 'clock-advance', on: {}, args: { ms } });
    this.#settle(0 as TaskId);
  }

  #enter(command: Command): Effects {
    const entry = { seq: this.#k.seq + 1, timeMs: this.#k.nowMs, command };
    this.entries.push(entry);
    return applyEntry(this.#k, entry);
  }

  #settle(first: TaskId): void {
    let running = first;
    for (let steps = 0; steps < stepsMax; steps++) {
      const next = this.#next(running);
      if (next === null) return;
      if (next !== workerName) running = next;
      const name = next === workerName ? next : opId(next);
      const { events } = this.#enter({ op: 'scheduler-step', on: {}, args: { task: name } });
      if (events.some(({ type }) => type === 'layout.retried')) this.#spinning.add(running);
    }
  }

  #next(running: TaskId): TaskId | typeof workerName | null {
    const { runnable, workqueue } = this.#k;
    if (workqueue.length > 0) return workerName;
    const able = runnable.filter((id) => !this.#spinning.has(id));
    return able.includes(running) ? running : (able[0] ?? null);
  }
}
