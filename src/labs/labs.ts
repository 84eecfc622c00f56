// The labs of all tenants: which wait, which run, which have ended. A lab is stored before it is
// acknowledged, and its result before it is done. One that ran when the process ended begins again,
// which gives the same bytes. Of each tenant one lab runs at a time; the labs of several tenants
// share the threads run by run, so nobody waits for the whole lab of somebody else.
import { recordKeys } from '../durable/keys.ts';
import { type LabEventType, labEvent } from '../durable/lab-events.ts';
import {
  begunChange,
  type LabHistory,
  type LabRecord,
  labHistoryRecord,
  labRecord,
  type RequestKey,
  removal,
} from '../durable/records.ts';
import type { World } from '../durable/world.ts';
import type { Engine } from '../engine/engine.ts';
import { EngineError } from '../engine/engine-error.ts';
import { overQuota } from '../engine/refusals.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Change, Journal, Order } from '../journal/store.ts';
import { type Failure, failure } from '../kernel/errno.ts';
import { type LabPlan, runPlan } from '../lab/lab.ts';
import { type Mistake, RunError } from '../lab/lab-error.ts';
import { LabPool } from '../lab/pool.ts';
import { release, reserve } from '../tenants/quotas.ts';
import type { Tenant } from '../tenants/tenants.ts';
import { noHistory, withEvent } from './history.ts';
import { hasEnded, type Lab, labId, labNumber } from './lab.ts';
import { LabTasks } from './tasks.ts';
import type { LabAsked } from './worker.ts';

export interface LabLimits {
  labThreads: number;
  labsMax: number;
  labHeapBytes: number;
  labResultBytesMax: number;
  labRunMs: number;
  labTaskMs: number;
}

export interface LabsHost {
  /** Where labs are stored. */
  store: { readonly records: Journal; readonly next: Order; readonly full: boolean };
  /** Several servers share the store, and none of them would know the labs of the others. */
  inCluster: boolean;
  /** The store is in memory. */
  inMemory: boolean;
  engine: Pick<Engine, 'hold' | 'announce'>;
  nowMs(): number;
  /** A lab failed because of an error of the server. */
  onCrash(where: { tenant: string; lab: string; error: unknown }): void;
}

export type Created =
  | { kind: 'lab'; lab: Lab }
  | { kind: 'mistakes'; mistakes: readonly Mistake[] }
  | { kind: 'refused'; failure: Failure }
  /** The server has as many labs as it may have, or too many requests to check. */
  | { kind: 'busy'; why: string; limit?: number };

interface TenantLabs {
  readonly tenant: Tenant;
  readonly labs: Map<number, Lab>;
  history: LabHistory;
  running: Lab | null;
  /** Settles when all commits so far are done. One at a time, because each has the history. */
  commits: Promise<void>;
}

/** Read by the metrics. */
export interface LabCounts {
  queued: number;
  running: number;
  /** Ended labs by state. */
  readonly ended: Map<string, number>;
  runs: number;
}

/** The bytes that the figures of one run take, until the table is made. */
const runBytes = 8192;
/** A progress event for each of so many parts of a lab, and not more often than this. */
const progressParts = 20;
const progressMs = 500;
/** How long a cancellation waits for an end that is being stored. */
const endMs = 5000;
/** When to try again after the disk had no space for the end of a lab. */
const retryMs = 1000;

export class Labs {
  readonly counts: LabCounts = {
    queued: 0,
    running: 0,
    ended: new Map([
      ['done', 0],
      ['failed', 0],
      ['cancelled', 0],
    ]),
    runs: 0,
  };
  readonly tasks: LabTasks;
  readonly #limits: LabLimits;
  readonly #host: LabsHost;
  readonly #pool: LabPool;
  readonly #tenants = new Map<string, TenantLabs>();
  #closing = false;

  constructor(limits: LabLimits, host: LabsHost) {
    this.#limits = limits;
    this.#host = host;
    this.tasks = new LabTasks(limits);
    this.#pool = new LabPool({ threads: limits.labThreads, heapBytes: limits.labHeapBytes });
  }

  /** The tenants must have adopted the world. */
  adopt({ labs, labHistories }: Pick<World, 'labs' | 'labHistories'>, all: Iterable<Tenant>): void {
    for (const tenant of all) {
      const history = labHistories.get(tenant.id);
      if (history !== undefined) this.#of(tenant).history = history;
      for (const record of labs) if (record.owner === tenant.id) this.#adopt(tenant, record);
    }
  }

  #adopt(tenant: Tenant, record: LabRecord): void {
    const again: LabRecord = hasEnded(record) ? record : { ...record, state: 'queued', done: 0 };
    const plan =
      again.request === undefined
        ? null
        : (JSON.parse(new TextDecoder().decode(again.request)) as LabPlan);
    const lab = newLab(tenant, again, plan);
    this.#of(tenant).labs.set(record.number, lab);
    if (hasEnded(again)) tenant.account.used.labsKept += 1;
    else {
      tenant.account.used.labs += 1;
      this.counts.queued += 1;
    }
  }

  /** Call it when the store is accepted. Begins the labs that an earlier process had not ended. */
  start(): void {
    for (const own of this.#tenants.values()) this.#next(own);
  }

  /** In the order of creation. */
  list(tenant: Tenant): Iterable<Lab> {
    return this.#tenants.get(tenant.id)?.labs.values() ?? [];
  }

  find(tenant: Tenant, id: string): Lab | undefined {
    const number = labNumber(id);
    return number === null ? undefined : this.#tenants.get(tenant.id)?.labs.get(number);
  }

  /** By the id of the tenant. */
  findOf(owner: string, number: number): Lab | undefined {
    return this.#tenants.get(owner)?.labs.get(number);
  }

  /** Rejects with an EngineError if it cannot be stored, and with a TaskError. */
  async create(tenant: Tenant, asked: LabAsked, key: RequestKey | undefined): Promise<Created> {
    const { account } = tenant;
    if (this.#host.inCluster) return { kind: 'refused', failure: notInCluster };
    const { labsMax } = this.#limits;
    if (this.counts.queued + this.counts.running >= labsMax)
      return {
        kind: 'busy',
        why: `${labsMax} labs already wait or run on this server, the maximum (--labs-max).`,
        limit: labsMax,
      };
    if (!reserve(account, 'labs', 1))
      return { kind: 'refused', failure: overQuota(account, 'labs', 1).failure };
    try {
      return await this.#create(tenant, asked, key);
    } finally {
      release(account, 'labs', 1);
    }
  }

  async #create(tenant: Tenant, asked: LabAsked, key: RequestKey | undefined): Promise<Created> {
    if (this.#host.store.full)
      throw new EngineError('disk-full', 'The disk of the journal is full. No lab was made.');
    const checked = await this.tasks.check({
      asked,
      commandsMax: tenant.account.limits.labCommands,
      wallMsMax: this.#limits.labRunMs,
    });
    if ('mistakes' in checked) return { kind: 'mistakes', mistakes: checked.mistakes };
    const { plan, name } = checked;
    const held = this.#host.engine.hold(tenant.name, plan.runs * runBytes);
    if (typeof held !== 'function') return { kind: 'refused', failure: held.failure };
    const own = this.#of(tenant);
    let lab: Lab | null = null;
    try {
      await this.#inOrder(own, async () => {
        const number = own.history.last + 1;
        const record: LabRecord = {
          owner: tenant.id,
          number,
          createdMs: this.#host.nowMs(),
          state: 'queued',
          name,
          ...(asked.preset === undefined ? {} : { preset: asked.preset }),
          strategies: plan.strategies,
          seeds: plan.seeds,
          runs: plan.runs,
          done: 0,
          request: new TextEncoder().encode(JSON.stringify(plan)),
        };
        const history = { ...own.history, last: number };
        await this.#put([
          labRecord.change(recordKeys.lab(tenant.id, number), record),
          labHistoryRecord.change(recordKeys.labHistory(tenant.id), history),
          ...(key === undefined ? [] : [begunChange(key, { lab: number })]),
        ]);
        own.history = history;
        lab = { ...newLab(tenant, record, plan), release: held };
        own.labs.set(number, lab);
        tenant.account.used.labs += 1;
        this.counts.queued += 1;
      });
    } catch (error) {
      held();
      throw refusalOf(error);
    }
    this.#next(own);
    return { kind: 'lab', lab: lab as unknown as Lab };
  }

  /** Begins the next lab of the tenant if none runs. */
  #next(own: TenantLabs): void {
    if (this.#closing || own.running !== null) return;
    const lab = [...own.labs.values()].find(({ record }) => record.state === 'queued');
    if (lab === undefined) return;
    own.running = lab;
    this.counts.queued -= 1;
    this.counts.running += 1;
    void this.#run(own, lab).finally(() => {
      this.counts.running -= 1;
      own.running = null;
      this.#next(own);
    });
  }

  async #run(own: TenantLabs, lab: Lab): Promise<void> {
    lab.record = { ...lab.record, state: 'running', startedMs: this.#host.nowMs() };
    // Not awaited: a run may begin before its event is stored, and a full disk only loses it.
    void this.#tell(own, lab, 'lab.progress').catch(() => {});
    try {
      const json = await runPlan(lab.plan as LabPlan, {
        runner: this.#pool,
        signal: lab.abort.signal,
        progress: this.#progressOf(own, lab),
      });
      const { labResultBytesMax } = this.#limits;
      if (json.length > labResultBytesMax)
        await this.#fail(
          own,
          lab,
          'size',
          `the result has ${json.length} bytes; ${labResultBytesMax} is the maximum ` +
            '(--lab-result-bytes-max)',
        );
      else await this.#done(own, lab, json);
    } catch (error) {
      if (this.#closing || lab.ending || hasEnded(lab.record)) return;
      if (error instanceof RunError && error.kind !== 'cancelled')
        await this.#fail(own, lab, error.kind, error.message);
      else {
        this.#host.onCrash({ tenant: lab.tenant.name, lab: labId(lab.record.number), error });
        const why = error instanceof Error ? error.message : String(error);
        await this.#fail(own, lab, 'crash', `the thread of a run ended: ${why}`);
      }
    }
  }

  #progressOf(own: TenantLabs, lab: Lab) {
    let part = 0;
    let lastMs = performance.now();
    return ({ runsDone, runs }: { runsDone: number; runs: number }): void => {
      this.counts.runs += 1;
      lab.record = { ...lab.record, done: runsDone };
      const at = Math.floor((progressParts * runsDone) / runs);
      if (at === part || runsDone === runs || performance.now() - lastMs < progressMs) return;
      part = at;
      lastMs = performance.now();
      void this.#tell(own, lab, 'lab.progress').catch(() => {});
    };
  }

  #done(own: TenantLabs, lab: Lab, json: Uint8Array): Promise<void> {
    const { owner, number } = lab.record;
    const digest = digestIn(json);
    if (this.#host.inMemory) {
      const held = this.#host.engine.hold(lab.tenant.name, json.length);
      if (typeof held !== 'function') return this.#fail(own, lab, 'memory', held.failure.why);
      lab.free = held;
    }
    const table = { key: recordKeys.labTable(owner, number), value: json };
    return this.#end(own, lab, { state: 'done', digest, bytes: json.length }, [table]);
  }

  #fail(
    own: TenantLabs,
    lab: Lab,
    reason: NonNullable<LabRecord['failure']>['reason'],
    detail: string,
  ): Promise<void> {
    return this.#end(own, lab, { state: 'failed', failure: { reason, detail } });
  }

  /**
   * Ends the runs of the lab at once. Resolves when that is durable; false if it has ended by
   * itself before.
   */
  async cancel(lab: Lab): Promise<boolean> {
    if (lab.ending) await this.whenEnded(lab, endMs);
    if (hasEnded(lab.record)) return false;
    const own = this.#of(lab.tenant);
    const wasQueued = lab.record.state === 'queued';
    const ended = this.#end(own, lab, { state: 'cancelled' });
    lab.abort.abort(new RunError('cancelled', 'the lab was cancelled'));
    if (wasQueued) this.counts.queued -= 1;
    await ended.catch((error: unknown) => {
      throw refusalOf(error);
    });
    return true;
  }

  /** Stores the end of a lab. On a full disk it tries again, because the runs are over. */
  async #end(
    own: TenantLabs,
    lab: Lab,
    end: Partial<LabRecord> & { state: 'done' | 'failed' | 'cancelled' },
    alongside: readonly Change[] = [],
  ): Promise<void> {
    if (lab.ending || hasEnded(lab.record)) return;
    lab.ending = true;
    const { request: _, ...before } = lab.record;
    const done = end.state === 'done' ? before.runs : before.done;
    const record: LabRecord = { ...before, done, endedMs: this.#host.nowMs(), ...end };
    try {
      await this.#stored(own, lab, record, alongside);
    } finally {
      lab.ending = false;
    }
  }

  async #stored(
    own: TenantLabs,
    lab: Lab,
    record: LabRecord,
    alongside: readonly Change[],
  ): Promise<void> {
    const { account } = lab.tenant;
    for (;;) {
      try {
        await this.#tell(own, { record }, `lab.${record.state}` as LabEventType, [
          labRecord.change(recordKeys.lab(record.owner, record.number), record),
          ...alongside,
        ]);
        break;
      } catch (error) {
        if (!(error instanceof JournalError) || error.kind !== 'full' || this.#closing) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
    lab.record = record;
    lab.plan = null;
    lab.release();
    account.used.labs -= 1;
    account.used.labsKept += 1;
    this.counts.ended.set(record.state, (this.counts.ended.get(record.state) ?? 0) + 1);
    for (const call of lab.watchers) call();
    await this.#forgetOldest(own);
  }

  /** The oldest ended labs go when there are more than the quota. */
  async #forgetOldest(own: TenantLabs): Promise<void> {
    const { account } = own.tenant;
    for (const lab of own.labs.values()) {
      if (account.used.labsKept <= account.limits.labsKept) return;
      if (hasEnded(lab.record)) await this.remove(lab);
    }
  }

  /** Removes a lab that has ended, with its result. */
  async remove(lab: Lab): Promise<void> {
    const own = this.#of(lab.tenant);
    const { owner, number } = lab.record;
    if (!own.labs.delete(number)) return;
    const { used } = lab.tenant.account;
    used.labsKept -= 1;
    try {
      await this.#tell(own, lab, 'lab.removed', [
        removal(recordKeys.lab(owner, number)),
        removal(recordKeys.labTable(owner, number)),
      ]);
    } catch (error) {
      own.labs.set(number, lab);
      used.labsKept += 1;
      throw refusalOf(error);
    }
    lab.free();
  }

  /** The result of a lab that is done; null if it has none. */
  result({ record: { owner, number, state } }: Lab): Promise<Uint8Array | null> {
    if (state !== 'done') return Promise.resolve(null);
    return this.#host.store.records.get(recordKeys.labTable(owner, number));
  }

  /** Resolves when the lab has ended, or after this time. */
  async whenEnded(lab: Lab, waitMs: number): Promise<void> {
    if (this.#closing || hasEnded(lab.record)) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(late);
        lab.watchers.delete(end);
        resolve();
      };
      const late = setTimeout(end, waitMs);
      lab.watchers.add(end);
    });
  }

  /** The changes that delete everything of a tenant's labs. */
  removalOf(tenant: Tenant): Change[] {
    const own = this.#tenants.get(tenant.id);
    if (own === undefined) return [];
    return [
      removal(recordKeys.labHistory(tenant.id)),
      ...[...own.labs.keys()].flatMap((number) => [
        removal(recordKeys.lab(tenant.id, number)),
        removal(recordKeys.labTable(tenant.id, number)),
      ]),
    ];
  }

  /** Ends the labs of a tenant that is being removed, without an event. */
  forgetTenant(tenant: Tenant): void {
    const own = this.#tenants.get(tenant.id);
    if (own === undefined) return;
    this.#tenants.delete(tenant.id);
    for (const lab of own.labs.values()) {
      lab.free();
      if (hasEnded(lab.record)) continue;
      if (lab.record.state === 'queued') this.counts.queued -= 1;
      lab.record = { ...lab.record, state: 'cancelled' };
      lab.abort.abort(new RunError('cancelled', 'the tenant was removed'));
      lab.release();
      for (const call of lab.watchers) call();
    }
  }

  /** Before a stop: ends all waits. */
  drain(): void {
    this.#closing = true;
    for (const { labs } of this.#tenants.values())
      for (const { watchers } of labs.values()) for (const call of watchers) call();
  }

  /** Ends all runs. The next start begins these labs again. */
  async close(): Promise<void> {
    this.drain();
    await this.#pool.close();
    await this.tasks.close();
    await Promise.all([...this.#tenants.values()].map(({ commits }) => commits));
  }

  #of(tenant: Tenant): TenantLabs {
    let own = this.#tenants.get(tenant.id);
    if (own === undefined) {
      own = {
        tenant,
        labs: new Map(),
        history: noHistory,
        running: null,
        commits: Promise.resolve(),
      };
      this.#tenants.set(tenant.id, own);
    }
    return own;
  }

  /** Stores an event together with `changes`, then adds it to the stream of the tenant. */
  #tell(
    own: TenantLabs,
    { record }: Pick<Lab, 'record'>,
    type: LabEventType,
    changes: readonly Change[] = [],
  ): Promise<void> {
    const event = labEvent(type, this.#host.nowMs(), dataOf(type, record));
    return this.#inOrder(own, async () => {
      // Removed together with its tenant.
      if (this.#tenants.get(own.tenant.id) !== own) return;
      const { store, engine } = this.#host;
      const history = withEvent(own.history, event, store.next);
      const told = labHistoryRecord.change(recordKeys.labHistory(own.tenant.id), history);
      await this.#put([...changes, told], () => engine.announce(own.tenant.name, event));
      own.history = history;
    });
  }

  #inOrder(own: TenantLabs, work: () => Promise<void>): Promise<void> {
    const done = own.commits.then(work);
    own.commits = done.catch(() => {});
    return done;
  }

  /** `durable` is called before the next commit of the server is. */
  #put(changes: readonly Change[], durable: () => void = () => {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#host.store.records.commit(changes, (error) => {
        if (error !== null) return reject(error);
        durable();
        resolve();
      });
    });
  }
}

const notInCluster = failure(
  'EOPNOTSUPP',
  'LB8',
  'a cluster runs no labs; run it on a server of its own, or with `pinhole lab run`',
);

const newLab = (tenant: Tenant, record: LabRecord, plan: LabPlan | null): Lab => ({
  tenant,
  record,
  plan,
  ending: false,
  abort: new AbortController(),
  watchers: new Set(),
  release: () => {},
  free: () => {},
});

function dataOf(type: LabEventType, record: LabRecord) {
  const { number, name, done, runs, digest, failure } = record;
  const data = { lab: labId(number), name };
  if (type === 'lab.progress') return { ...data, done, total: runs };
  if (type === 'lab.done') return { ...data, digest };
  return type === 'lab.failed' ? { ...data, ...failure } : data;
}

/** It is the last field of the result, so the whole needs no parsing. */
function digestIn(json: Uint8Array): string {
  const [, digest] =
    /"digest":"([^"]+)"\}$/.exec(new TextDecoder().decode(json.subarray(-100))) ?? [];
  if (digest === undefined) throw new Error('a result of a lab has no digest');
  return digest;
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof JournalError)) return error;
  const kind = error.kind === 'full' ? 'disk-full' : 'journal-failed';
  return new EngineError(kind, `The lab was not changed: ${error.message}.`);
}
