// A command that waits in the inbox of a lane.

import type { RequestKey } from '../durable/records.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command } from '../kernel/state.ts';
import { holdsNothing, type Reservation } from './admission.ts';
import type { Submission } from './watches.ts';

export interface Pending {
  /** Null for a tick of the clock. */
  command: Command | null;
  /** The Idempotency-Key of the request, if it has one. */
  key: RequestKey | null;
  /** Set when the lane executes it. */
  submission: Submission | null;
  resolve(submission: Submission): void;
  reject(error: Error): void;
  reservation: Readonly<Reservation>;
  /** The quota of sleepers is used up, so the command was given `nowait`. */
  forcedNowait: boolean;
  /** The disk was full when the lane first tried to log it. */
  again: boolean;
}

/**
 * The commands that are tried a second time after the disk was full. They are those that free
 * space, because the journal releases a reserve between the two tries, and the tick that continues
 * an unfinished entry, because all queued commands wait for that entry.
 */
export function takeAgain(batch: readonly Pending[], { atRest }: { atRest: boolean }): Pending[] {
  const taken = batch.filter(
    ({ command, again }) =>
      !again && (command === null ? !atRest : operations.get(command.op)?.grows !== true),
  );
  for (const pending of taken) pending.again = true;
  return taken;
}

export function answer(batch: readonly Pending[]): void {
  for (const { submission, resolve } of batch) if (submission !== null) resolve(submission);
}

export const tickOfClock = (): Pending => ({
  command: null,
  key: null,
  submission: null,
  resolve() {},
  reject() {},
  reservation: holdsNothing,
  forcedNowait: false,
  again: false,
});
