// A walk: steps of a stepped filesystem, taken one after another until something happens. Each step
// is an entry of the log of its own, so a replay takes the same steps, and a fork can begin between
// any two of them. Commands of other clients can come in between.
import type { RequestKey } from '../durable/records.ts';
import type { HostedFilesystem } from '../engine/engine.ts';
import { EngineError } from '../engine/engine-error.ts';
import type { Submission } from '../engine/watches.ts';
import { type Choice, runnableChoices } from '../kernel/choices.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { timerName, workerName } from '../kernel/sched/task.ts';
import { firstTimer } from '../kernel/sched/timers.ts';
import type { Command, Kernel, Outcome } from '../kernel/state.ts';
import { numberOf, type TaskId } from '../kernel/units.ts';
import { KernelFailure } from './problem.ts';
import { cursorOf } from './stream/cursor.ts';
import { envelope } from './stream/envelope.ts';

export const untils = ['blocked', 'deadlock', 'done'] as const;
export type Until = (typeof untils)[number];

/** Why no further step was taken: the request asked for one step, or for what happened, or … */
export const endings = ['step', ...untils, 'idle', 'limit'] as const;
export type Ending = (typeof endings)[number];

export interface WalkRequest {
  /** The command of the first step, with its task if the request names one. */
  command: Command;
  task: string | undefined;
  until: Until | undefined;
  seed: number | undefined;
  key: RequestKey | undefined;
  /** The first step was already taken, before the server was restarted. */
  began: Submission | null;
}

export interface WalkLimits {
  stepsMax: number;
  /** True when the client is gone or the server stops. */
  isOver(): boolean;
}

interface Taken {
  task: string | null;
  op: string | null;
  step: string | null;
}

export interface Walked extends Taken {
  steps: number;
  ended: Ending;
  events: unknown[];
  eventsOmitted: number;
  runnable: Choice[];
  cursor: string;
}

/** An answer has at most as many events; the stream has all. */
const eventsMax = 1000;
/** And not many more bytes, as one event can be long. */
const eventBytesMax = 1024 * 1024;

export async function walk(
  fs: HostedFilesystem,
  asked: WalkRequest,
  { stepsMax, isOver }: WalkLimits,
): Promise<Walked> {
  const told = new Told(fs);
  let last: Taken = { task: null, op: null, step: null };
  let ended: Ending = 'step';
  let steps = 0;
  for (;;) {
    const submission =
      steps === 0 && asked.began !== null ? asked.began : await take(fs, asked, steps);
    if (submission === null) {
      ended = 'limit';
      break;
    }
    const taken = takenBy(submission);
    // Somebody else let the task go on or fall asleep since the last step.
    if (taken === null) {
      ended = 'idle';
      break;
    }
    if (taken.task === null) {
      ended = asked.until === undefined ? 'step' : (endingOf(fs.kernel, asked, []) ?? 'idle');
      if (steps === 0) last = taken;
      break;
    }
    last = taken;
    steps += 1;
    const happened = told.add(submission);
    if (asked.until === undefined) break;
    const now = endingOf(fs.kernel, asked, happened);
    if (now === null && steps < stepsMax && !told.isFull && !isOver()) continue;
    ended = now ?? 'limit';
    break;
  }
  return { ...last, steps, ended, ...told.answer(), runnable: runnableChoices(fs.kernel) };

  /** Null if a later step was refused; the first one throws. */
  function takenBy({ outcome }: Submission): Taken | null {
    if (outcome?.ok === true) return outcome.result as Taken;
    if (steps > 0 && isNotRunnable(outcome)) return null;
    if (outcome === null) throw new Error('a step has an outcome at once');
    throw new KernelFailure(outcome.failure);
  }
}

/** The task cannot run, or there is no timer: another client was faster. */
const isNotRunnable = (outcome: Outcome | null): boolean =>
  outcome?.ok === false && ['SC2', 'SC4'].includes(outcome.failure.rule);

/** How often another task is chosen, if the first one was no longer runnable. */
const triesMax = 4;

/** Null if the inbox is full in the middle of a walk: the steps before have been taken. */
async function take(
  fs: HostedFilesystem,
  asked: WalkRequest,
  steps: number,
): Promise<Submission | null> {
  const { command, seed, key } = asked;
  for (let tries = 1; ; tries += 1) {
    const task = asked.task ?? (seed === undefined ? undefined : drawn(fs.kernel, seed));
    const args = task === undefined ? {} : { task };
    const first = steps === 0 && tries === 1;
    const { ifMatch: _, ifNoneMatch: __, ...later } = command;
    const step = { ...(first ? command : later), args };
    const submission = await fs.submit(step, first ? key : undefined).catch((error: unknown) => {
      if (steps > 0 && error instanceof EngineError && error.kind === 'inbox-full') return null;
      throw error;
    });
    if (submission === null) return null;
    const chosenByUs = asked.task === undefined && task !== undefined;
    if (chosenByUs && tries < triesMax && isNotRunnable(submission.outcome)) continue;
    return submission;
  }
}

/**
 * A task by chance, which depends on nothing but the seed and the number of entries so far: so the
 * same seed takes another task at each step, and the same walk again from the same state.
 */
function drawn(k: Kernel, seed: number): string | undefined {
  const choices = runnableChoices(k);
  let word = (seed ^ Math.imul(k.seq, 0x9e3779b1)) >>> 0;
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return choices[((word ^ (word >>> 15)) >>> 0) % Math.max(1, choices.length)]?.task;
}

/** What the walk waits for, if it has happened; `idle` if nobody can take a useful step. */
function endingOf(
  k: Kernel,
  { until, task }: WalkRequest,
  happened: readonly KernelEvent[],
): Ending | null {
  const id = task === undefined ? null : numberOf('operation', task);
  const isAbout = (event: KernelEvent) => id === null || event.task === id;
  const has = (type: KernelEvent['type']) =>
    happened.some((event) => event.type === type && isAbout(event));
  if (until === 'blocked' && has('task.blocked')) return 'blocked';
  // The report of a deadlock is about all of its tasks.
  if (until === 'deadlock' && happened.some(({ type }) => type === 'deadlock.detected'))
    return 'deadlock';
  const busy = id === null ? k.tasks.size + k.workqueue.length > 0 : k.tasks.has(id as TaskId);
  if (until === 'done' && !busy) return 'done';
  return canGoOn(k, task, id) ? null : 'idle';
}

/** A task that spins looks again and again, which changes nothing. */
function canGoOn(k: Kernel, task: string | undefined, id: number | null): boolean {
  if (id !== null) return k.runnable.includes(id as TaskId);
  if (task === timerName) return firstTimer(k) !== null;
  if (task === workerName) return k.workqueue.length > 0;
  return k.runnable.length + k.workqueue.length > 0;
}

/** The events of a walk, from those of its first step to those of its last. */
class Told {
  readonly #fs: HostedFilesystem;
  readonly #events: unknown[] = [];
  #bytes = 0;
  #omitted = 0;
  #next: number | null = null;

  constructor(fs: HostedFilesystem) {
    this.#fs = fs;
  }

  get isFull(): boolean {
    return this.#omitted > 0 || this.#events.length >= eventsMax || this.#bytes >= eventBytesMax;
  }

  /** Adds the events up to the end of this step, and returns those of the step itself. */
  add({ events: span }: Submission): KernelEvent[] {
    if (span === undefined) return [];
    const { ring } = this.#fs;
    const from = this.#next ?? span.from;
    this.#next = span.to;
    const read = ring.read(from, span.to - from);
    if (read.kind === 'gap') {
      this.#omitted += span.to - from;
      return [];
    }
    const records = read.records.slice(0, span.to - from);
    for (const [index, record] of records.entries()) {
      if (this.#events.length >= eventsMax || this.#bytes >= eventBytesMax) {
        this.#omitted += 1;
        continue;
      }
      const text = envelope(record, ring.epoch, from + index);
      this.#bytes += text.length;
      this.#events.push(JSON.parse(text));
    }
    return records.slice(span.from - from).map(({ event }) => event as KernelEvent);
  }

  answer(): Pick<Walked, 'events' | 'eventsOmitted' | 'cursor'> {
    const { ring } = this.#fs;
    const cursor = cursorOf(ring.epoch, (this.#next ?? ring.nextSeq) - 1);
    return { events: this.#events, eventsOmitted: this.#omitted, cursor };
  }
}
