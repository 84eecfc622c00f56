// The only entry point of the machine: apply(kernel, entry) → effects. It is deterministic: the
// same entries give the same state and events.
import { blankKernel, clearTurn, noCounts } from './blank-kernel.ts';
import { emit, setRunning } from './emit.ts';
import { type Failure, failure } from './errno.ts';
import type { KernelEvent } from './events.ts';
import { personalityOf } from './fs/personality/index.ts';
import { metadataBlocks } from './fs/superblock.ts';
import { createFreeSpace, takeExact } from './lib/free-space.ts';
import { releasePin } from './mm/gup.ts';
import { eventsOf, type MkfsArgs } from './ops/mkfs.ts';
import { useStrategy } from './ops/set-strategy.ts';
import { chooseStrategy } from './reclaim/index.ts';
import { canGoOn, goOn, run, start, stepOnce } from './run.ts';
import { sendSignal } from './sched/signal.ts';
import { retrySpinners } from './sched/spin.ts';
import { firstTimer, removeTimer } from './sched/timers.ts';
import type { Effects, Entry, Kernel, KernelLimits } from './state.ts';
import { type PinId, pageSize, type TaskId, toPfn } from './units.ts';

/** mkfs. The caller has parsed the arguments with `mkfsArgs`. */
export function createKernel(
  args: MkfsArgs,
  limits: KernelLimits,
  nowMs: number,
): { ok: true; kernel: Kernel; events: KernelEvent[] } | { ok: false; failure: Failure } {
  if (args.extentMaxZerooutKb > 0 && !personalityOf(args).zeroOut) {
    return {
      ok: false,
      failure: failure(
        'EINVAL',
        'ZO1',
        `extentMaxZerooutKb is an option of ext4; the kind asked for is ${args.kind}`,
      ),
    };
  }
  const chosen = chooseStrategy(args, args.strategy);
  if (!chosen.ok) return chosen;
  const blocks = args.sizeBytes / pageSize;
  const blocksMetadata = metadataBlocks(blocks);
  const { strategy: _choice, ...given } = args;
  const geometry = { ...given, events: eventsOf(args) };
  const k = blankKernel({
    geometry: { ...geometry, blocks, blocksMetadata },
    limits,
    strategy: chosen.choice,
    strategySeq: 0,
    idleRule: 'fixed',
    nowMs: args.clock === 'manual' ? 0 : nowMs,
    seq: 0,
    eventSeq: 0,
    nextIno: 2,
    nextMapping: 1,
    nextPin: 1,
    nextTask: 1,
    nextAnon: 2,
    // A filesystem made again under the same name must not repeat the ETags of the old one.
    nextGeneration: 1 + (nowMs % 2 ** 31),
    busyGeneration: 0,
    counts: noCounts(),
    advanceToMs: 0,
  });
  k.space = createFreeSpace(blocks);
  useStrategy(k, chosen.choice);
  takeExact(k.space, toPfn(0), blocksMetadata);
  emit(k, 'filesystem.created', null, { kind: args.kind, kernel: args.kernel, blocks });
  const { events } = k.turn;
  clearTurn(k.turn);
  return { ok: true, kernel: k, events };
}

/**
 * Applies one entry of the log: moves the clock, starts the command, and runs every task until all
 * of them rest or the entry has used up `stepsPerApply` steps. In the latter case atRest() is
 * false, and the next entry, which needs no command, runs the remaining steps.
 */
export function apply(k: Kernel, entry: Entry): Effects {
  k.seq = entry.seq;
  k.turn.blocksMax = entry.blocksMax ?? Number.POSITIVE_INFINITY;
  k.turn.stepsLeft = k.limits.stepsPerApply;
  let task: TaskId | 0 = 0;
  if (k.geometry.clock === 'realtime') k.advanceToMs = Math.max(k.advanceToMs, entry.timeMs);
  moveTime(k);
  // Spinning tasks retry before the command, so that scheduler-step can choose them. With an
  // automatic scheduler run() does this after the command.
  if (k.geometry.scheduler === 'stepped') retrySpinners(k);
  if (entry.command === null) run(k);
  else task = start(k, entry.command);
  if (k.turn.pending.step !== null) stepOnce(k, k.turn.pending.step);
  if (k.turn.pending.advanceToMs > 0) k.advanceToMs = k.turn.pending.advanceToMs;
  moveTime(k);
  const { events, replies } = k.turn;
  const { unmounted } = k.turn.pending;
  clearTurn(k.turn);
  return { task, replies, events, unmounted };
}

/** False if the last entry had too few steps: then apply an entry without a command. */
export function atRest(k: Kernel): boolean {
  if (k.advanceToMs > 0) return false;
  if (k.geometry.scheduler === 'stepped') return true;
  return !canGoOn(k);
}

/** The time of the next timer; null if there is none or the clock is manual. */
export function nextTimerMs(k: Kernel): number | null {
  return k.geometry.clock === 'manual' ? null : (firstTimer(k)?.atMs ?? null);
}

/**
 * Moves time forward to `advanceToMs` and fires each timer before that at its own time. If the
 * entry has no steps left, time stops, so that the next entry fires the remaining timers at their
 * own times.
 */
function moveTime(k: Kernel): void {
  const toMs = k.advanceToMs;
  if (toMs === 0) return;
  for (;;) {
    // Tasks that an earlier timer woke run before the next timer fires.
    goOn(k);
    if (k.turn.stepsLeft <= 0) return;
    const timer = firstTimer(k);
    if (timer === null || timer.atMs > toMs) break;
    k.turn.stepsLeft -= 1;
    removeTimer(k, timer);
    k.nowMs = Math.max(k.nowMs, timer.atMs);
    setRunning(k, null);
    if (timer.kind === 'pin') {
      const pin = k.pins.get(timer.id as PinId);
      if (pin !== undefined) releasePin(k, pin);
    } else {
      const task = k.tasks.get(timer.id as TaskId);
      if (task !== undefined) sendSignal(k, task, 'interrupt');
    }
    run(k);
  }
  k.nowMs = Math.max(k.nowMs, toMs);
  k.advanceToMs = 0;
}
