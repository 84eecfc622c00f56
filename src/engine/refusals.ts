// Refusals that a lane makes itself, without its kernel.
import { type Failure, failure } from '../kernel/errno.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command, Outcome } from '../kernel/state.ts';
import type { Account, QuotaName } from '../tenants/quotas.ts';
import { EngineError, Unmounted } from './engine-error.ts';

/** A failure that names the quota that is used up. */
export interface QuotaFailure extends Failure {
  quota: { name: QuotaName; limit: number; used: number };
}

/** `needed` is the amount that could not be reserved for the request. */
export function overQuota(
  account: Account,
  name: QuotaName,
  needed: number,
): Outcome & { ok: false } {
  const quota = { name, limit: account.limits[name], used: account.used[name] };
  const what = name === 'memory' ? 'bytes of memory' : name;
  const reserved = account.reserved[name];
  const inFlight = reserved === 0 ? '' : ` and ${reserved} are reserved by requests in flight`;
  const why =
    `the tenant has used ${quota.used} ${what}${inFlight}; ` +
    `its quota is ${quota.limit}, and this request needs up to ${needed} more`;
  const refused: QuotaFailure = { ...failure('EDQUOT', 'Q1', why), quota };
  return { ok: false, failure: refused };
}

/**
 * If the tenant's quota of sleepers is used up, an operation gets `nowait`, and the kernel answers
 * EAGAIN (SL2). This answer names the quota instead. EAGAIN for too many tasks (LM1) or stopped
 * references (WR1) is not caused by `nowait`, so it stays.
 */
export function quotaBehindNowait(outcome: Outcome, account: Account): Outcome {
  if (outcome.ok || outcome.failure.errno !== 'EAGAIN' || outcome.failure.rule !== 'SL2')
    return outcome;
  return overQuota(account, 'sleepers', 1);
}

export const memoryFull = (max: number): EngineError =>
  new EngineError(
    'memory-full',
    `The server holds ${max} bytes of memory for its tenants, the most that --memory-max ` +
      'allows. Operations that free memory still work: delete files, release pins, or remove a ' +
      'filesystem.',
    max,
  );

export const diskFull = (): EngineError =>
  new EngineError(
    'disk-full',
    'The disk of the journal is full. Operations that free space still work; operations that ' +
      'need space are refused. Nothing was changed; try again later.',
  );
export const journalFailed = (): EngineError =>
  new EngineError(
    'journal-failed',
    'The journal could not be flushed to disk, and the server is stopping. Whether the ' +
      'command was done is unknown; after the restart repeat it with the same Idempotency-Key.',
  );

export const ownerChanging = (): EngineError =>
  new EngineError(
    'owner-changing',
    'The filesystem moves to another node of the cluster. The command was not done; try again.',
  );
const lostEntries = (detail: string): EngineError =>
  new EngineError(
    'engine-lost-entries',
    `The database no longer has everything that it acknowledged (${detail}). This filesystem ` +
      'answers no requests on this node until the operator has decided how to go on.',
  );

/**
 * `oldest` is the cursor of the oldest moment that is kept; null if none is. `damage` says why the
 * past cannot be read.
 */
export function pastNotKept(oldest: string | null, damage?: string): EngineError {
  const why =
    oldest === null
      ? 'The past of this filesystem is not kept. Only its present can be forked.'
      : `This moment of the filesystem is no longer kept; the oldest one is at ${oldest}.`;
  const message = damage === undefined ? why : `The past cannot be read: ${damage}.`;
  return new EngineError('past-not-kept', message, undefined, oldest);
}

export const gone: Outcome = {
  ok: false,
  failure: failure('ENOENT', 'T1', 'there is no such filesystem'),
};

/** Whether the command also removes a filesystem that has stopped. */
export const removesStopped = ({ op, args }: Command): boolean =>
  operations.get(op)?.removesStopped(args) === true;

/** For a reader of a filesystem that is no longer mounted here. */
export const goneError = ({ moved }: { moved: boolean }): Error =>
  moved ? ownerChanging() : new Unmounted();

/** Why a filesystem has stopped. */
export interface Stopped {
  /**
   * A law broke; the log failed; the journal could not be read when the server started; another
   * node owns it now; or the database lost acknowledged entries.
   */
  why: 'law' | 'log' | 'journal' | 'moved' | 'lost';
  /** The entry that caused it. */
  seq: number;
  op: string;
  detail: string;
}

export function stoppedError({ why, seq, op, detail }: Stopped): EngineError {
  if (why === 'log') return journalFailed();
  if (why === 'moved') return ownerChanging();
  if (why === 'lost') return lostEntries(detail);
  const cause =
    why === 'journal'
      ? `This filesystem could not be restored from its journal (${detail}).`
      : `Entry ${seq} (${op}) broke a law of the simulated machine.`;
  return new EngineError(
    'filesystem-stopped',
    `${cause} It answers no requests until it is repaired. Its data stays on the disk. ` +
      'The operator can inspect it with "pinhole repair"; DELETE with force removes the ' +
      'filesystem.',
  );
}
