// The lane of one filesystem: a bounded inbox, and a turn that stamps a batch, gives it to the log,
// applies it, delivers the events and only then answers. Nothing else calls apply().

import { digestOf } from '../durable/digest.ts';
import type { KeptReads } from '../durable/kept-reads.ts';
import type { Log, LoggedEntry, RequestKey } from '../durable/log.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Done } from '../journal/level-store.ts';
import type { Failure } from '../kernel/errno.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { apply, atRest, nextTimerMs } from '../kernel/kernel.ts';
import { memoryOf } from '../kernel/memory.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command, Effects, Kernel, Outcome, Target } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import type { View } from '../kernel/views/define.ts';
import { type Account, release, reserve } from '../tenants/quotas.ts';
import { EngineError } from './engine-error.ts';
import type { Batch, EventRing } from './event-ring.ts';
import { gather } from './gather.ts';
import { type Memory, readBy, wantedBy } from './memory.ts';
import { answer, type Pending, takeAgain, tickOfClock } from './pending.ts';
import {
  diskFull,
  gone,
  journalFailed,
  memoryFull,
  overQuota,
  removesStopped,
  wouldSleep,
} from './refusals.ts';
import { Alarm, type Clock } from './ticker.ts';
import type { Turns } from './turns.ts';
import { type Submission, Watches } from './watches.ts';

/** What the lane needs of its surroundings. */
export interface LaneHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly inboxMax: number;
  readonly memory: Memory;
  readonly batchMax: number;
  readonly draining: boolean;
  delivered(lane: Lane, events: readonly KernelEvent[]): void;
  /** The kernel, the inbox or `stopped` is not what it was. */
  changed(lane: Lane): void;
  /** A law broke, or the log failed: this filesystem serves no more. */
  broken(lane: Lane, seq: number, op: string, error: unknown): void;
  /** umount succeeded; `done` when what was kept of it is gone too. */
  unmounted(lane: Lane, done: Done): void;
}

/** How soon a tick that the journal had no room for is tried again. */
const retryMs = 1000;
/**
 * How long a turn keeps the event loop before it lets others have it. One entry is never split:
 * stepsPerApplyMax bounds it.
 */
const sliceMs = 5;

/** Why a filesystem serves no more. */
export interface Stopped {
  /** A law broke; the log failed; or its journal did not bring it back when the server started. */
  why: 'law' | 'log' | 'journal';
  /** The entry that did it. */
  seq: number;
  op: string;
  detail: string;
}

type ViewResult = { ok: true; result: unknown } | { ok: false; failure: Failure };

const counted = ['blocks', 'files', 'mappings', 'pins', 'sleepers', 'memory'] as const;

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
  readonly reads: KeptReads;
  stopped: Stopped | null;

  readonly #host: LaneHost;
  readonly #tenantRing: EventRing;
  readonly #turns: Turns;
  readonly #alarm: Alarm;
  #inbox: Pending[] = [];
  #state: 'idle' | 'scheduled' | 'appending' | 'resting' | 'gone' = 'idle';
  #seq: number;
  #digest: number;
  readonly #last = { blocks: 0, files: 0, mappings: 0, pins: 0, sleepers: 0, memory: 0 };
  readonly #watches: Watches;
  /** Answered when the kernel is at rest: what their commands set off is then done, or asleep. */
  #unanswered: Pending[] = [];

  constructor(
    init: Pick<Lane, 'id' | 'tenant' | 'name' | 'number' | 'kernel' | 'ring' | 'account' | 'reads'>,
    tenantRing: EventRing,
    turns: Turns,
    host: LaneHost,
    digest = 0,
    stopped: Stopped | null = null,
  ) {
    this.stopped = stopped;
    this.id = init.id;
    this.tenant = init.tenant;
    this.name = init.name;
    this.number = init.number;
    this.kernel = init.kernel;
    this.ring = init.ring;
    this.account = init.account;
    this.reads = init.reads;
    this.#watches = new Watches(init.account);
    this.#tenantRing = tenantRing;
    this.#turns = turns;
    this.#host = host;
    this.#seq = init.kernel.seq;
    this.#digest = digest;
    this.#alarm = new Alarm(host.clock, () => this.#tick());
  }

  get waiting(): number {
    return this.#inbox.length;
  }

  /** False once it is unmounted. */
  get mounted(): boolean {
    return this.#state !== 'gone';
  }

  /**
   * The time of this filesystem: its own where the clock is manual, else ours, never behind what it
   * has seen.
   */
  nowMs(): number {
    const { geometry, nowMs } = this.kernel;
    return geometry.clock === 'manual' ? nowMs : Math.max(nowMs, this.#host.clock.nowMs());
  }

  /** Rejects with an EngineError when the command was not taken. */
  submit(command: Command, key?: RequestKey): Promise<Submission> {
    return new Promise((resolve, reject) => this.enqueue(command, resolve, reject, key));
  }

  /**
   * The same without a promise. One of the two is called, once: at once, or at the end of the turn.
   * Neither may throw.
   */
  enqueue(
    command: Command,
    resolve: (submission: Submission) => void,
    reject: (error: Error) => void,
    key: RequestKey | null = null,
  ): void {
    if (
      this.stopped !== null &&
      this.stopped.why !== 'log' &&
      this.#state !== 'gone' &&
      removesStopped(command)
    ) {
      this.#discard(resolve, reject);
      return;
    }
    const refused = this.#refusal(command);
    if (refused instanceof Error) {
      reject(refused);
      return;
    }
    const op = operations.get(command.op);
    const charged = op?.charges ?? null;
    const early =
      refused ??
      (charged === null || reserve(this.account, charged, 1)
        ? null
        : overQuota(this.account, charged));
    if (early !== null) {
      resolve({ task: 0, outcome: early });
      return;
    }
    const memory =
      op?.grows === true
        ? wantedBy(command, this.kernel.limits.pagesPerPin)
        : op?.gives === 'bytes'
          ? readBy(command, this.kernel)
          : 0;
    const noRoom = memory === 0 ? null : this.#host.memory.hold(this.account, memory);
    if (noRoom !== null) {
      if (charged !== null) release(this.account, charged, 1);
      if (noRoom === 'server') reject(memoryFull(this.#host.memory.max));
      else resolve({ task: 0, outcome: overQuota(this.account, 'memory') });
      return;
    }
    let taken = command;
    let mayTakeSleeper = false;
    let forcedNowait = false;
    if (op?.waits === true && command.nowait !== true) {
      mayTakeSleeper = reserve(this.account, 'sleepers', 1);
      forcedNowait = !mayTakeSleeper;
      if (forcedNowait) taken = { ...command, nowait: true };
    }
    this.#inbox.push({
      command: taken,
      key,
      submission: null,
      resolve,
      reject,
      charged,
      mayTakeSleeper,
      forcedNowait,
      memory,
      again: false,
    });
    this.#host.changed(this);
    this.#schedule();
  }

  /** What is answered without a turn; null where the command may come in. */
  #refusal(command: Command): EngineError | Outcome | null {
    if (this.#state === 'gone') return gone;
    if (this.stopped !== null) return this.stoppedError();
    const { inboxMax, log } = this.#host;
    if (log.full && operations.get(command.op)?.grows === true) return diskFull();
    if (this.#inbox.length < inboxMax) return null;
    return new EngineError(
      'inbox-full',
      `This filesystem already has ${inboxMax} waiting commands, the maximum. Try again later.`,
      inboxMax,
    );
  }

  /**
   * Of what stopped, nothing can be told but that it is gone: and that when the log knows it too.
   */
  #discard(resolve: (submission: Submission) => void, reject: (error: Error) => void): void {
    this.#unmount([], 0, (error) => {
      if (error === null)
        resolve({ task: 0, outcome: { ok: true, result: { name: this.name, forced: true } } });
      else reject(journalFailed());
    });
  }

  /**
   * Resolves when the operation ended, or with null after `ms`, when the server drains, or when
   * there is no such operation.
   */
  whenEnded(id: number, ms: number): Promise<Outcome | null> {
    const task = id as TaskId;
    const ended = this.kernel.ended.get(task);
    if (ended !== undefined) return Promise.resolve(ended.outcome);
    if (ms <= 0 || this.#host.draining || this.stopped !== null || !this.kernel.tasks.has(task))
      return Promise.resolve(null);
    return this.#watches.wait(task, ms);
  }

  /**
   * Reads a projection now; throws an EngineError of a filesystem that stopped. `query` has gone
   * through the view's own schema.
   */
  view(view: View, target: Target, query: unknown): ViewResult {
    if (this.stopped !== null) throw this.stoppedError();
    return view.read(this.kernel, target, query, this.nowMs());
  }

  /** Lets everybody go who waits for an operation to end; the operations sleep on. */
  releaseWaiters(): void {
    this.#watches.releaseWaiters();
  }

  /** After a recovery: the operations that have not ended hold what they were charged with. */
  resume(): void {
    for (const task of this.kernel.tasks.values()) {
      const charged = operations.get(task.op)?.charges ?? null;
      if (charged === null) continue;
      // Over the quota or not: it was taken before.
      this.account.reserved[charged] += 1;
      this.#watches.add(task.id, null, charged);
    }
    this.#count();
  }

  /** And when everything that was kept has been accepted: nothing is written before. */
  go(): void {
    if (this.stopped !== null) return;
    this.#alarm.set(nextTimerMs(this.kernel));
    if (!atRest(this.kernel)) this.#schedule();
  }

  /** No more turns: the process ends. */
  halt(): void {
    this.#state = 'gone';
    this.#alarm.set(null);
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
    // Not counted against the bound: each batch sets the alarm once.
    this.#inbox.push(tickOfClock());
    this.#schedule();
  }

  #schedule(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'scheduled';
    const { clock, batchMax, log } = this.#host;
    if (log.durability === 'disk') gather(clock, () => this.#inbox.length, batchMax, this.#turn);
    else setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    if (this.stopped !== null || this.#state === 'gone') return;
    const { log } = this.#host;
    const batch = this.#nextBatch();
    this.#host.changed(this);
    const timeMs = this.nowMs();
    const bound = this.#blocksBound();
    const entries = batch.map(({ command, key }): LoggedEntry => {
      this.#seq += 1;
      return { seq: this.#seq, timeMs, command, ...bound, ...(key === null ? null : { key }) };
    });
    this.#state = 'appending';
    log.append(
      this.id,
      entries,
      { digest: this.#digest, eventSeq: this.kernel.eventSeq },
      (error) => {
        if (error === null) this.#turns.enter(() => this.#applyBatch(batch, entries));
        else if (error.kind === 'full') this.#refuse(batch);
        else this.#stop(batch, 0, entries[0] as LoggedEntry, error);
      },
    );
  };

  /**
   * While an earlier command had too few steps to come to rest, a turn only goes on with that and
   * takes no commands. Those of its own batch are in the log by then, so they are applied behind it
   * all the same.
   */
  #nextBatch(): Pending[] {
    if (!atRest(this.kernel)) return [tickOfClock()];
    const batch = this.#inbox;
    const { batchMax } = this.#host;
    if (batch.length > batchMax) return batch.splice(0, batchMax);
    this.#inbox = [];
    return batch;
  }

  /** The tenant's quota of blocks, where it and not the device is what ends first. */
  #blocksBound(): { blocksMax: number } | null {
    const { used, limits } = this.account;
    const left = Math.max(0, limits.blocks - used.blocks);
    return left < this.kernel.geometry.blocks
      ? { blocksMax: this.kernel.counts.blocksUsed + left }
      : null;
  }

  /** The journal has no room, and nothing of the batch is in it. */
  #refuse(batch: readonly Pending[]): void {
    this.#seq = this.kernel.seq;
    const again = (this.#state as string) === 'gone' ? [] : takeAgain(batch);
    const refused = batch.filter((pending) => !again.includes(pending));
    this.#releaseReservations(refused);
    for (const pending of refused) pending.reject(diskFull());
    if ((this.#state as string) === 'gone') return;
    this.#inbox = [...again, ...this.#inbox];
    this.#host.changed(this);
    this.#state = 'idle';
    const rests = atRest(this.kernel);
    if (this.#inbox.length > 0 && rests) this.#schedule();
    const timerMs = rests ? nextTimerMs(this.kernel) : 0;
    this.#alarm.set(
      timerMs === null ? null : Math.max(timerMs, this.#host.clock.nowMs() + retryMs),
    );
  }

  /**
   * Others have the event loop now and then, but no other filesystem of the tenant its turn: their
   * events make one stream.
   */
  #applyBatch(batch: readonly Pending[], entries: readonly LoggedEntry[], from = 0): void {
    const next = this.#applySome(batch, entries, from);
    if (next === null) {
      this.#turns.leave();
      return;
    }
    // The entries are in the log: whatever else happens meanwhile, these come next.
    setImmediate(() => {
      if ((this.#state as string) === 'gone') this.#turns.leave();
      else this.#applyBatch(batch, entries, next);
    });
  }

  /** Returns where to go on, or null when the batch is done. */
  #applySome(
    batch: readonly Pending[],
    entries: readonly LoggedEntry[],
    from: number,
  ): number | null {
    const begin = performance.now();
    for (let i = from; i < batch.length; i += 1) {
      if (i > from && performance.now() - begin >= sliceMs) return i;
      const pending = batch[i] as Pending;
      const entry = entries[i] as LoggedEntry;
      let effects: Effects;
      try {
        effects = apply(this.kernel, entry);
      } catch (error) {
        this.#stop(batch, i, entry, error);
        return null;
      }
      this.#digest = digestOf(this.#digest, this.kernel, effects);
      this.#deliver(effects.events);
      this.reads.keep(this.kernel, effects.replies);
      this.#reply(effects, pending);
      if (effects.unmounted) {
        // It is in the log that it was unmounted; nobody waits for the rest.
        this.#unmount(batch, i + 1, () => {});
        return null;
      }
    }
    this.#count();
    this.#unanswered.push(...batch);
    const answered = this.#answerable();
    this.#releaseReservations(answered);
    // While it does not rest, its own turns go on with the timers.
    this.#alarm.set(atRest(this.kernel) ? nextTimerMs(this.kernel) : null);
    // Told when the next flush, which may be that of others, is on its way: the disk works while
    // the answers are written.
    queueMicrotask(() => {
      this.#notify();
      answer(answered);
    });
    // Halted while the log was at it.
    if ((this.#state as string) === 'gone') return null;
    const kept = this.#host.log.snapshot(this.id, this.kernel, this.#digest);
    if (kept === null) {
      this.#rested();
      return null;
    }
    this.#state = 'resting';
    kept.then(this.#rested, this.#rested);
    return null;
  }

  /**
   * Whoever expects the effect of a command, such as the end of a truncate after an unpin, is
   * answered when the machine rests. Who asked for an operation that is still under way is told so
   * now, and waits as long as the request says.
   */
  #answerable(): Pending[] {
    if (atRest(this.kernel)) return this.#unanswered.splice(0);
    const isUnderWay = ({ submission }: Pending): boolean =>
      submission !== null && submission.task !== 0 && submission.outcome === null;
    const answered = this.#unanswered.filter(isUnderWay);
    this.#unanswered = this.#unanswered.filter((pending) => !isUnderWay(pending));
    return answered;
  }

  readonly #rested = (): void => {
    if (this.#state === 'gone' || this.stopped !== null) return;
    this.#state = 'idle';
    if (this.#inbox.length > 0 || !atRest(this.kernel)) this.#schedule();
  };

  /**
   * Answers go out after the whole batch: an outcome that comes later in it is put into the same
   * submission.
   */
  #reply(effects: Effects, pending: Pending): void {
    let own: Outcome | null = null;
    for (const { task, outcome } of effects.replies) {
      if (task === effects.task) own = outcome;
      else this.#watches.ended(task, outcome);
    }
    if (own !== null && !own.ok && pending.forcedNowait && wouldSleep(own.failure))
      own = overQuota(this.account, 'sleepers');
    const submission: Submission = { task: effects.task, outcome: own };
    if (own === null && effects.task !== 0) {
      this.#watches.add(effects.task, submission, pending.charged);
      // The reservation now lasts until the operation ends.
      pending.charged = null;
    }
    pending.submission = submission;
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

  /** Brings the tenant's usage up to the kernel's counts, and whoever else counts. */
  #count(): void {
    const { blocksUsed: blocks, files, mappings, pins, sleepers } = this.kernel.counts;
    const last = this.#last;
    const { used } = this.account;
    used.blocks += blocks - last.blocks;
    used.files += files - last.files;
    used.mappings += mappings - last.mappings;
    used.pins += pins - last.pins;
    used.sleepers += sleepers - last.sleepers;
    last.blocks = blocks;
    last.files = files;
    last.mappings = mappings;
    last.pins = pins;
    last.sleepers = sleepers;
    const memory = Math.ceil(memoryOf(this.kernel)) + this.ring.bytes + this.reads.bytes;
    used.memory += memory - last.memory;
    this.#host.memory.add(memory - last.memory);
    last.memory = memory;
    // Kept for whoever comes back; the first to go where the memory is wanted.
    if (
      this.reads.bytes > 0 &&
      (used.memory > this.account.limits.memory || this.#host.memory.used > this.#host.memory.max)
    )
      this.reads.clear();
    this.#host.changed(this);
  }

  #releaseReservations(batch: readonly Pending[]): void {
    for (const { charged, mayTakeSleeper, memory } of batch) {
      if (memory > 0) this.#host.memory.letGo(this.account, memory);
      if (mayTakeSleeper) release(this.account, 'sleepers', 1);
      if (charged !== null) release(this.account, charged, 1);
    }
  }

  #unmount(batch: readonly Pending[], from: number, removed: Done): void {
    this.#state = 'gone';
    const inbox = this.#inbox;
    this.#inbox = [];
    this.#alarm.set(null);
    for (const pending of [...batch.slice(from), ...inbox])
      pending.submission = { task: 0, outcome: gone };
    const all = [...this.#unanswered.splice(0), ...batch, ...inbox];
    this.#releaseReservations(all);
    this.#watches.releaseCharges();
    for (const name of counted) this.account.used[name] -= this.#last[name];
    this.#host.memory.add(-this.#last.memory);
    this.releaseWaiters();
    this.ring.close();
    this.#tenantRing.notify();
    this.ring.drop();
    this.#host.unmounted(this, removed);
    answer(all);
  }

  #stop(batch: readonly Pending[], from: number, entry: LoggedEntry, error: unknown): void {
    const why = error instanceof JournalError ? 'log' : 'law';
    const detail = error instanceof Error ? error.message : String(error);
    this.stopped = { seq: entry.seq, op: entry.command?.op ?? 'tick', why, detail };
    this.#alarm.set(null);
    const inbox = this.#inbox;
    this.#inbox = [];
    const earlier = this.#unanswered.splice(0);
    this.#releaseReservations([...earlier, ...batch, ...inbox]);
    this.#watches.releaseCharges();
    this.releaseWaiters();
    this.ring.stop();
    this.#tenantRing.noteStop(this.name);
    this.#tenantRing.notify();
    this.#host.changed(this);
    this.#host.broken(this, entry.seq, this.stopped.op, error);
    answer([...earlier, ...batch.slice(0, from)]);
    for (const pending of [...batch.slice(from), ...inbox]) pending.reject(this.stoppedError());
  }

  /** What everybody is told who asks for something of a filesystem that stopped. */
  stoppedError(): EngineError {
    if (this.stopped?.why === 'log') return journalFailed();
    const why =
      this.stopped?.why === 'journal'
        ? `This filesystem could not be restored from its journal (${this.stopped.detail}).`
        : `Entry ${this.stopped?.seq} (${this.stopped?.op}) broke a law of the simulated machine.`;
    const then =
      'Its data stays on the disk. The operator can inspect it with "pinhole repair"; DELETE ' +
      'with force removes the filesystem.';
    return new EngineError(
      'filesystem-stopped',
      `${why} It answers no requests until it is repaired. ${then}`,
    );
  }
}
