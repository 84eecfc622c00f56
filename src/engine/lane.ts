// The lane of one filesystem: a bounded inbox, and turns. A turn stamps a batch of commands with
// numbers and a time, appends it to the log, applies it, delivers the events, and only then
// answers. Nothing else calls apply().
import { digestOf } from '../durable/digest.ts';
import type { Batch } from '../durable/event-batch.ts';
import type { KeptReads } from '../durable/kept-reads.ts';
import type { Log, LoggedEntry } from '../durable/log.ts';
import type { Birth, RequestKey } from '../durable/records.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Done } from '../journal/store.ts';
import type { Failure } from '../kernel/errno.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { apply, atRest, nextTimerMs } from '../kernel/kernel.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command, Effects, Kernel, Outcome, Target } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import type { View } from '../kernel/views/define.ts';
import type { Account } from '../tenants/quotas.ts';
import { admit, type Payer, releaseAll } from './admission.ts';
import { EngineError } from './engine-error.ts';
import type { EventRing } from './event-ring.ts';
import { gather } from './gather.ts';
import type { History } from './history.ts';
import type { Memory } from './memory.ts';
import { answer, type Pending, takeAgain, tickOfClock } from './pending.ts';
import {
  diskFull,
  gone,
  journalFailed,
  ownerChanging,
  quotaBehindNowait,
  removesStopped,
  type Stopped,
  stoppedError,
} from './refusals.ts';
import { Alarm, type Clock } from './ticker.ts';
import type { Turns } from './turns.ts';
import { Usage } from './usage.ts';
import { type Submission, Watches } from './watches.ts';

/** What the engine provides to its lanes. */
export interface LaneHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly inboxMax: number;
  readonly memory: Memory;
  readonly batchMax: number;
  readonly draining: boolean;
  /** Whether this node may show state now; false if another node may own the filesystem already. */
  readonly mayServe: boolean;
  delivered(lane: Lane, events: readonly KernelEvent[]): void;
  /** The kernel, the inbox or the state of the lane has changed. */
  changed(lane: Lane): void;
  /** A law broke, or the log failed, so this filesystem has stopped. */
  broken(lane: Lane, seq: number, op: string, error: unknown): void;
  /** Another node owns the filesystem now. */
  left(lane: Lane): void;
  /** The umount succeeded. Call `done` when the log has recorded the removal. */
  unmounted(lane: Lane, done: Done): void;
}

export interface LaneInit {
  /** Never used again, even after the filesystem is removed. */
  id: string;
  birth: Birth;
  kernel: Kernel;
  ring: EventRing;
  reads: KeptReads;
  /** The digest of all entries so far; see durable/digest.ts. */
  digest?: number;
  stopped?: Stopped;
}

/** What the filesystems of one tenant share. */
export interface LaneTenant {
  account: Account;
  ring: EventRing;
  turns: Turns;
}

/** `turn` lasts from its scheduling until the lane may schedule the next one. */
type LaneState =
  | { is: 'idle' }
  | { is: 'turn' }
  | { is: 'stopped'; stopped: Stopped }
  /** Unmounted, at another node, or the process ends. */
  | { is: 'closed'; stopped: Stopped | null };

type ViewResult = { ok: true; result: unknown } | { ok: false; failure: Failure };

/** When to try again after the journal had no space for a tick. */
const retryMs = 1000;
/**
 * How long a turn may occupy the event loop. One entry is never split: stepsPerApplyMax bounds it.
 */
const sliceMs = 5;

export class Lane {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** Ascends in the order of creation. */
  readonly number: number;
  readonly kernel: Kernel;
  readonly ring: EventRing;
  readonly reads: KeptReads;

  readonly #host: LaneHost;
  readonly #tenantRing: EventRing;
  readonly #turns: Turns;
  readonly #payer: Payer;
  readonly #usage: Usage;
  readonly #watches: Watches;
  readonly #alarm: Alarm;
  #state: LaneState;
  #inbox: Pending[] = [];
  /** Commands that were applied while the kernel is not at rest; see #answerable(). */
  #unanswered: Pending[] = [];
  /** Commands that may still use what they reserved: a truncate with more steps, a sleeper. */
  #uncounted: Pending[] = [];
  /** Readers that wait for the end of the turn; see pause(). */
  #pauses: (() => Promise<void>)[] = [];
  readonly #behindMs: number;
  #seq: number;
  #digest: number;

  constructor(init: LaneInit, { account, ring, turns }: LaneTenant, host: LaneHost) {
    this.id = init.id;
    this.tenant = init.birth.tenant;
    this.name = init.birth.args.name;
    this.number = init.birth.number;
    this.kernel = init.kernel;
    this.ring = init.ring;
    this.reads = init.reads;
    this.#host = host;
    this.#tenantRing = ring;
    this.#turns = turns;
    this.#payer = { account, memory: host.memory, kernel: init.kernel };
    this.#usage = new Usage(account, host.memory);
    this.#watches = new Watches(account);
    this.#behindMs = init.birth.behindMs ?? 0;
    this.#alarm = new Alarm(host.clock, () => this.#tick(), this.#behindMs);
    this.#state =
      init.stopped === undefined ? { is: 'idle' } : { is: 'stopped', stopped: init.stopped };
    this.#seq = init.kernel.seq;
    this.#digest = init.digest ?? 0;
  }

  get waiting(): number {
    return this.#inbox.length;
  }

  /** False once it is unmounted, or at another node. */
  get mounted(): boolean {
    return !this.#closed;
  }

  /** Another node owns it now. */
  get moved(): boolean {
    return this.stopped?.why === 'moved';
  }

  /** Not null after the filesystem has stopped. */
  get stopped(): Stopped | null {
    return 'stopped' in this.#state ? this.#state.stopped : null;
  }

  get #closed(): boolean {
    return this.#state.is === 'closed';
  }

  /** Neither stopped nor closed. */
  get #running(): boolean {
    return this.#state.is === 'idle' || this.#state.is === 'turn';
  }

  /**
   * The time of this filesystem: its own time if the clock is manual, else the time of the server
   * less `behindMs`, but never earlier than the last time that the kernel has seen.
   */
  nowMs(): number {
    const { geometry, nowMs } = this.kernel;
    return geometry.clock === 'manual' ? nowMs : Math.max(nowMs, this.#serverMs());
  }

  #serverMs(): number {
    return this.#host.clock.nowMs() - this.#behindMs;
  }

  /** How far the clock of this filesystem is behind that of the server, in milliseconds. */
  get behindMs(): number {
    return this.#behindMs;
  }

  /**
   * Reads the kernel between two turns. No entry is applied until the promise settles. Null if the
   * filesystem has stopped or is removed.
   */
  pause<T>(read: (kernel: Kernel) => Promise<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      this.#pauses.push(async () => {
        if (!this.#running) resolve(null);
        else await read(this.kernel).then(resolve, reject);
      });
      if (this.#state.is === 'turn') return;
      if (this.#running) this.#state = { is: 'turn' };
      this.#endTurn();
    });
  }

  /** Rejects with an EngineError when the command was not accepted. */
  submit(command: Command, key?: RequestKey): Promise<Submission> {
    return new Promise((resolve, reject) => this.enqueue(command, resolve, reject, key));
  }

  /**
   * Like submit(), but without a promise. Exactly one of the two callbacks is called, once: at
   * once, or at the end of a turn. Neither may throw.
   */
  enqueue(
    command: Command,
    resolve: (submission: Submission) => void,
    reject: (error: Error) => void,
    key: RequestKey | null = null,
  ): void {
    if (this.#canOnlyBeRemoved && removesStopped(command)) {
      this.#remove(resolve, reject);
      return;
    }
    if (this.#closed && !this.moved) {
      resolve({ task: 0, outcome: gone });
      return;
    }
    const refused = this.#refusal(command);
    if (refused !== null) {
      reject(refused);
      return;
    }
    const admission = admit(command, this.#payer);
    if (admission.is === 'refused') {
      reject(admission.error);
      return;
    }
    if (admission.is === 'over quota') {
      resolve({ task: 0, outcome: admission.outcome });
      return;
    }
    const { command: accepted, reservation, forcedNowait } = admission;
    this.#inbox.push({
      command: accepted,
      key,
      submission: null,
      resolve,
      reject,
      reservation,
      forcedNowait,
      again: false,
    });
    this.#host.changed(this);
    this.#schedule();
  }

  #refusal(command: Command): EngineError | null {
    if (this.stopped !== null) return stoppedError(this.stopped);
    const { inboxMax, log } = this.#host;
    if (log.full && operations.get(command.op)?.grows === true) return diskFull();
    if (this.#inbox.length < inboxMax) return null;
    return new EngineError(
      'inbox-full',
      `This filesystem already has ${inboxMax} waiting commands, the maximum. Try again later.`,
      inboxMax,
    );
  }

  /** If the log failed, it cannot record a removal either. */
  get #canOnlyBeRemoved(): boolean {
    return this.#state.is === 'stopped' && !['log', 'lost'].includes(this.#state.stopped.why);
  }

  /** Replies once the log has recorded the removal. */
  #remove(resolve: (submission: Submission) => void, reject: (error: Error) => void): void {
    this.#unmount([], 0, (error) => {
      if (error === null)
        resolve({ task: 0, outcome: { ok: true, result: { name: this.name, forced: true } } });
      else reject(journalFailed());
    });
  }

  /**
   * Resolves when the operation has ended. Resolves with null after `ms`, when the server drains,
   * or if there is no such operation.
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
   * Reads a view now. `query` must have been parsed with the schema of the view. Throws an
   * EngineError if the filesystem has stopped.
   */
  view(view: View, target: Target, query: unknown): ViewResult {
    this.requireRunning();
    return view.read(this.kernel, target, query, this.nowMs());
  }

  /** Ends all waits for the end of an operation; the operations themselves stay asleep. */
  releaseWaiters(): void {
    this.#watches.releaseWaiters();
  }

  /**
   * After a recovery: charges the quota for operations that have not ended, even beyond the limit,
   * because they were accepted before.
   */
  resume(): void {
    for (const task of this.kernel.tasks.values()) {
      const charged = operations.get(task.op)?.charges ?? null;
      if (charged === null) continue;
      this.#payer.account.reserved[charged] += 1;
      this.#watches.add(task.id, { submission: null, charged, forcedNowait: false });
    }
    this.#count();
  }

  /**
   * Call it after the recovery of the whole server is accepted, because nothing may be written
   * before.
   */
  start(): void {
    if (this.stopped !== null) return;
    this.#alarm.set(nextTimerMs(this.kernel));
    if (!atRest(this.kernel)) this.#schedule();
  }

  /** The process ends, so no turn runs any more. */
  halt(): void {
    this.#state = { is: 'closed', stopped: this.stopped };
    this.#alarm.set(null);
  }

  /**
   * Events of mkfs, which has no turn of its own. `played` is what followed it already: it is in
   * the streams, but does not count as something that happened on this server.
   */
  begin(events: readonly KernelEvent[], played?: History): void {
    this.#deliver(events);
    if (played !== undefined) this.#addPast(played);
    this.#count();
    this.#notify();
    this.#alarm.set(nextTimerMs(this.kernel));
  }

  #tick(): void {
    if (!this.#running) return;
    // Not counted against inboxMax: each batch sets the alarm once.
    this.#inbox.push(tickOfClock());
    this.#schedule();
  }

  #schedule(): void {
    if (this.#state.is !== 'idle') return;
    this.#state = { is: 'turn' };
    const { clock, batchMax, log } = this.#host;
    if (log.durability !== 'memory') gather(clock, () => this.#inbox.length, batchMax, this.#turn);
    else setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    if (!this.#running) return;
    const { log } = this.#host;
    const batch = this.#nextBatch();
    this.#host.changed(this);
    const entries = this.#stamp(batch);
    log.append(
      this.id,
      entries,
      { digest: this.#digest, eventSeq: this.kernel.eventSeq },
      (error) => {
        if (error === null) this.#turns.enter(() => this.#applyBatch(batch, entries));
        else if (error.kind === 'full') this.#refuse(batch);
        else if (error.kind === 'moved') this.#leave(batch);
        else this.#stop(batch, 0, entries[0] as LoggedEntry, error);
      },
    );
  };

  #stamp(batch: readonly Pending[]): LoggedEntry[] {
    const timeMs = this.nowMs();
    const bound = this.#blocksBound();
    return batch.map(({ command, key }): LoggedEntry => {
      this.#seq += 1;
      return { seq: this.#seq, timeMs, command, ...bound, ...(key === null ? null : { key }) };
    });
  }

  /**
   * An entry may need more steps than one turn may take. Then the next turn continues that entry
   * and takes no new command. The other entries of its batch are already in the log, so they are
   * applied after its first steps all the same; a replay does the same.
   */
  #nextBatch(): Pending[] {
    const first = this.#inbox[0];
    if (!atRest(this.kernel)) {
      if (first?.command !== null || !first.again) return [tickOfClock()];
      this.#inbox.shift();
      return [first];
    }
    const batch = this.#inbox;
    const { batchMax } = this.#host;
    if (batch.length > batchMax) return batch.splice(0, batchMax);
    this.#inbox = [];
    return batch;
  }

  /**
   * The bound from the tenant's quota of blocks; null if the device has no more space than the
   * quota leaves.
   */
  #blocksBound(): { blocksMax: number } | null {
    const { used, limits } = this.#payer.account;
    const left = Math.max(0, limits.blocks - used.blocks);
    return left < this.kernel.geometry.blocks
      ? { blocksMax: this.kernel.counts.blocksUsed + left }
      : null;
  }

  /** The journal had no space, so nothing of the batch was stored. */
  #refuse(batch: readonly Pending[]): void {
    this.#seq = this.kernel.seq;
    const rests = atRest(this.kernel);
    const again = this.#closed ? [] : takeAgain(batch, { atRest: rests });
    const refused = batch.filter((pending) => !again.includes(pending));
    if (!rests && again.length === 0) this.#endWaitsForRest(refused);
    releaseAll(reservationsOf(refused), this.#payer);
    for (const pending of refused) pending.reject(diskFull());
    if (this.#closed) return;
    this.#inbox = [...again, ...this.#inbox];
    this.#host.changed(this);
    if (this.#pauses.length > 0) this.#endTurn();
    else {
      this.#state = { is: 'idle' };
      if (this.#inbox.length > 0) this.#schedule();
    }
    const timerMs = rests ? nextTimerMs(this.kernel) : 0;
    this.#alarm.set(timerMs === null ? null : Math.max(timerMs, this.#serverMs() + retryMs));
  }

  /**
   * An entry that needs more steps cannot continue while the disk is full, possibly for hours. So
   * nobody waits for its end: commands that were applied are answered, and queued commands are
   * refused.
   */
  #endWaitsForRest(refused: Pending[]): void {
    refused.push(...this.#inbox.splice(0));
    answer(this.#unanswered.splice(0));
  }

  /**
   * A long batch is applied in slices, so that other tenants are served in between. Other
   * filesystems of the same tenant wait until the batch is done, because their events form one
   * stream.
   */
  #applyBatch(batch: readonly Pending[], entries: readonly LoggedEntry[], from = 0): void {
    const next = this.#applySome(batch, entries, from);
    if (next === null) {
      this.#turns.leave();
      return;
    }
    setImmediate(() => {
      if (this.#closed) this.#turns.leave();
      else this.#applyBatch(batch, entries, next);
    });
  }

  /** Returns the index of the next entry, or null when the batch is done. */
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
      const firstEvent = this.ring.nextSeq;
      this.#deliver(effects.events);
      this.reads.keep(this.kernel, effects.replies);
      this.#reply(effects, pending, firstEvent);
      if (effects.unmounted) {
        // The umount is in the log, so a replay does not apply the rest of the batch either.
        this.#unmount(batch, i + 1, () => {});
        return null;
      }
    }
    this.#endBatch(batch);
    return null;
  }

  #endBatch(batch: readonly Pending[]): void {
    this.#count();
    this.#unanswered.push(...batch);
    this.#uncounted.push(...batch);
    if (atRest(this.kernel)) releaseAll(reservationsOf(this.#uncounted.splice(0)), this.#payer);
    const answered = this.#answerable();
    // While the kernel is not at rest, turns follow each other without an alarm.
    this.#alarm.set(atRest(this.kernel) ? nextTimerMs(this.kernel) : null);
    // In a microtask, because by then the next flush has begun (perhaps of another filesystem), and
    // the disk works while answers are written.
    queueMicrotask(() => {
      this.#notify();
      answer(answered);
    });
    if (this.#closed) return;
    const snapshot = this.#host.log.snapshot(this.id, this.kernel, this.#digest);
    if (snapshot === null) this.#endTurn();
    else snapshot.then(this.#endTurn, this.#stopAtRest);
  }

  /**
   * A caller expects to see the effect of its command (for example, an unpin lets a truncate end),
   * so a command is answered when the kernel is at rest. An operation that still sleeps or runs is
   * answered now, because its caller waits only as long as the request says. An operation with a
   * forced `nowait` is not: it cannot sleep, so it ends soon, and its answer must name the quota.
   */
  #answerable(): Pending[] {
    if (atRest(this.kernel)) return this.#unanswered.splice(0);
    const isUnderWay = ({ submission, forcedNowait }: Pending): boolean =>
      !forcedNowait && submission !== null && submission.task !== 0 && submission.outcome === null;
    const answered = this.#unanswered.filter(isUnderWay);
    this.#unanswered = this.#unanswered.filter((pending) => !isUnderWay(pending));
    return answered;
  }

  readonly #endTurn = (): void => {
    const pause = this.#pauses.shift();
    if (pause !== undefined) {
      void pause().then(this.#endTurn);
      return;
    }
    if (!this.#running) return;
    this.#state = { is: 'idle' };
    if (this.#inbox.length > 0 || !atRest(this.kernel)) this.#schedule();
  };

  /**
   * Answers are sent after the whole batch. If the operation ends later in the same batch, its
   * outcome is written into the same submission.
   */
  #reply(effects: Effects, pending: Pending, firstEvent: number): void {
    let own: Outcome | null = null;
    for (const { task, outcome } of effects.replies) {
      if (task === effects.task) own = outcome;
      else this.#watches.ended(task, outcome);
    }
    const { forcedNowait, reservation } = pending;
    if (own !== null && forcedNowait) own = quotaBehindNowait(own, this.#payer.account);
    const events = { from: firstEvent, to: this.ring.nextSeq };
    const submission: Submission = { task: effects.task, outcome: own, events };
    if (own === null && effects.task !== 0) {
      const { charged } = reservation;
      this.#watches.add(effects.task, { submission, charged, forcedNowait });
      // The charge now lasts until the operation ends.
      pending.reservation = { ...reservation, charged: null };
    }
    pending.submission = submission;
  }

  #addPast({ events, dropped }: History): void {
    if (dropped > 0) for (const ring of [this.ring, this.#tenantRing]) ring.skip(dropped);
    for (const some of events) {
      const batch: Batch = {
        tenant: this.tenant,
        filesystem: this.name,
        events: some,
        json: null,
      };
      this.ring.append(batch);
      this.#tenantRing.append(batch);
    }
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

  #count(): void {
    this.#countUsage();
    if (this.#usage.memoryExceeded) this.freeMemory();
    this.#host.changed(this);
  }

  #countUsage(): void {
    const { log } = this.#host;
    this.#usage.count(this.kernel, this.ring.bytes + this.reads.bytes + log.bytesOf(this.id));
  }

  /** Clients can repeat a read, and the past is only looked at, so these bytes are freed first. */
  freeMemory(): void {
    this.reads.clear();
    this.forgetPast();
  }

  forgetPast(): void {
    if (this.#closed) return;
    this.#host.log.forget(this.id);
    this.#countUsage();
  }

  #unmount(batch: readonly Pending[], from: number, removed: Done): void {
    this.#state = { is: 'closed', stopped: this.stopped };
    const inbox = this.#inbox;
    this.#inbox = [];
    this.#alarm.set(null);
    for (const pending of [...batch.slice(from), ...inbox])
      pending.submission = { task: 0, outcome: gone };
    const reserved = [...this.#uncounted.splice(0), ...batch, ...inbox];
    releaseAll(reservationsOf(reserved), this.#payer);
    this.#watches.releaseCharges();
    this.#usage.release();
    this.releaseWaiters();
    if (this.#pauses.length > 0) this.#endTurn();
    this.ring.close();
    this.#tenantRing.notify();
    this.ring.drop();
    this.#host.unmounted(this, removed);
    answer([...this.#unanswered.splice(0), ...batch, ...inbox]);
  }

  /**
   * Another node goes on with the filesystem. Resolves when the turn in progress has ended; the
   * commands after it are refused, and were certainly not done.
   */
  leave(): Promise<void> {
    return new Promise((resolve) => {
      this.#pauses.push(async () => {
        this.#leave([]);
        resolve();
      });
      if (this.#state.is === 'turn') return;
      if (this.#running) this.#state = { is: 'turn' };
      this.#endTurn();
    });
  }

  /** `refused` is the batch that the log did not take. Operations that sleep stay asleep. */
  #leave(refused: readonly Pending[]): void {
    if (this.#closed) return;
    const stopped: Stopped = { seq: this.kernel.seq, op: 'move', why: 'moved', detail: '' };
    this.#state = { is: 'closed', stopped };
    this.#alarm.set(null);
    const inbox = this.#inbox;
    this.#inbox = [];
    const reserved = [...this.#uncounted.splice(0), ...refused, ...inbox];
    releaseAll(reservationsOf(reserved), this.#payer);
    this.#watches.releaseCharges();
    this.#usage.release();
    this.releaseWaiters();
    if (this.#pauses.length > 0) this.#endTurn();
    this.ring.move();
    this.#tenantRing.notify();
    this.ring.drop();
    this.#host.left(this);
    answer(this.#unanswered.splice(0));
    for (const pending of [...refused, ...inbox]) pending.reject(ownerChanging());
  }

  /** The store no longer has acknowledged entries, so nothing may follow them. */
  async lose(error: JournalError): Promise<void> {
    await this.pause(async () => this.#stopAtRest(error));
  }

  readonly #stopAtRest = (error: unknown): void => {
    const { seq, nowMs } = this.kernel;
    this.#stop([], 0, { seq, timeMs: nowMs, command: null }, error);
  };

  #stop(batch: readonly Pending[], from: number, entry: LoggedEntry, error: unknown): void {
    const ofLog = error instanceof JournalError && error.kind === 'lost' ? 'lost' : 'log';
    const why = error instanceof JournalError ? ofLog : 'law';
    const detail = error instanceof Error ? error.message : String(error);
    const stopped: Stopped = { seq: entry.seq, op: entry.command?.op ?? 'tick', why, detail };
    this.#state = { is: this.#closed ? 'closed' : 'stopped', stopped };
    this.#alarm.set(null);
    const inbox = this.#inbox;
    this.#inbox = [];
    const earlier = this.#unanswered.splice(0);
    const reserved = [...this.#uncounted.splice(0), ...batch, ...inbox];
    releaseAll(reservationsOf(reserved), this.#payer);
    this.#watches.releaseCharges();
    this.releaseWaiters();
    if (this.#pauses.length > 0) this.#endTurn();
    this.ring.stop();
    this.#tenantRing.noteStop(this.name);
    this.#tenantRing.notify();
    this.#host.changed(this);
    this.#host.broken(this, entry.seq, stopped.op, error);
    answer([...earlier, ...batch.slice(0, from)]);
    for (const pending of [...batch.slice(from), ...inbox]) pending.reject(stoppedError(stopped));
  }

  /**
   * Throws if the state must not be read: the filesystem has stopped, or another node may own it.
   */
  requireRunning(): void {
    if (this.stopped !== null) throw stoppedError(this.stopped);
    if (!this.#host.mayServe) throw ownerChanging();
  }
}

function* reservationsOf(batch: Iterable<Pending>): Generator<Pending['reservation']> {
  for (const { reservation } of batch) yield reservation;
}
