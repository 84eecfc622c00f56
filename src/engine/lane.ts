// The lane of one filesystem: a bounded inbox, and a turn that stamps a batch, gives it to the log, applies it, delivers the events and only
// then answers. Nothing else calls apply().

import { type Failure, failure } from '../kernel/errno.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { apply, nextTimerMs } from '../kernel/kernel.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command, Effects, Entry, Kernel, Outcome } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import { type Account, type QuotaName, release, reserve } from '../tenants/quotas.ts';
import { EngineError } from './engine-error.ts';
import type { Batch, EventRing } from './event-ring.ts';
import type { Log } from './log.ts';
import { Alarm, type Clock } from './ticker.ts';

/** A failure that names the quota behind it. */
export interface QuotaFailure extends Failure {
  quota: { name: QuotaName; limit: number; used: number };
}

/** What became of a command in its own turn. `outcome` is null while it sleeps or, in a stepped filesystem, runs. */
export interface Submission {
  task: TaskId | 0;
  outcome: Outcome | null;
}

/** What the lane needs of its surroundings. */
export interface LaneHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly inboxMax: number;
  readonly batchMax: number;
  readonly draining: boolean;
  delivered(lane: Lane, events: readonly KernelEvent[]): void;
  /** A law broke, or the log failed: this filesystem serves no more. */
  broken(lane: Lane, seq: number, op: string, error: unknown): void;
  /** umount succeeded. */
  unmounted(lane: Lane): void;
}

interface Pending {
  /** Null is a tick of the clock. */
  command: Command | null;
  /** Set in its turn. */
  submission: Submission | null;
  resolve(submission: Submission): void;
  reject(error: Error): void;
  charged: QuotaName | null;
  /** Holds a place among the tenant's sleepers until its turn is counted. */
  mayTakeSleeper: boolean;
  /** Told not to sleep because the tenant's sleepers are used up. */
  forcedNowait: boolean;
}

/** An operation that has not ended, and who waits for that. */
interface Watch {
  submission: Submission | null;
  charged: QuotaName | null;
  waiters: Set<(outcome: Outcome | null) => void>;
}

const counted = ['files', 'mappings', 'pins', 'sleepers'] as const;

export function overQuota(account: Account, name: QuotaName): Outcome & { ok: false } {
  const quota = { name, limit: account.limits[name], used: account.used[name] };
  const why = `The tenant may have ${quota.limit} of ${name} and has ${quota.used}.`;
  const refused: QuotaFailure = { ...failure('EDQUOT', 'Q1', why), quota };
  return { ok: false, failure: refused };
}

/** EAGAIN because of nowait. The others, for too many tasks (LM1) or stopped references (WR1), are what everybody gets. */
const wouldSleep = ({ errno, rule }: Failure): boolean => errno === 'EAGAIN' && rule === 'SL2';

const gone: Outcome = { ok: false, failure: failure('ENOENT', 'T1', 'There is no such filesystem.') };

const isForcedUmount = ({ op, args }: Command): boolean => op === 'umount' && (args as { force?: boolean }).force === true;

function answer(batch: readonly Pending[]): void {
  for (const { submission, resolve } of batch) if (submission !== null) resolve(submission);
}

export class Lane {
  /** Never used again. */
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** Ascends in the order of creation. */
  readonly number: number;
  readonly kernel: Kernel;
  readonly ring: EventRing;
  readonly account: Account;
  /** Set when a law broke: the entry that did it. */
  stopped: { seq: number; op: string } | null = null;

  readonly #host: LaneHost;
  readonly #tenantRing: EventRing;
  readonly #alarm: Alarm;
  #inbox: Pending[] = [];
  #state: 'idle' | 'scheduled' | 'appending' | 'gone' = 'idle';
  #seq: number;
  readonly #last = { files: 0, mappings: 0, pins: 0, sleepers: 0 };
  readonly #watches = new Map<TaskId, Watch>();

  constructor(
    init: Pick<Lane, 'id' | 'tenant' | 'name' | 'number' | 'kernel' | 'ring' | 'account'>,
    tenantRing: EventRing,
    host: LaneHost,
  ) {
    this.id = init.id;
    this.tenant = init.tenant;
    this.name = init.name;
    this.number = init.number;
    this.kernel = init.kernel;
    this.ring = init.ring;
    this.account = init.account;
    this.#tenantRing = tenantRing;
    this.#host = host;
    this.#seq = init.kernel.seq;
    this.#alarm = new Alarm(host.clock, () => this.#tick());
  }

  get waiting(): number {
    return this.#inbox.length;
  }

  /** False once it is unmounted. */
  get mounted(): boolean {
    return this.#state !== 'gone';
  }

  /** The time of this filesystem: its own where the clock is manual, else ours, never behind what it has seen. */
  nowMs(): number {
    const { geometry, nowMs } = this.kernel;
    return geometry.clock === 'manual' ? nowMs : Math.max(nowMs, this.#host.clock.nowMs());
  }

  /** Rejects with an EngineError when the command was not taken. */
  submit(command: Command): Promise<Submission> {
    return new Promise((resolve, reject) => this.enqueue(command, resolve, reject));
  }

  /** The same without a promise. One of the two is called, once: at once, or at the end of the turn. Neither may throw. */
  enqueue(command: Command, resolve: (submission: Submission) => void, reject: (error: Error) => void): void {
    const refused = this.#refusal(command);
    if (refused instanceof Error) {
      reject(refused);
      return;
    }
    const op = operations.get(command.op);
    const charged = op?.charges ?? null;
    const early = refused ?? (charged === null || reserve(this.account, charged, 1) ? null : overQuota(this.account, charged));
    if (early !== null) {
      resolve({ task: 0, outcome: early });
      return;
    }
    let taken = command;
    let mayTakeSleeper = false;
    let forcedNowait = false;
    if (op?.sleeps === true && command.nowait !== true) {
      mayTakeSleeper = reserve(this.account, 'sleepers', 1);
      forcedNowait = !mayTakeSleeper;
      if (forcedNowait) taken = { ...command, nowait: true };
    }
    this.#inbox.push({ command: taken, submission: null, resolve, reject, charged, mayTakeSleeper, forcedNowait });
    this.#schedule();
  }

  /** What is answered without a turn; null where the command may come in. */
  #refusal(command: Command): EngineError | Outcome | null {
    if (this.#state === 'gone') return gone;
    if (this.stopped !== null) return isForcedUmount(command) ? this.#discard() : this.#stoppedError();
    const { inboxMax } = this.#host;
    if (this.#inbox.length < inboxMax) return null;
    return new EngineError('inbox-full', `${inboxMax} commands already wait for this filesystem.`);
  }

  /** Of what stopped, nothing can be told but that it is gone. */
  #discard(): Outcome {
    this.#unmount([], 0);
    return { ok: true, result: { name: this.name, forced: true } };
  }

  /** Resolves when the operation ended, or with null after `ms`, when the server drains, or when there is no such operation. */
  whenEnded(task: TaskId, ms: number): Promise<Outcome | null> {
    const ended = this.kernel.ended.get(task);
    if (ended !== undefined) return Promise.resolve(ended.outcome);
    if (ms <= 0 || this.#host.draining || this.stopped !== null || !this.kernel.tasks.has(task)) return Promise.resolve(null);
    let watch = this.#watches.get(task);
    if (watch === undefined) {
      watch = { submission: null, charged: null, waiters: new Set() };
      this.#watches.set(task, watch);
    }
    const { waiters } = watch;
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(null), ms);
      const settle = (outcome: Outcome | null) => {
        clearTimeout(timer);
        waiters.delete(settle);
        resolve(outcome);
      };
      waiters.add(settle);
    });
  }

  /** Lets everybody go who waits for an operation to end; the operations sleep on. */
  releaseWaiters(): void {
    for (const watch of this.#watches.values()) for (const settle of [...watch.waiters]) settle(null);
  }

  /** Events of mkfs, which has no turn of its own. */
  begin(events: readonly KernelEvent[]): void {
    this.#deliver(events);
    this.#count();
    this.#notify();
    this.#alarm.set(nextTimerMs(this.kernel));
  }

  #tick(): void {
    if (this.stopped !== null || this.#state === 'gone') return;
    // Not counted against the bound: there is never more than one.
    this.#inbox.push({
      command: null,
      submission: null,
      resolve() {},
      reject() {},
      charged: null,
      mayTakeSleeper: false,
      forcedNowait: false,
    });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'scheduled';
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    if (this.stopped !== null || this.#state === 'gone') return;
    const { batchMax, log } = this.#host;
    let batch = this.#inbox;
    if (batch.length <= batchMax) this.#inbox = [];
    else batch = this.#inbox.splice(0, batchMax);
    const timeMs = this.nowMs();
    const entries = batch.map((pending): Entry => {
      this.#seq += 1;
      return { seq: this.#seq, timeMs, command: pending.command };
    });
    this.#state = 'appending';
    const first = entries[0] as Entry;
    let appended: Promise<void> | void;
    try {
      appended = log.append(this.id, entries);
    } catch (error) {
      this.#stop(batch, 0, first, error);
      return;
    }
    if (appended === undefined) this.#applyBatch(batch, entries);
    else {
      appended.then(
        () => this.#applyBatch(batch, entries),
        (error: unknown) => this.#stop(batch, 0, first, error),
      );
    }
  };

  #applyBatch(batch: readonly Pending[], entries: readonly Entry[]): void {
    for (let i = 0; i < batch.length; i += 1) {
      const pending = batch[i] as Pending;
      const entry = entries[i] as Entry;
      let effects: Effects;
      try {
        effects = apply(this.kernel, entry);
      } catch (error) {
        this.#stop(batch, i, entry, error);
        return;
      }
      this.#deliver(effects.events);
      this.#reply(effects, pending);
      if (effects.unmounted) {
        this.#unmount(batch, i + 1);
        return;
      }
    }
    this.#count();
    this.#releaseReservations(batch);
    this.#notify();
    this.#alarm.set(nextTimerMs(this.kernel));
    this.#state = 'idle';
    if (this.#inbox.length > 0) this.#schedule();
    answer(batch);
  }

  /** Answers go out after the whole batch: an outcome that comes later in it is put into the same submission. */
  #reply(effects: Effects, pending: Pending): void {
    let own: Outcome | null = null;
    for (const { task, outcome } of effects.replies) {
      if (task === effects.task) own = outcome;
      else this.#ended(task, outcome);
    }
    if (own !== null && !own.ok && pending.forcedNowait && wouldSleep(own.failure)) own = overQuota(this.account, 'sleepers');
    const submission: Submission = { task: effects.task, outcome: own };
    if (own === null && effects.task !== 0) {
      this.#watches.set(effects.task, { submission, charged: pending.charged, waiters: new Set() });
      // The reservation now lasts until the operation ends.
      pending.charged = null;
    }
    pending.submission = submission;
  }

  #ended(task: TaskId, outcome: Outcome): void {
    const watch = this.#watches.get(task);
    if (watch === undefined) return;
    this.#watches.delete(task);
    if (watch.submission !== null) watch.submission.outcome = outcome;
    if (watch.charged !== null) release(this.account, watch.charged, 1);
    for (const settle of [...watch.waiters]) settle(outcome);
  }

  #deliver(events: readonly KernelEvent[]): void {
    if (events.length === 0) return;
    const batch: Batch = { tenant: this.tenant, filesystem: this.name, events, json: null };
    this.ring.append(batch);
    this.#tenantRing.append(batch);
    this.#host.delivered(this, events);
  }

  #notify(): void {
    this.ring.notify();
    this.#tenantRing.notify();
  }

  /** Brings the tenant's usage up to the kernel's counts. */
  #count(): void {
    const { files, mappings, pins, sleepers } = this.kernel.counts;
    const last = this.#last;
    const { used } = this.account;
    used.files += files - last.files;
    used.mappings += mappings - last.mappings;
    used.pins += pins - last.pins;
    used.sleepers += sleepers - last.sleepers;
    last.files = files;
    last.mappings = mappings;
    last.pins = pins;
    last.sleepers = sleepers;
  }

  #releaseReservations(batch: readonly Pending[]): void {
    for (const { charged, mayTakeSleeper } of batch) {
      if (mayTakeSleeper) release(this.account, 'sleepers', 1);
      if (charged !== null) release(this.account, charged, 1);
    }
  }

  /** For operations that will not end any more. */
  #releaseWatches(): void {
    for (const watch of this.#watches.values()) {
      if (watch.charged !== null) release(this.account, watch.charged, 1);
      watch.charged = null;
    }
  }

  #unmount(batch: readonly Pending[], from: number): void {
    this.#state = 'gone';
    const inbox = this.#inbox;
    this.#inbox = [];
    this.#alarm.set(null);
    for (const pending of [...batch.slice(from), ...inbox]) pending.submission = { task: 0, outcome: gone };
    this.#releaseReservations([...batch, ...inbox]);
    this.#releaseWatches();
    for (const name of counted) this.account.used[name] -= this.#last[name];
    this.releaseWaiters();
    this.ring.close();
    this.#tenantRing.notify();
    this.#host.unmounted(this);
    answer([...batch, ...inbox]);
  }

  #stop(batch: readonly Pending[], from: number, entry: Entry, error: unknown): void {
    this.stopped = { seq: entry.seq, op: entry.command?.op ?? 'tick' };
    this.#alarm.set(null);
    const inbox = this.#inbox;
    this.#inbox = [];
    this.#releaseReservations([...batch, ...inbox]);
    this.#releaseWatches();
    this.releaseWaiters();
    this.#notify();
    this.#host.broken(this, entry.seq, this.stopped.op, error);
    answer(batch.slice(0, from));
    for (const pending of [...batch.slice(from), ...inbox]) pending.reject(this.#stoppedError());
  }

  #stoppedError(): EngineError {
    return new EngineError(
      'filesystem-stopped',
      'A law of the machine broke in this filesystem; it serves no more until the server restarts.',
    );
  }
}
