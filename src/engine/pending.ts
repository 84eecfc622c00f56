// What waits in the inbox of a lane for its turn.

import type { RequestKey } from '../durable/log.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command } from '../kernel/state.ts';
import type { QuotaName } from '../tenants/quotas.ts';
import type { Submission } from './watches.ts';

export interface Pending {
  /** Null is a tick of the clock. */
  command: Command | null;
  /** Of the request. */
  key: RequestKey | null;
  /** Set in its turn. */
  submission: Submission | null;
  resolve(submission: Submission): void;
  reject(error: Error): void;
  charged: QuotaName | null;
  /** Holds a place among the tenant's sleepers until its turn is counted. */
  mayTakeSleeper: boolean;
  /** Told not to sleep because the tenant's sleepers are used up. */
  forcedNowait: boolean;
  /** Bytes of memory that it holds until its turn is counted. */
  memory: number;
  /** The disk was full when its turn came, and it had another. */
  again: boolean;
}

/**
 * What gives back gets a second turn, in which the journal has a reserve, unless it is just being
 * opened again.
 */
export function takeAgain(batch: readonly Pending[]): Pending[] {
  const taken = batch.filter(
    ({ command, again }) =>
      !again && command !== null && operations.get(command.op)?.grows !== true,
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
  charged: null,
  mayTakeSleeper: false,
  forcedNowait: false,
  memory: 0,
  again: false,
});
