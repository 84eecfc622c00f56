// The registry of metric families, the listener that feeds them, and the two routes on which they are scraped.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { Engine, Hosted } from '../engine/engine.ts';
import type { EventRing } from '../engine/event-ring.ts';
import type { EventType, KernelEvent } from '../kernel/events.ts';
import { alarms } from './alarms.ts';
import { build } from './build.ts';
import { busy } from './busy.ts';
import type { Family, Place, Row, Scrape } from './define.ts';
import { engine as engineFamily } from './engine.ts';
import { faults } from './faults.ts';
import { http } from './http.ts';
import { pins } from './pins.ts';
import type { Server } from './server.ts';
import { space } from './space.ts';
import { stream } from './stream.ts';
import { totalsOf } from './totals.ts';
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
  http,
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

export class Metrics {
  readonly #engine: Engine;
  readonly #nowMs: () => number;
  readonly #all = freshStates();
  /** By the tenant's own log, so that they go when the tenant goes. */
  readonly #ofTenant = new WeakMap<EventRing, States>();
  readonly #ofFilesystem = new WeakMap<Hosted, { tenant: States; pinKinds: Map<string, string> }>();
  readonly #registry: Registry;

  /** `defaults` adds the metrics of the process and its event loop, which watch it for as long as it lives. */
  constructor(engine: Engine, nowMs: () => number, server: Server, defaults: boolean) {
    this.#engine = engine;
    this.#nowMs = nowMs;
    let scrape: Scrape | null = null;
    this.#registry = registryOf(this.#all, 'server', () => {
      scrape ??= { totals: totalsOf(engine.all(), nowMs()), server };
      queueMicrotask(() => {
        scrape = null;
      });
      return scrape;
    });
    if (defaults) addDefaults(this.#registry);
    engine.onDelivered((fs, events) => this.#count(fs, events));
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  scrape(): Promise<string> {
    return this.#registry.metrics();
  }

  scrapeOf(tenant: string): Promise<string> {
    const totals = totalsOf(this.#engine.list(tenant), this.#nowMs());
    return registryOf(this.#statesOf(tenant), 'tenant', () => ({ totals, server: null })).metrics();
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

  #count(fs: Hosted, events: readonly KernelEvent[]): void {
    let known = this.#ofFilesystem.get(fs);
    if (known === undefined) {
      known = { tenant: this.#statesOf(fs.tenant), pinKinds: new Map() };
      this.#ofFilesystem.set(fs, known);
    }
    const { tenant, pinKinds } = known;
    const place: Place = { kernel: fs.kernel, pinKind: '', pinKinds };
    for (const event of events) {
      const interested = listeners.get(event.type);
      if (interested === undefined) continue;
      // The end of a pin does not say its kind.
      if (event.type === 'page.pinned') pinKinds.set(event.data.pin, event.data.kind);
      else if (event.type === 'page.unpinned') {
        place.pinKind = pinKinds.get(event.data.pin) ?? 'unknown';
        pinKinds.delete(event.data.pin);
      }
      for (const { at, call } of interested) {
        call(this.#all[at], event.data, place);
        call(tenant[at], event.data, place);
      }
    }
  }
}

function registryOf(states: States, scope: 'tenant' | 'server', scrape: () => Scrape): Registry {
  const registry = new Registry();
  for (const [at, family] of families.entries()) {
    if (scope === 'tenant' && family.scope === 'server') continue;
    for (const row of family.rows) registry.registerMetric(metricOf(row, states[at], scrape));
  }
  return registry;
}

/** What a registry needs of a metric: its text is written from `get`. */
function metricOf(row: Row<unknown>, state: unknown, scrape: () => Scrape): Metric {
  const { name, help, type } = row;
  const metric = { name, help, type, get: async () => ({ name, help, type, values: row.read(state, scrape()) }), reset() {} };
  // The classes of prom-client count by themselves, which costs each event what ours costs a scrape.
  return metric as unknown as Metric;
}

/** Gauges that end in _total, which the format keeps for counters. */
const misnamed = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total'];

function addDefaults(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
}

/** `tenantOf` throws where the caller is no tenant. */
export function registerMetrics(app: FastifyInstance, metrics: Metrics, tenantOf: (request: FastifyRequest) => string): void {
  app.get('/metrics', { config: { scope: 'public' } }, async (_request, reply) => {
    const text = await metrics.scrape();
    return reply.header('content-type', metrics.contentType).send(text);
  });
  app.get('/v1/metrics', { config: { scope: 'read' } }, async (request, reply) => {
    const text = await metrics.scrapeOf(tenantOf(request));
    return reply.header('content-type', metrics.contentType).send(text);
  });
}
