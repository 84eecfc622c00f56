// The registry of metric families, the listener that feeds them, and the routes on which they are
// found and scraped.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import type { Engine, HostedFilesystem } from '../engine/engine.ts';
import type { EventRing } from '../engine/event-ring.ts';
import type { EventType, KernelEvent } from '../kernel/events.ts';
import { opId, pinId } from '../kernel/units.ts';
import { alarms } from './alarms.ts';
import { build } from './build.ts';
import { busy } from './busy.ts';
import { clock } from './clock.ts';
import type { Family, Place, Scrape } from './define.ts';
import { engine as engineFamily } from './engine.ts';
import {
  contentTypes,
  type Form,
  formOf,
  processMetrics,
  registryOf,
  type StatedRow,
} from './exposition.ts';
import { faults } from './faults.ts';
import { http } from './http.ts';
import { journal } from './journal.ts';
import { memory } from './memory.ts';
import { pins } from './pins.ts';
import type { Server } from './server.ts';
import { space } from './space.ts';
import { stream } from './stream.ts';
import { Ledger } from './totals.ts';
import { waits } from './waits.ts';
import { wakeups } from './wakeups.ts';

const families: readonly Family<unknown>[] = [
  space,
  busy,
  waits,
  wakeups,
  pins,
  faults,
  alarms,
  stream,
  engineFamily,
  journal,
  http,
  clock,
  memory,
  build,
];

/** One state a family, in the order of the registry. */
type States = unknown[];
type Listener = { at: number; call: (state: unknown, data: unknown, place: Place) => void };

const freshStates = (): States => families.map((family) => family.create());

/** Who wants to hear of which event. */
const listeners = new Map<EventType, Listener[]>();
for (const [at, family] of families.entries()) {
  for (const [type, call] of Object.entries(family.on)) {
    const all = listeners.get(type as EventType) ?? [];
    // The key of the table ties the data to the type of the event.
    listeners.set(type as EventType, [...all, { at, call: call as Listener['call'] }]);
  }
}

function adopt(states: States, { kernel }: HostedFilesystem): void {
  for (const [at, family] of families.entries()) family.adopt?.(states[at], kernel);
}

function rowsOf(states: States, scope: 'tenant' | 'server'): StatedRow[] {
  return families.flatMap((family, at) =>
    scope === 'tenant' && family.scope === 'server'
      ? []
      : family.rows.map((row) => ({ row, state: states[at] })),
  );
}

/** Somebody waits in it, blocks wait for their pins, or it serves no more. */
const hasTrouble = ({ kernel, stopped }: HostedFilesystem): boolean =>
  kernel.counts.sleepers > 0 ||
  kernel.busy.pages > 0 ||
  kernel.detached.pages > 0 ||
  stopped !== null;

interface Known {
  tenant: States;
  /** Null until somebody scrapes the filesystem: most are never looked at alone. */
  own: States | null;
  pinKinds: Map<string, string>;
}

export class Metrics {
  readonly #engine: Engine;
  readonly #nowMs: () => number;
  readonly #ledger: Ledger;
  readonly #all = freshStates();
  /** By the tenant's own log, so that they go when the tenant goes. */
  readonly #ofTenant = new WeakMap<EventRing, States>();
  readonly #ofFilesystem = new WeakMap<HostedFilesystem, Known>();
  readonly #registries: Record<Form, Registry>;

  /**
   * `defaults` adds the metrics of the process and its event loop, which watch it for as long as it
   * lives.
   */
  constructor(engine: Engine, nowMs: () => number, server: Server, defaults: boolean) {
    this.#engine = engine;
    this.#nowMs = nowMs;
    this.#ledger = new Ledger(engine);
    let scrape: Scrape | null = null;
    const read = () => {
      scrape ??= { totals: this.#ledger.all(nowMs()), server };
      queueMicrotask(() => {
        scrape = null;
      });
      return scrape;
    };
    const rows = rowsOf(this.#all, 'server');
    const process = defaults ? processMetrics() : null;
    const registry = (form: Form) => registryOf(rows, form, 'server', read, process);
    this.#registries = { text: registry('text'), openmetrics: registry('openmetrics') };
    for (const fs of engine.all()) this.#adopt(fs);
    engine.onChanged((fs) => {
      if (!fs.mounted && fs.stopped !== null) this.#discarded(fs);
    });
    engine.onDelivered((fs, events) => this.#count(fs, events));
  }

  scrape(form: Form): Promise<string> {
    return this.#registries[form].metrics();
  }

  scrapeOf(tenant: string, form: Form): Promise<string> {
    const totals = this.#ledger.of(this.#engine.list(tenant), this.#nowMs());
    return registryOf(rowsOf(this.#statesOf(tenant), 'tenant'), form, 'tenant', () => ({
      totals,
      server: null,
    })).metrics();
  }

  /**
   * The filesystems of a tenant, or of all, that are worth a look of their own: first those with
   * trouble, then the oldest.
   */
  worthALook(tenant: string | null, max: number): HostedFilesystem[] {
    const all = [...(tenant === null ? this.#engine.all() : this.#engine.list(tenant))];
    const worth = (fs: HostedFilesystem) => (hasTrouble(fs) ? 1 : 0);
    return all.sort((a, b) => worth(b) - worth(a) || a.number - b.number).slice(0, max);
  }

  /** Counts from the first scrape on. */
  scrapeOne(fs: HostedFilesystem, form: Form): Promise<string> {
    const known = this.#knownOf(fs);
    known.own ??= this.#begin(fs);
    const totals = this.#ledger.of([fs], this.#nowMs());
    return registryOf(rowsOf(known.own, 'tenant'), form, 'tenant', () => ({
      totals,
      server: null,
    })).metrics();
  }

  #begin(fs: HostedFilesystem): States {
    const states = freshStates();
    adopt(states, fs);
    return states;
  }

  #knownOf(fs: HostedFilesystem): Known {
    let known = this.#ofFilesystem.get(fs);
    if (known === undefined) {
      known = { tenant: this.#statesOf(fs.tenant), own: null, pinKinds: new Map() };
      this.#ofFilesystem.set(fs, known);
    }
    return known;
  }

  /** What a recovery brought back, of which no event tells any more. */
  #adopt(fs: HostedFilesystem): void {
    const { tenant, pinKinds } = this.#knownOf(fs);
    for (const { id, kind } of fs.kernel.pins.values()) pinKinds.set(pinId(id), kind);
    adopt(this.#all, fs);
    adopt(tenant, fs);
  }

  /** What stopped is removed without an event of its own. */
  #discarded(fs: HostedFilesystem): void {
    const { tenant, pinKinds } = this.#knownOf(fs);
    const place = this.#placeOf(fs, pinKinds);
    for (const { at, call } of listeners.get('filesystem.unmounted') ?? []) {
      call(this.#all[at], {}, place);
      call(tenant[at], {}, place);
    }
  }

  #placeOf({ kernel, name }: HostedFilesystem, pinKinds: ReadonlyMap<string, string>): Place {
    return { kernel, pinKind: '', operation: '', filesystem: name, atMs: this.#nowMs(), pinKinds };
  }

  #statesOf(tenant: string): States {
    const ring = this.#engine.tenantRing(tenant);
    let states = this.#ofTenant.get(ring);
    if (states === undefined) {
      states = freshStates();
      this.#ofTenant.set(ring, states);
    }
    return states;
  }

  #count(fs: HostedFilesystem, events: readonly KernelEvent[]): void {
    const { tenant, own, pinKinds } = this.#knownOf(fs);
    const place = this.#placeOf(fs, pinKinds);
    for (const event of events) {
      const interested = listeners.get(event.type);
      if (interested === undefined) continue;
      // The end of a pin does not say its kind.
      if (event.type === 'page.pinned') pinKinds.set(event.data.pin, event.data.kind);
      else if (event.type === 'page.unpinned') {
        place.pinKind = pinKinds.get(event.data.pin) ?? 'unknown';
        pinKinds.delete(event.data.pin);
      }
      place.operation = event.task === 0 ? '' : opId(event.task);
      for (const { at, call } of interested) {
        call(this.#all[at], event.data, place);
        call(tenant[at], event.data, place);
        if (own !== null) call(own[at], event.data, place);
      }
      if (event.type === 'power.restored') pinKinds.clear();
    }
  }
}

/**
 * What the routes need to know of a caller. `tenantOf`, `filesystemOf` and `anyFilesystemOf` throw
 * where there is none.
 */
export interface Callers {
  tenantOf(request: FastifyRequest): string;
  filesystemOf(request: FastifyRequest): HostedFilesystem;
  /** Of the tenant in the URL, which is for the operator. */
  anyFilesystemOf(request: FastifyRequest): HostedFilesystem;
  /** It may see the whole server. */
  mayOperate(request: FastifyRequest): boolean;
}

/**
 * `targetsMax`: filesystems that the service discovery names; each is some 200 series to whoever
 * scrapes them.
 */
export function registerMetrics(
  app: FastifyInstance,
  metrics: Metrics,
  callers: Callers,
  targetsMax: number,
): void {
  const route = (
    url: string,
    scope: 'public' | 'read' | 'operator',
    scrape: (request: FastifyRequest, form: Form) => Promise<string>,
  ) => {
    app.get(url, { config: { scope, query: [] } }, async (request, reply) => {
      const form = formOf(request.headers.accept);
      return reply.header('content-type', contentTypes[form]).send(await scrape(request, form));
    });
  };
  route('/metrics', 'public', (_request, form) => metrics.scrape(form));
  route('/v1/metrics', 'read', (request, form) =>
    metrics.scrapeOf(callers.tenantOf(request), form),
  );
  route('/v1/filesystems/:fs/metrics', 'read', (request, form) =>
    metrics.scrapeOne(callers.filesystemOf(request), form),
  );
  route('/v1/tenants/:tenant/filesystems/:fs/metrics', 'operator', (request, form) =>
    metrics.scrapeOne(callers.anyFilesystemOf(request), form),
  );
  // HTTP service discovery of Prometheus: where to scrape is where it was asked, and what, follows
  // from who asks. The tenant is a label where the operator asks; a tenant is not told its own
  // name, which it needs for nothing.
  app.get(
    '/v1/metrics/targets',
    { config: { scope: 'any', query: ['filesystems'] } },
    (request, reply) => {
      const targets = [request.headers.host ?? ''];
      const group = (path: string, labels = {}) => ({
        targets,
        labels: { __metrics_path__: path, service: 'pinhole', ...labels },
      });
      const operates = callers.mayOperate(request);
      const groups = [group(operates ? '/metrics' : '/v1/metrics')];
      if ((request.query as { filesystems?: string }).filesystems === 'true') {
        for (const { tenant, name } of metrics.worthALook(
          operates ? null : callers.tenantOf(request),
          targetsMax,
        )) {
          const path = `/filesystems/${name}/metrics`;
          const of = { filesystem: name };
          groups.push(
            operates
              ? group(`/v1/tenants/${tenant}${path}`, { tenant, ...of })
              : group(`/v1${path}`, of),
          );
        }
      }
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .send(JSON.stringify(groups));
    },
  );
}
