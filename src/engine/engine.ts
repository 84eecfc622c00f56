// The filesystems of every tenant. Routes, metrics and streams look them up here; no code above the
// engine keeps a reference to a kernel.
import type { Config } from '../config.ts';
import type { Batch, EventBudget } from '../durable/event-batch.ts';
import { KeptReads } from '../durable/kept-reads.ts';
import { type LabEvent, labEvent } from '../durable/lab-events.ts';
import { type Log, type LoggedEntry, noHistory, type Since, type Visitor } from '../durable/log.ts';
import { NotKept } from '../durable/not-kept.ts';
import type { PastBatch } from '../durable/past-events.ts';
import { newId } from '../durable/random.ts';
import type { Birth, LabHistory, PastEvents, RequestKey } from '../durable/records.ts';
import { copyOf } from '../durable/snapshots.ts';
import type { RecoveredFilesystem, UnrecoveredFilesystem, World } from '../durable/world.ts';
import { JournalError } from '../journal/journal-error.ts';
import { type Change, type Done, isAfter, type Order } from '../journal/store.ts';
import { type Failure, failure } from '../kernel/errno.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { beginAgain } from '../kernel/fork.ts';
import { createKernel } from '../kernel/kernel.ts';
import { emptyMemory, memoryOf } from '../kernel/memory.ts';
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';
import { type Kernel, type KernelLimits, kernelLimitTable, type Outcome } from '../kernel/state.ts';
import { type Account, type QuotaName, type Quotas, release, reserve } from '../tenants/quotas.ts';
import { EngineError } from './engine-error.ts';
import { EventRing, type RingBytes } from './event-ring.ts';
import { History } from './history.ts';
import { Lane, type LaneHost } from './lane.ts';
import { Memory } from './memory.ts';
import { goneError, memoryFull, overQuota, pastNotKept } from './refusals.ts';
import type { Clock } from './ticker.ts';
import { Turns } from './turns.ts';
import { countsOf } from './usage.ts';
import type { Submission } from './watches.ts';

/**
 * A filesystem as routes, metrics and streams see it. They may only read its kernel, between turns.
 */
export type HostedFilesystem = Pick<
  Lane,
  | 'id'
  | 'tenant'
  | 'name'
  | 'number'
  | 'kernel'
  | 'ring'
  | 'reads'
  | 'waiting'
  | 'stopped'
  | 'mounted'
  | 'moved'
  | 'leave'
  | 'lose'
  | 'submit'
  | 'enqueue'
  | 'whenEnded'
  | 'view'
  | 'requireRunning'
  | 'nowMs'
  | 'behindMs'
  | 'pause'
>;

/** The settings that the engine and its kernels read. */
export type EngineLimits = Pick<
  Config,
  | KernelSetting
  | 'inboxMax'
  | 'batchMax'
  | 'filesystemsMax'
  | 'deviceBytesMax'
  | 'ringEventsMax'
  | 'tenantRingEventsMax'
  | 'ringBytesMax'
  | 'tenantRingBytesMax'
  | 'memoryMax'
  | 'readBytesKeptMax'
>;
type KernelSetting = (typeof kernelLimitTable)[keyof KernelLimits];

/** What the engine needs to know if several nodes share the filesystems. */
export interface EngineCluster {
  /** Whether state may be shown now. */
  readonly mayServe: boolean;
  /** A number for a new filesystem, above those of all nodes. */
  nextNumber(): Promise<number>;
}

export interface EngineOptions {
  limits: EngineLimits;
  log: Log;
  clock: Clock;
  /** Absent if this server is the only one. */
  cluster?: EngineCluster | undefined;
  /** A filesystem stopped: a law broke, or its log failed. */
  onBroken(broken: {
    tenant: string;
    filesystem: string;
    seq: number;
    op: string;
    error: unknown;
  }): void;
}

export type DeliveredListener = (
  fs: HostedFilesystem,
  events: readonly KernelEvent[],
  kernel: Kernel,
) => void;
type ChangedListener = (fs: HostedFilesystem) => void;
/** A filesystem that begins with the state of another one. */
export interface NewFrom {
  /** What it would be created with. */
  args: MkfsArgs;
  kernel: Kernel;
  /** Where the state comes from. */
  forkOf: string;
  key: RequestKey | undefined;
  /** Entries that follow this state. */
  history?: AsyncIterable<readonly LoggedEntry[]>;
  /** What it uses after these entries, and its time. */
  end?: EndOfHistory;
}

interface EndOfHistory {
  counts: Kernel['counts'];
  /** Bytes of memory. */
  memory: number;
  nowMs: number;
}

/** What begins with a filesystem. */
interface NewLane {
  birth: Birth;
  kernel: Kernel;
  events: readonly KernelEvent[];
  /** What follows the creation already. */
  played?: History;
}

export type Created = { ok: true; fs: HostedFilesystem } | { ok: false; failure: Failure };

interface HostedTenant {
  account: Account;
  ring: EventRing;
  turns: Turns;
  lanes: Map<string, Lane>;
  /** Names of filesystems whose creation the log has not confirmed yet. */
  creating: Set<string>;
  /** The number of unmounted filesystems whose removal the log has not recorded yet. */
  removing: number;
  /** The tenant is being removed, so it gets no new filesystem. */
  closing: boolean;
}

export class Engine {
  readonly durability: Log['durability'];
  readonly limits: EngineLimits;
  readonly memory: Memory;
  readonly #options: EngineOptions;
  readonly #host: LaneHost;
  readonly #tenants = new Map<string, HostedTenant>();
  readonly #ringBudgets = new WeakMap<Account, EventBudget>();
  readonly #listeners = new Set<DeliveredListener>();
  readonly #watchers = new Set<ChangedListener>();
  readonly #adopted = new Set<ChangedListener>();
  #lastNumber = 0;
  #filesystems = 0;
  /** Filesystems of which the log has not confirmed the creation yet. */
  #creating = 0;
  #draining = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.memory = new Memory(options.limits.memoryMax);
    this.memory.onFull = (account, limit) => this.#freeMemory(account, limit);
    this.durability = options.log.durability;
    const engine = this;
    this.#host = {
      clock: options.clock,
      log: options.log,
      inboxMax: options.limits.inboxMax,
      memory: this.memory,
      batchMax: options.limits.batchMax,
      get draining() {
        return engine.#draining;
      },
      get mayServe() {
        return options.cluster?.mayServe ?? true;
      },
      left: (lane) => this.#left(lane),
      delivered: (lane, events) => {
        for (const call of this.#listeners) call(lane, events, lane.kernel);
      },
      changed: (lane) => this.#changed(lane),
      broken: (lane, seq, op, error) =>
        options.onBroken({ tenant: lane.tenant, filesystem: lane.name, seq, op, error }),
      unmounted: (lane, done) => this.#drop(lane, done),
    };
  }

  /**
   * Adds a tenant. The engine keeps its account up to date from now on. `epoch` identifies the
   * history of its event stream.
   */
  admit(tenant: string, account: Account, epoch: string): void {
    const ring = new EventRing(
      epoch,
      this.limits.tenantRingEventsMax,
      1,
      this.#tenantRingBytes(account),
    );
    this.#tenants.set(tenant, {
      account,
      ring,
      turns: new Turns(),
      lanes: new Map(),
      creating: new Set(),
      removing: 0,
      closing: false,
    });
  }

  /**
   * Adds the filesystems of a world, and the streams of its tenants. The tenants must be admitted
   * before.
   */
  adopt(
    world: Pick<World, 'tenants' | 'filesystems' | 'unrecovered' | 'pastEvents' | 'labHistories'>,
  ): void {
    const filesystems = byTenant(world.filesystems);
    const unrecovered = byTenant(world.unrecovered);
    for (const { name, id, epoch } of world.tenants) {
      const past = world.pastEvents.get(name);
      this.#adoptTenant(
        name,
        past?.epoch === epoch ? past : null,
        filesystems.get(name) ?? [],
        unrecovered.get(name) ?? [],
        pastOfLabs(name, world.labHistories.get(id)),
      );
    }
  }

  #adoptTenant(
    tenant: string,
    past: PastEvents | null,
    filesystems: readonly RecoveredFilesystem[],
    unrecovered: readonly UnrecoveredFilesystem[],
    labs: PastOfStream | null,
  ): void {
    const hosted = this.#tenant(tenant);
    const { ring, batches } = tenantRingOf(
      hosted.ring.epoch,
      this.limits.tenantRingEventsMax,
      this.#tenantRingBytes(hosted.account),
      past,
      [
        ...filesystems.map(({ kernel, batches, since }) => ({
          events: kernel.eventSeq,
          batches,
          since,
        })),
        ...(labs === null ? [] : [labs]),
      ],
    );
    hosted.ring = ring;
    for (const { batch } of batches) ring.append(batch);
    const all = [...filesystems, ...unrecovered].sort((a, b) => a.birth.number - b.birth.number);
    for (const one of all) {
      if ('error' in one) this.#adoptStopped(hosted, one);
      else this.#adopt(hosted, one);
    }
  }

  /** Adds a filesystem that this node has taken from another one, and starts it. */
  take(fs: RecoveredFilesystem | UnrecoveredFilesystem): void {
    const hosted = this.#tenant(fs.birth.tenant);
    if ('error' in fs) this.#adoptStopped(hosted, fs);
    else this.#adopt(hosted, fs);
    const lane = hosted.lanes.get(fs.birth.args.name);
    if (lane === undefined) return;
    for (const call of this.#adopted) call(lane);
    this.#changed(lane);
    lane.start();
  }

  #left(lane: Lane): void {
    const hosted = this.#tenants.get(lane.tenant);
    if (hosted?.lanes.get(lane.name) !== lane) return;
    this.#forget(hosted, lane);
    this.#options.log.release(lane.id);
    this.#changed(lane);
  }

  #forget({ account, lanes, ring }: HostedTenant, lane: Lane): void {
    lanes.delete(lane.name);
    ring.forgetStop(lane.name);
    account.used.filesystems -= 1;
    account.used.bytes -= lane.kernel.geometry.sizeBytes;
    this.#filesystems -= 1;
  }

  /**
   * After a recovery: the filesystem that a request created, or the outcome of its command. Null if
   * that is no longer known.
   */
  became(
    id: string,
    seq: number,
    submission: Submission | undefined,
  ): { fs: HostedFilesystem; submission: Submission } | null {
    for (const fs of this.all()) {
      if (fs.id !== id) continue;
      if (seq === 0) return { fs, submission: { task: 0, outcome: null } };
      if (submission !== undefined) return { fs, submission };
      for (const { id: task, entry } of fs.kernel.tasks.values())
        if (entry === seq) return { fs, submission: { task, outcome: null } };
      for (const { id: task, entry, outcome } of fs.kernel.ended.values())
        if (entry === seq) return { fs, submission: { task, outcome } };
    }
    return null;
  }

  #adopt(
    hosted: HostedTenant,
    { id, birth, kernel, tail, batches, reads, unmounted }: RecoveredFilesystem,
  ): void {
    const events = batches.reduce((sum, { batch }) => sum + batch.events.length, 0);
    const ring = new EventRing(
      birth.epoch,
      this.limits.ringEventsMax,
      kernel.eventSeq + 1 - events,
      this.#ringBytes(hosted.account, this.limits.ringBytesMax),
    );
    for (const { batch } of batches) ring.append(batch);
    this.#lastNumber = Math.max(this.#lastNumber, birth.number);
    if (unmounted) {
      this.#removeFromLog(hosted, id, kernel.eventSeq, () => {});
      return;
    }
    const init = { id, birth, kernel, ring, reads, digest: tail.digest };
    const lane = new Lane(init, hosted, this.#host);
    this.#addLane(hosted, lane);
    lane.resume();
  }

  /**
   * Adds a filesystem that could not be restored. It answers no requests, keeps its name, and can
   * be removed with force. Its kernel is a fresh one that is never read; its memory is counted.
   */
  #adoptStopped(hosted: HostedTenant, { id, birth, error }: UnrecoveredFilesystem): void {
    const { args, limits, timeMs } = birth;
    this.#lastNumber = Math.max(this.#lastNumber, birth.number);
    const made = createKernel(args, limits, timeMs);
    if (!made.ok) throw error;
    const { kernel } = made;
    const ring = EventRing.unreadable(birth.epoch);
    const stopped = { seq: 0, op: 'start', why: 'journal' as const, detail: error.message };
    const init = { id, birth, kernel, ring, reads: new KeptReads(0), stopped };
    const lane = new Lane(init, hosted, this.#host);
    this.#addLane(hosted, lane);
    lane.resume();
    hosted.ring.noteStop(args.name);
  }

  /**
   * Each ring has its own limit. All rings of a tenant together may use a quarter of the tenant's
   * quota of memory.
   */
  #ringBytes(account: Account, max: number): RingBytes {
    let budget = this.#ringBudgets.get(account);
    if (budget === undefined) {
      budget = { used: 0, max: () => account.limits.memory / 4 };
      this.#ringBudgets.set(account, budget);
    }
    return { max, budget };
  }

  /** The ring of a tenant reports its bytes itself; rings of filesystems are counted with them. */
  #tenantRingBytes(account: Account): RingBytes {
    const onBytes = (delta: number): void => {
      account.used.memory += delta;
      this.memory.add(delta);
    };
    return { ...this.#ringBytes(account, this.limits.tenantRingBytesMax), onBytes };
  }

  #addLane(hosted: HostedTenant, lane: Lane): void {
    hosted.lanes.set(lane.name, lane);
    hosted.account.used.filesystems += 1;
    hosted.account.used.bytes += lane.kernel.geometry.sizeBytes;
    this.#filesystems += 1;
  }

  /**
   * Removes a tenant after `durable` has deleted its records. Returns false if it still has a
   * filesystem or is already being removed. If `durable` rejects, the tenant stays as it was.
   */
  async dismiss(
    tenant: string,
    durable: (removal: readonly Change[]) => Promise<void>,
  ): Promise<boolean> {
    const hosted = this.#tenant(tenant);
    if (hosted.closing || hosted.lanes.size + hosted.creating.size + hosted.removing > 0)
      return false;
    hosted.closing = true;
    try {
      await durable(this.#options.log.removalOf(tenant));
    } finally {
      hosted.closing = false;
    }
    hosted.ring.close();
    hosted.ring.drop();
    return this.#tenants.delete(tenant);
  }

  /** mkfs. Rejects with an EngineError if a limit of the server is reached. */
  async create(tenant: string, args: MkfsArgs, key?: RequestKey): Promise<Created> {
    const hosted = this.#tenant(tenant);
    const claim = this.#claim(hosted, args);
    if ('failure' in claim) return claim;
    try {
      const timeMs = args.clock === 'manual' ? 0 : this.#options.clock.nowMs();
      const limits = kernelLimits(this.limits);
      const made = createKernel(args, limits, timeMs);
      if (!made.ok) return made;
      const { kernel, events } = made;
      const birth = await this.#birthOf(tenant, args, { limits, timeMs });
      return await this.#add(hosted, { birth, kernel, events }, (id, done) =>
        this.#options.log.create(id, birth, key, done),
      );
    } finally {
      claim.end();
    }
  }

  /**
   * Adds a filesystem that begins with the state of `kernel`, which nobody else may use. Rejects
   * with an EngineError if a limit of the server is reached.
   */
  async createFrom(tenant: string, from: NewFrom): Promise<Created> {
    const { args, kernel, forkOf, key, history, end } = from;
    const hosted = this.#tenant(tenant);
    const claim = this.#claim(hosted, args, needsOf(end ?? endOf(kernel)));
    if ('failure' in claim) return claim;
    try {
      const serverMs = this.#options.clock.nowMs();
      const { nowMs: timeMs, limits } = kernel;
      const behindMs = args.clock === 'manual' ? 0 : serverMs - (end ?? kernel).nowMs;
      const begun = await this.#birthOf(tenant, args, { limits, timeMs });
      const birth = { ...begun, forkOf, behindMs };
      const events = beginAgain(kernel, args, forkOf);
      const played = new History(kernel, this.limits.ringEventsMax);
      const beginning = { kernel, history: played.run(history ?? noHistory()) };
      return await this.#add(hosted, { birth, kernel, events, played }, (id, done) =>
        this.#options.log.createFrom(id, birth, beginning, key, done),
      );
    } finally {
      claim.end();
    }
  }

  async #birthOf(
    tenant: string,
    args: MkfsArgs,
    { limits, timeMs }: Pick<Birth, 'limits' | 'timeMs'>,
  ): Promise<Birth> {
    const { cluster } = this.#options;
    if (cluster === undefined) this.#lastNumber += 1;
    const number = cluster === undefined ? this.#lastNumber : await cluster.nextNumber();
    return { tenant, args, limits, timeMs, number, epoch: newId() };
  }

  /**
   * Reserves the name and the quotas of a new filesystem. `end` releases them, when the filesystem
   * is counted or was not created.
   */
  #claim(
    hosted: HostedTenant,
    { name, sizeBytes }: Pick<MkfsArgs, 'name' | 'sizeBytes'>,
    counts: Partial<Quotas> = { memory: emptyMemory(sizeBytes) },
  ): { end(): void } | { ok: false; failure: Failure } {
    const { limits } = this;
    if (sizeBytes > limits.deviceBytesMax) {
      const why = `sizeBytes may be at most ${limits.deviceBytesMax}.`;
      return { ok: false, failure: failure('EINVAL', 'M1', why) };
    }
    if (this.#options.log.full)
      throw new EngineError(
        'disk-full',
        'The disk of the journal is full, so no filesystem can be created. Nothing was changed.',
      );
    if (hosted.closing)
      return { ok: false, failure: failure('EBUSY', 'M3', 'The tenant is being removed.') };
    if (hosted.lanes.has(name) || hosted.creating.has(name)) {
      return { ok: false, failure: nameTaken(name) };
    }
    if (this.#filesystems + this.#creating >= limits.filesystemsMax) {
      const max = limits.filesystemsMax;
      throw new EngineError(
        'too-many-filesystems',
        `This server may have at most ${max} filesystems (--filesystems-max).`,
        max,
      );
    }
    const refused = this.#reserveAll(hosted.account, {
      filesystems: 1,
      bytes: sizeBytes,
      ...counts,
    });
    if (refused !== null) return refused;
    hosted.creating.add(name);
    this.#creating += 1;
    return {
      end: () => {
        this.#creating -= 1;
        hosted.creating.delete(name);
        this.#releaseAll(hosted.account, { filesystems: 1, bytes: sizeBytes, ...counts });
      },
    };
  }

  /** Reserves all amounts or none. Memory also counts for the server. */
  #reserveAll(account: Account, amounts: Partial<Quotas>): (Outcome & { ok: false }) | null {
    const reserved: Partial<Quotas> = {};
    for (const [name, amount] of Object.entries(amounts) as [QuotaName, number][]) {
      const noRoom =
        name === 'memory'
          ? this.memory.hold(account, amount)
          : reserve(account, name, amount)
            ? null
            : 'tenant';
      if (noRoom === null) {
        reserved[name] = amount;
        continue;
      }
      this.#releaseAll(account, reserved);
      if (noRoom === 'server') throw memoryFull(this.memory.max);
      return overQuota(account, name, amount);
    }
    return null;
  }

  #releaseAll(account: Account, amounts: Partial<Quotas>): void {
    for (const [name, amount] of Object.entries(amounts) as [QuotaName, number][]) {
      if (name === 'memory') this.memory.letGo(account, amount);
      else release(account, name, amount);
    }
  }

  /**
   * Applies the kept entries of a filesystem again, on a machine of their own, and shows them to
   * `visitor`, in slices. Rejects with the EngineError `past-not-kept` if the past does not go back
   * so far, or with Unmounted.
   */
  async replay(fs: HostedFilesystem, since: Since, visitor: Visitor): Promise<void> {
    const { id, ring } = fs;
    try {
      await this.#options.log.replay(id, since, visitor);
    } catch (error) {
      // Its keys are deleted while they are read.
      if (!fs.mounted) throw goneError(fs);
      if (error instanceof JournalError && error.kind !== 'poison')
        throw pastNotKept(null, error.message);
      if (!(error instanceof NotKept)) throw error;
      const oldest = error.oldestEvents;
      throw pastNotKept(oldest === null ? null : ring.cursorAt(oldest));
    }
  }

  /**
   * A copy of the kernel as it is between two turns. The filesystem waits until the copy is made.
   * Null if it has stopped or is removed.
   */
  copyOf(fs: HostedFilesystem): Promise<Kernel | null> {
    return fs.pause(copyOf);
  }

  /** If the server is full, the past of every tenant goes before a request of one is refused. */
  #freeMemory(account: Account, limit: 'tenant' | 'server'): void {
    for (const hosted of this.#tenants.values()) {
      const isOwn = hosted.account === account;
      if (!isOwn && limit === 'tenant') continue;
      for (const lane of hosted.lanes.values()) {
        if (isOwn) lane.freeMemory();
        else lane.forgetPast();
      }
    }
  }

  /** Whether a filesystem of this name is being created. */
  isCreating(tenant: string, name: string): boolean {
    return this.#tenants.get(tenant)?.creating.has(name) === true;
  }

  find(tenant: string, name: string): HostedFilesystem | undefined {
    return this.#tenants.get(tenant)?.lanes.get(name);
  }

  /**
   * Reserves memory of a tenant for a body or a reply. Returns a function that releases it, or the
   * failure if the quota is used up. Throws if the limit of the server is reached.
   */
  hold(tenant: string, bytes: number): (() => void) | (Outcome & { ok: false }) {
    const { account } = this.#tenant(tenant);
    const noRoom = this.memory.hold(account, bytes);
    if (noRoom === 'server') throw memoryFull(this.memory.max);
    if (noRoom === 'tenant') return overQuota(account, 'memory', bytes);
    return () => this.memory.letGo(account, bytes);
  }

  /**
   * Call it after adopt(), when the store is accepted. Starts timers and continues unfinished
   * entries.
   */
  start(): void {
    for (const hosted of this.#tenants.values())
      for (const lane of hosted.lanes.values()) lane.start();
  }

  findById(id: string): HostedFilesystem | undefined {
    for (const fs of this.all()) if (fs.id === id) return fs;
    return undefined;
  }

  /** In the order of creation. */
  list(tenant: string): Iterable<HostedFilesystem> {
    return this.#tenant(tenant).lanes.values();
  }

  /** Every filesystem of the server, for metrics. */
  *all(): Iterable<HostedFilesystem> {
    for (const hosted of this.#tenants.values()) yield* hosted.lanes.values();
  }

  /** Adds an event of a lab to the stream of its tenant. Its record must be durable. */
  announce(tenant: string, event: LabEvent): void {
    const hosted = this.#tenants.get(tenant);
    // Removed while the event was stored.
    if (hosted === undefined) return;
    const { ring, turns } = hosted;
    // After the filesystems whose commits came before, because a restart has the order of commits.
    turns.enter(() => {
      ring.append(batchOfLab(tenant, event));
      ring.notify();
      turns.leave();
    });
  }

  /** The events of all filesystems and labs of a tenant. */
  tenantRing(tenant: string): EventRing {
    return this.#tenant(tenant).ring;
  }

  /**
   * Calls the listener after each command with its events. Returns a function that stops it. The
   * listener must not throw.
   */
  onDelivered(listener: DeliveredListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Calls the listener when a filesystem is added that has a state already, which no event of it
   * reports.
   */
  onAdopted(listener: ChangedListener): void {
    this.#adopted.add(listener);
  }

  /**
   * Calls the listener when a filesystem may have changed; the last call is after its umount. The
   * listener must be cheap and must not throw.
   */
  onChanged(listener: ChangedListener): void {
    this.#watchers.add(listener);
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** The disk of the log is full, so operations that need space are refused. */
  get full(): boolean {
    return this.#options.log.full;
  }

  /** Before a stop: ends all waits for sleeping operations. Commands are still accepted. */
  drain(): void {
    this.#draining = true;
    for (const hosted of this.#tenants.values())
      for (const lane of hosted.lanes.values()) lane.releaseWaiters();
  }

  /** The process ends: no more entries are applied. */
  halt(): void {
    for (const hosted of this.#tenants.values())
      for (const lane of hosted.lanes.values()) lane.halt();
  }

  #add(
    hosted: HostedTenant,
    { birth, kernel, events, played }: NewLane,
    record: (id: string, done: (error: Error | null) => void) => void,
  ): Promise<Created> {
    const id = newId();
    return new Promise((resolve, reject) => {
      record(id, (error) => {
        if (error !== null && !(error instanceof JournalError)) {
          reject(error);
          return;
        }
        if (error?.kind === 'taken') {
          resolve({ ok: false, failure: nameTaken(birth.args.name) });
          return;
        }
        if (error !== null) {
          const kind = error.kind === 'full' ? 'disk-full' : 'journal-failed';
          reject(new EngineError(kind, `The filesystem was not created: ${error.message}.`));
          return;
        }
        // The ring must exist before the next entry leaves the log, because its events may belong
        // to the same stream of the tenant. So the filesystem is added here and not when the
        // promise is awaited.
        const bytes = this.#ringBytes(hosted.account, this.limits.ringBytesMax);
        const ring = new EventRing(birth.epoch, this.limits.ringEventsMax, 1, bytes);
        const reads = new KeptReads(this.limits.readBytesKeptMax);
        const digest = played?.digest ?? 0;
        const lane = new Lane({ id, birth, kernel, ring, reads, digest }, hosted, this.#host);
        hosted.turns.enter(() => {
          this.#addLane(hosted, lane);
          if (birth.forkOf !== undefined) {
            for (const call of this.#adopted) call(lane);
            lane.resume();
          }
          lane.begin(events, played);
          lane.start();
          hosted.turns.leave();
          resolve({ ok: true, fs: lane });
        });
      });
    });
  }

  #drop(lane: Lane, done: Done): void {
    const hosted = this.#tenant(lane.tenant);
    this.#forget(hosted, lane);
    // The events of the entry that broke a law are dropped; no reader has seen them.
    this.#removeFromLog(hosted, lane.id, lane.ring.nextSeq - 1, done);
    this.#changed(lane);
  }

  #changed(lane: Lane): void {
    for (const call of this.#watchers) call(lane);
  }

  #removeFromLog(hosted: HostedTenant, id: string, events: number, done: Done): void {
    hosted.removing += 1;
    this.#options.log.remove(id, events, hosted.ring.epoch, (error) => {
      hosted.removing -= 1;
      done(error);
    });
  }

  #tenant(tenant: string): HostedTenant {
    const hosted = this.#tenants.get(tenant);
    if (hosted === undefined)
      throw new EngineError('unauthorized', `The tenant ${tenant} was deleted.`);
    return hosted;
  }
}

const nameTaken = (name: string): Failure =>
  failure('EEXIST', 'M2', `There already is a filesystem ${name}.`);

const endOf = (kernel: Kernel): EndOfHistory => ({
  counts: kernel.counts,
  memory: Math.ceil(memoryOf(kernel)),
  nowMs: kernel.nowMs,
});

const needsOf = ({ counts, memory }: EndOfHistory): Partial<Quotas> => ({
  ...countsOf({ counts }),
  memory,
});

function byTenant<T extends { birth: { tenant: string } }>(all: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(one.birth.tenant);
    if (group === undefined) groups.set(one.birth.tenant, [one]);
    else group.push(one);
  }
  return groups;
}

/** Past events of one filesystem, or of all labs of a tenant. */
interface PastOfStream {
  /** How many there were. */
  events: number;
  batches: readonly PastBatch[];
  /** The position of the last one that is not in `batches`. */
  since: Order | null;
}

const batchOfLab = (tenant: string, event: LabEvent): Batch => ({
  tenant,
  filesystem: '',
  events: [event],
  json: null,
});

function pastOfLabs(tenant: string, history: LabHistory | undefined): PastOfStream | null {
  if (history === undefined) return null;
  const { events, newest, since } = history;
  return {
    events,
    batches: newest.map(([group, position, timeMs, type, data]) => ({
      group,
      position,
      batch: batchOfLab(tenant, labEvent(type, timeMs, data)),
    })),
    since: since === null ? null : { group: since[0], position: since[1] },
  };
}

/**
 * The stream of a tenant merges the events of its filesystems and labs in the order in which the server
 * applied them. It can be read from the point from which the events of all filesystems are stored;
 * older events are only counted.
 */
function tenantRingOf(
  epoch: string,
  capacity: number,
  bytes: RingBytes,
  past: PastEvents | null,
  parts: readonly PastOfStream[],
): { ring: EventRing; batches: PastBatch[] } {
  let since = { group: past?.group ?? -1, position: Number.POSITIVE_INFINITY };
  let next = 1 + (past?.events ?? 0);
  const all: PastBatch[] = [];
  for (const { events, batches, since: from } of parts) {
    next += events;
    if (from !== null && isAfter(from, since)) since = from;
    for (const batch of batches) all.push(batch);
  }
  const told = all.filter((placed) => isAfter(placed, since));
  told.sort((a, b) => a.group - b.group || a.position - b.position);
  const events = told.reduce((sum, { batch }) => sum + batch.events.length, 0);
  return { ring: new EventRing(epoch, capacity, next - events, bytes), batches: told };
}

export function kernelLimits(settings: Pick<Config, KernelSetting>): KernelLimits {
  const rows = Object.entries(kernelLimitTable).map(([name, from]) => [name, settings[from]]);
  return Object.fromEntries(rows) as KernelLimits;
}
