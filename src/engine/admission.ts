// What a command reserves from the moment it is accepted until its effect is counted: one unit of a
// quota, one sleeper of the tenant, and memory. A command that is refused reserves nothing.
import { operations } from '../kernel/ops/index.ts';
import type { Command, Kernel, Outcome } from '../kernel/state.ts';
import { type Account, type QuotaName, release, reserve } from '../tenants/quotas.ts';
import type { EngineError } from './engine-error.ts';
import { type Memory, readBy, wantedBy } from './memory.ts';
import { memoryFull, overQuota } from './refusals.ts';

export interface Reservation {
  /** Reserved until the operation ends, even if that is after its turn. */
  charged: QuotaName | null;
  mayTakeSleeper: boolean;
  /** Bytes. */
  memory: number;
}

export const holdsNothing: Readonly<Reservation> = {
  charged: null,
  mayTakeSleeper: false,
  memory: 0,
};

/** The accounts and the kernel that the commands of a filesystem are charged to. */
export interface Payer {
  readonly account: Account;
  readonly memory: Memory;
  readonly kernel: Kernel;
}

export type Admission =
  | {
      is: 'accepted';
      command: Command;
      reservation: Reservation;
      /** The quota of sleepers is used up, so the command was given `nowait`. */
      forcedNowait: boolean;
    }
  | { is: 'over quota'; outcome: Outcome }
  | { is: 'refused'; error: EngineError };

export function admit(command: Command, { account, memory, kernel }: Payer): Admission {
  const op = operations.get(command.op);
  const charged = op?.charges ?? null;
  if (charged !== null && !reserve(account, charged, 1))
    return { is: 'over quota', outcome: overQuota(account, charged, 1) };
  const bytes = memoryWanted(command, kernel);
  const full = bytes === 0 ? null : memory.hold(account, bytes);
  if (full !== null) {
    if (charged !== null) release(account, charged, 1);
    return full === 'server'
      ? { is: 'refused', error: memoryFull(memory.max) }
      : { is: 'over quota', outcome: overQuota(account, 'memory', bytes) };
  }
  const maySleep = op?.waits === true && command.nowait !== true;
  const mayTakeSleeper = maySleep && reserve(account, 'sleepers', 1);
  const forcedNowait = maySleep && !mayTakeSleeper;
  return {
    is: 'accepted',
    command: forcedNowait ? { ...command, nowait: true } : command,
    reservation: { charged, mayTakeSleeper, memory: bytes },
    forcedNowait,
  };
}

function memoryWanted(command: Command, kernel: Kernel): number {
  const op = operations.get(command.op);
  if (op?.grows === true) return wantedBy(command, kernel.limits.pagesPerPin);
  return op?.gives === 'bytes' ? readBy(command, kernel) : 0;
}

export function releaseAll(
  reservations: Iterable<Readonly<Reservation>>,
  { account, memory }: Payer,
): void {
  for (const { charged, mayTakeSleeper, memory: bytes } of reservations) {
    if (bytes > 0) memory.letGo(account, bytes);
    if (mayTakeSleeper) release(account, 'sleepers', 1);
    if (charged !== null) release(account, charged, 1);
  }
}
