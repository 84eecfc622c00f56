// Fork: a new filesystem with the state that another one has, or had. The original is not touched.
import type { LoggedEntry } from '../durable/log.ts';
import type { RequestKey } from '../durable/records.ts';
import { failure } from '../kernel/errno.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { argsOf } from '../kernel/fork.ts';
import { memoryOf } from '../kernel/memory.ts';
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';
import { chooseStrategy } from '../kernel/reclaim/index.ts';
import type { Command, Kernel } from '../kernel/state.ts';
import { opId, type TaskId } from '../kernel/units.ts';
import type { Created, Engine, HostedFilesystem } from './engine.ts';
import { EngineError } from './engine-error.ts';
import {
  type Found,
  type Past,
  pastAtEntry,
  pastAtEvent,
  refusePast,
  replayUntil,
} from './past.ts';
import { goneError } from './refusals.ts';

/** A moment of a filesystem: right after the command that caused what is named. */
export type Moment =
  | 'now'
  | { event: number }
  | { operation: TaskId; when: 'submitted' | 'blocked' | 'ended' }
  | { deadlock: 'last' };

export interface ForkRequest {
  name: string;
  moment: Moment;
  /** The state right before the command instead of right after it. */
  before?: boolean;
  clock?: MkfsArgs['clock'] | undefined;
  scheduler?: MkfsArgs['scheduler'] | undefined;
  strategy?: MkfsArgs['strategy'];
}

/**
 * Creates the fork. Rejects with an EngineError if the moment is no longer kept, or if a limit of
 * the server is reached.
 */
export async function fork(
  engine: Engine,
  origin: HostedFilesystem,
  request: ForkRequest,
  key?: RequestKey,
): Promise<Created> {
  const { tenant } = origin;
  const { name, strategy, clock, scheduler } = request;
  const choice = chooseStrategy(origin.kernel.geometry, strategy);
  if (strategy !== undefined && !choice.ok) return choice;
  const held = engine.hold(tenant, Math.ceil(memoryOf(origin.kernel)));
  if (typeof held !== 'function') return held;
  let past: Found;
  try {
    past = await pastOf(engine, origin, request);
  } finally {
    held();
  }
  if (!('kernel' in past)) return past;
  const { kernel, events, begin } = past;
  const args = argsOf(kernel);
  args.name = name;
  if (clock !== undefined) args.clock = clock;
  if (scheduler !== undefined) args.scheduler = scheduler;
  const forkOf = `${origin.name} ${origin.ring.cursorAt(events)}`;
  // Part of the creation, so that a crash cannot leave a fork without its strategy.
  const first: Command[] = [];
  if (strategy !== undefined) first.push({ op: 'set-strategy', on: {}, args: strategy });
  if (begin !== null && begin.command !== null) first.push(begin.command);
  const history = entriesOf(kernel, first);
  return engine.createFrom(tenant, { args, kernel, forkOf, key, history });
}

async function* entriesOf(
  { seq, nowMs }: Kernel,
  commands: readonly Command[],
): AsyncGenerator<LoggedEntry[]> {
  if (commands.length === 0) return;
  yield commands.map((command, i) => ({ seq: seq + 1 + i, timeMs: nowMs, command }));
}

async function pastOf(
  engine: Engine,
  origin: HostedFilesystem,
  request: ForkRequest,
): Promise<Found> {
  if (request.before !== true) return pastAfter(engine, origin, request);
  // Not stepped, because then the command of an operation would be taken off twice.
  const found = await pastAfter(engine, origin, { ...request, scheduler: undefined });
  if (!('kernel' in found)) return found;
  return pastAtEntry(engine, origin, found.kernel.seq - 1);
}

/** The moment that `request` names. */
async function pastAfter(
  engine: Engine,
  origin: HostedFilesystem,
  { moment, scheduler }: ForkRequest,
): Promise<Found> {
  if (moment === 'now') return pastNow(engine, origin);
  if ('event' in moment) return pastAtEvent(engine, origin, moment.event);
  if ('deadlock' in moment) {
    const last = await lastDeadlock(engine, origin);
    return last === null ? noMoment('there was no deadlock') : pastAtEvent(engine, origin, last);
  }
  const stepped = origin.kernel.geometry.scheduler === 'auto' && scheduler === 'stepped';
  const found = await pastOfOperation(engine, origin, moment);
  if (!('kernel' in found)) return found;
  // The machine has applied the entry already; it must not be applied again.
  if (moment.when !== 'submitted' || !stepped) return { ...found, begin: null };
  // With a stepped scheduler the operation has not run yet, so the fork begins it itself.
  const { seq } = found.kernel;
  const before = await pastAtEntry(engine, origin, seq - 1);
  return { ...before, begin: found.begin };
}

const noMoment = (why: string): Found => ({ ok: false, failure: failure('ENOENT', 'FK2', why) });

async function pastNow(engine: Engine, origin: HostedFilesystem): Promise<Past> {
  const { stopped, kernel } = origin;
  if (stopped?.why === 'journal') return pastBeforePoison(engine, origin);
  const seq = stopped === null ? kernel.seq : stopped.seq - 1;
  try {
    return await pastAtEntry(engine, origin, seq);
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== 'past-not-kept') throw error;
    const copy = await engine.copyOf(origin);
    if (copy === null) throw origin.mounted ? error : goneError(origin);
    return { kernel: copy, events: copy.eventSeq, begin: null };
  }
}

/** The journal of the filesystem ends with an entry that breaks a law. */
async function pastBeforePoison(engine: Engine, origin: HostedFilesystem): Promise<Past> {
  let last = 0;
  await replayUntil(engine, origin, 'oldest', (kernel) => {
    last = kernel.seq;
    return false;
  });
  return pastAtEntry(engine, origin, last);
}

async function lastDeadlock(engine: Engine, origin: HostedFilesystem): Promise<number | null> {
  let last: number | null = null;
  await replayUntil(engine, origin, 'oldest', (_kernel, _entry, effects) => {
    for (const { type, seq } of effects?.events ?? []) if (type === 'deadlock.detected') last = seq;
    return false;
  });
  return last;
}

async function pastOfOperation(
  engine: Engine,
  origin: HostedFilesystem,
  { operation, when }: { operation: TaskId; when: 'submitted' | 'blocked' | 'ended' },
): Promise<Found> {
  const name = opId(operation);
  // The kernel of a filesystem that was not restored is a new one, which knows no operation.
  if (!origin.ring.unreadable && operation >= origin.kernel.nextTask)
    return noMoment(
      `there was no operation ${name} yet; the next one is ${opId(origin.kernel.nextTask)}`,
    );
  let firstTask: number | null = null;
  const blocked = (event: KernelEvent): boolean =>
    event.type === 'task.blocked' && event.task === operation;
  const past = await replayUntil(engine, origin, 'oldest', (kernel, _entry, effects) => {
    firstTask ??= kernel.nextTask;
    if (effects === null) return false;
    if (when === 'submitted') return effects.task === operation;
    if (when === 'blocked') return effects.events.some(blocked);
    return effects.replies.some(({ task }) => task === operation);
  });
  if (past !== null) return past;
  if (firstTask !== null && operation < firstTask) await refusePast(engine, origin);
  return noMoment(`${name} has no moment "${when}" in the past that is kept`);
}
