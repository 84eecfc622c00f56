// How long a command waits for an operation that sleeps, and what it says when the time is over.
import { type Command, Option } from 'commander';
import { Refused, TimedOut } from './exit.ts';
import { blockerText, isEnded, sleepText } from './operation-text.ts';
import type { Problem, Schemas } from './schemas.ts';
import { demand, type Session } from './session.ts';
import { msOf } from './sizes.ts';

export type OperationRecord = Schemas['Operation'];

export interface Waiting {
  wait?: number;
  async?: true;
}

export function addWaiting(command: Command): Command {
  const group = 'Waiting:';
  const wait = new Option('--wait <time>', 'how long to wait if it sleeps, such as 10s');
  const async = new Option('--async', 'do not wait; print the operation');
  return command
    .addOption(wait.argParser(msOf).helpGroup(group).conflicts('async'))
    .addOption(async.helpGroup(group));
}

/** The server waits in whole seconds, and at most as long as its setting --wait-max-ms says. */
export function waitHeaders({ wait, async }: Waiting): Record<string, string> {
  if (async === true) return { prefer: 'respond-async' };
  return wait === undefined ? {} : { prefer: `wait=${secondsOf(wait)}` };
}

const secondsOf = (ms: number): number => Math.min(Math.ceil(ms / 1000), 60);

/** Reads the record until the operation has ended or the time is over. */
export async function whenEnded(
  { client }: Session,
  { fs, id }: { fs: string; id: string },
  untilMs: number,
): Promise<OperationRecord> {
  for (;;) {
    const leftMs = Math.max(0, untilMs - Date.now());
    const found = await demand(
      client.GET('/v1/filesystems/{fs}/operations/{operation}', {
        params: { path: { fs, operation: id } },
        headers: { prefer: `wait=${secondsOf(leftMs)}` },
      }),
    );
    if (isEnded(found) || leftMs === 0) return found;
  }
}

/** Throws what an ended operation failed with. */
export function demandSuccess(operation: OperationRecord): void {
  const { op, id, state, problem } = operation;
  if (state === 'done') return;
  if (problem === undefined) throw new Refused(`${id} (${op}) ended as ${state}`);
  const known = problem as Partial<Problem> & typeof problem;
  const type = `/v1/problems/${problem.errno.toLowerCase()}`;
  // No answer had this problem, so it has no status.
  throw new Refused(problem.detail, { type, title: op, status: 0, ...known } as Problem);
}

/** For an operation that has not ended although the caller waited. */
export function timedOut({ id, op, sleepingOn, blockedBy, file }: OperationRecord): TimedOut {
  const on = sleepingOn === null ? 'still runs' : `sleeps on ${sleepText(sleepingOn, file)}`;
  return new TimedOut(
    [
      `${id} (${op}) ${on}`,
      ...blockedBy.map((blocker) => `  blocked by ${blockerText(blocker)}`),
      `  why: pinhole explain ${id}; wait for it: pinhole wait ${id}`,
    ].join('\n'),
  );
}
