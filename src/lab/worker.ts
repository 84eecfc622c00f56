// Runs the jobs of labs in a worker thread.
import { workloadOf } from './document.ts';
import type { Job } from './lab.ts';
import { RunError } from './lab-error.ts';
import { type RunResult, runOne } from './run.ts';
import type { Workload } from './schema.ts';

export type Answer =
  | { ok: true; result: RunResult }
  | { ok: false; kind: RunError['kind']; message: string };

/** The jobs of a lab come one after the other and share their document. */
let last: { text: string; workload: Workload } | null = null;

function workloadIn(raw: unknown): Workload {
  const text = JSON.stringify(raw);
  if (last?.text !== text) last = { text, workload: workloadOf(raw).workload };
  return last.workload;
}

/** Throws a RunError if a bound is reached. */
export function runJob({ raw, seed, strategy, bounds }: Job): RunResult {
  return runOne(workloadIn(raw), { seed, strategy }, { bounds });
}

/** The entry point of the thread. An error loses its class on the way, so it goes as data. */
export function work(job: Job): Answer {
  try {
    return { ok: true, result: runJob(job) };
  } catch (error) {
    if (error instanceof RunError) return { ok: false, kind: error.kind, message: error.message };
    throw error;
  }
}
