import { operations } from '../kernel/ops/index.ts';
import { holdOf } from './check.ts';
import { costsOf, timeOf } from './costs.ts';
import { type Distribution, meanOf } from './distribution.ts';
import type { Actor, Step, Workload } from './schema.ts';

/** How many operations a run makes if nobody ever waits for anybody. */
export function estimateOf(workload: Workload): number {
  const ms = workload.warmupMs + workload.durationMs;
  let all = 0;
  for (const actor of Object.values(workload.actors))
    all += actor.count * callsIn(actor, workload, ms);
  return all;
}

function callsIn(actor: Actor, workload: Workload, ms: number): number {
  let roundMs = 0;
  let calls = 0;
  for (const step of actor.loop) {
    const often = step.chance / step.every;
    roundMs += often * msOf(step, workload);
    calls += often * (operations.has(step.kind) ? 1 : transfersOf(step));
  }
  const rounds = ms / Math.max(roundMs, actor.periodMs ?? 0);
  return calls * Math.min(rounds, actor.times ?? Number.POSITIVE_INFINITY);
}

function msOf({ kind, value }: Step, workload: Workload): number {
  if (kind === 'think') return meanOf(value as Distribution);
  if (kind === 'hold') return meanOf(holdOf(value).time);
  return meanOf(timeOf(costsOf(workload)[kind]));
}

const transfersOf = ({ kind, value }: Step): number =>
  kind === 'hold' ? holdOf(value).transfers : 0;
