// The metrics as they are scraped: of the server, of a tenant, or of one filesystem.
import type { Registry } from 'prom-client';
import type { Engine, HostedFilesystem } from '../engine/engine.ts';
import { quotaNames } from '../tenants/quotas.ts';
import type { Tenants } from '../tenants/tenants.ts';
import { EventCounter } from './counting.ts';
import type { QuotaUse, Scrape } from './define.ts';
import { contentTypes, type Form, processMetrics, registryOf } from './exposition.ts';
import { quotas } from './quotas.ts';
import type { Server } from './server.ts';
import { rowsOf, type States } from './states.ts';
import { Ledger } from './totals.ts';

/** The largest part of a quota that the tenant uses. */
function fullness({ account: { used, limits } }: Pick<QuotaUse, 'account'>): number {
  let fullest = 0;
  for (const name of quotaNames)
    fullest = Math.max(fullest, used[name] / Math.max(1, limits[name]));
  return fullest;
}

/** Operations sleep in it, blocks wait for pins, or it has stopped. */
const hasTrouble = ({ kernel, stopped }: HostedFilesystem): boolean =>
  kernel.counts.sleepers > 0 ||
  kernel.busy.pages > 0 ||
  kernel.detached.pages > 0 ||
  stopped !== null;

export interface MetricsOptions {
  engine: Engine;
  tenants: Tenants;
  nowMs(): number;
  /** Counts of the server outside the kernels. */
  server: Server;
  /**
   * Adds the metrics of the process and its event loop. Their collectors never stop, so tests omit
   * them.
   */
  process: boolean;
}

export class Metrics {
  readonly contentTypes = contentTypes;
  readonly #engine: Engine;
  readonly #tenants: Tenants;
  readonly #nowMs: () => number;
  readonly #ledger: Ledger;
  readonly #counter: EventCounter;
  readonly #registries: Record<Form, Registry>;

  constructor({ engine, tenants, nowMs, server, process: withProcess }: MetricsOptions) {
    this.#engine = engine;
    this.#tenants = tenants;
    this.#nowMs = nowMs;
    this.#ledger = new Ledger(engine);
    this.#counter = new EventCounter(engine, nowMs);
    // All rows of one scrape read the same totals, so that they agree.
    let scrape: Scrape | null = null;
    const read = () => {
      scrape ??= { totals: this.#ledger.all(nowMs()), server, quotas: [] };
      queueMicrotask(() => {
        scrape = null;
      });
      return scrape;
    };
    const rows = rowsOf(this.#counter.ofServer, 'server');
    const process = withProcess ? processMetrics() : null;
    const registry = (form: Form) => registryOf(rows, form, 'server', read, process);
    this.#registries = { text: registry('text'), openmetrics: registry('openmetrics') };
  }

  scrape(form: Form): Promise<string> {
    return this.#registries[form].metrics();
  }

  scrapeOf(tenant: string, form: Form): Promise<string> {
    const states = this.#counter.ofTenant(tenant);
    const account = this.#tenants.get(tenant)?.account;
    const used = account === undefined ? [] : [{ tenant: null, account }];
    return this.#scrapeOf(states, this.#engine.list(tenant), form, used);
  }

  /**
   * The quotas of at most `max` tenants: those that use the largest part of one first, then the
   * oldest.
   */
  scrapeTenants(form: Form, max: number): Promise<string> {
    const fullest = [...this.#tenants.all()]
      .map(({ name, account }) => ({ tenant: name, account, part: fullness({ account }) }))
      .sort((a, b) => b.part - a.part)
      .slice(0, max);
    const scrape: Scrape = { totals: this.#ledger.of([], 0), server: null, quotas: fullest };
    const rows = quotas.rows.map((row) => ({ row, state: null }));
    return registryOf(rows, form, 'server', () => scrape).metrics();
  }

  /** Counting begins with the first scrape. */
  scrapeOne(fs: HostedFilesystem, form: Form): Promise<string> {
    return this.#scrapeOf(this.#counter.ofFilesystem(fs), [fs], form, []);
  }

  #scrapeOf(
    states: States,
    filesystems: Iterable<HostedFilesystem>,
    form: Form,
    quotas: readonly QuotaUse[],
  ): Promise<string> {
    const totals = this.#ledger.of(filesystems, this.#nowMs());
    const scrape: Scrape = { totals, server: null, quotas };
    return registryOf(rowsOf(states, 'tenant'), form, 'tenant', () => scrape).metrics();
  }

  /**
   * The filesystems, of one tenant or of all, that Prometheus should scrape alone: first those with
   * problems, then the oldest.
   */
  worthALook(tenant: string | null, max: number): HostedFilesystem[] {
    const all = [...(tenant === null ? this.#engine.all() : this.#engine.list(tenant))];
    const worth = (fs: HostedFilesystem) => (hasTrouble(fs) ? 1 : 0);
    return all.sort((a, b) => worth(b) - worth(a) || a.number - b.number).slice(0, max);
  }
}
