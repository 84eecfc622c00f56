// Runs the jobs of labs in a worker thread.
import { moved } from '../threads/thread.ts';
import { workloadOf } from './document.ts';
import { type Job, type LabResults, tabulate } from './lab.ts';
import { RunError } from './lab-error.ts';
import { type RunResult, runOne } from './run.ts';
import type { Workload } from './schema.ts';
import { choiceOf } from './strategies.ts';

/** The JSON that was asked for, in bytes. */
export type Answer = Uint8Array | { kind: RunError['kind']; message: string };

/** The jobs of a lab come one after the other and share their document. */
let last: { text: string; workload: Workload } | null = null;

function workloadIn(raw: unknown): Workload {
  const text = JSON.stringify(raw);
  if (last?.text !== text) last = { text, workload: workloadOf(raw).workload };
  return last.workload;
}

/** Throws a RunError if a bound is reached. */
export function runJob({ raw, seed, strategy, bounds }: Job): RunResult {
  const workload = workloadIn(raw);
  return runOne(workload, { seed, strategy: choiceOf(strategy, workload) }, { bounds });
}

/** The entry point of the thread for one run. */
export const work = (job: Job): Answer => answer(() => runJob(job));

/** The entry point of the thread for the table of all runs. */
export const table = (results: LabResults): Answer => answer(() => tabulate(results));

/** An error loses its class on the way, so it goes as data. */
function answer(compute: () => unknown): Answer {
  try {
    return moved(bytesOf(compute()));
  } catch (error) {
    if (error instanceof RunError) return { kind: error.kind, message: error.message };
    throw error;
  }
}

/** JSON in a buffer of its own, which can move to another thread. */
export const bytesOf = (value: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(value));
