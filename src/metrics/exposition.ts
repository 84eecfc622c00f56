// The two formats of a scrape: the text format of Prometheus, and OpenMetrics, which can carry
// exemplars.
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { Row, Sample, Scrape } from './define.ts';
import type { Exemplar } from './distribution.ts';

export type Form = 'text' | 'openmetrics';

export const contentTypes: Record<Form, string> = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

/** A row of a family, with the state that it reads. */
export interface StatedRow {
  row: Row<unknown>;
  state: unknown;
}

/** OpenMetrics names a counter without `_total`; prom-client adds it to each sample. */
const nameIn = (form: Form, name: string, type: string): string =>
  form === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;

/**
 * Removes the name of the filesystem in a scrape of the server, because tenants choose those names.
 */
function shownExemplar(
  { operation, filesystem, value, atMs }: Exemplar,
  scope: 'tenant' | 'server',
) {
  return {
    labelSet: scope === 'tenant' ? { operation, filesystem } : { operation },
    value,
    timestamp: atMs / 1000,
  };
}

export function registryOf(
  rows: readonly StatedRow[],
  form: Form,
  scope: 'tenant' | 'server',
  scrape: () => Scrape,
  process: Registry | null = null,
): Registry {
  const registry = new Registry();
  registry.setContentType(contentTypes[form] as typeof Registry.PROMETHEUS_CONTENT_TYPE);
  const values = (samples: Sample[]) =>
    samples.map((sample) =>
      sample.exemplar === undefined
        ? sample
        : { ...sample, exemplar: shownExemplar(sample.exemplar, scope) },
    );
  for (const { row, state } of rows) {
    const { help, type } = row;
    const name = nameIn(form, row.name, type);
    add(registry, {
      name,
      help,
      type,
      get: async () => ({ name, help, type, values: values(row.read(state, scrape())) }),
    });
  }
  for (const metric of process?.getMetricsAsArray() ?? []) {
    const { help } = metric;
    const type = String(metric.type);
    const name = nameIn(form, metric.name, type);
    // A copy, because both formats read the same metric, and prom-client changes its name.
    const get = async () => ({
      ...(await (metric as unknown as { get(): Promise<object> }).get()),
      name,
    });
    add(registry, { name, help, type, get });
  }
  return registry;
}

/** Registers an object with `get`, the only method that a registry calls. */
function add(
  registry: Registry,
  metric: { name: string; help: string; type: string; get(): Promise<object> },
): void {
  // Not the classes of prom-client, because they count by themselves: that costs as much for each
  // event as this costs for a scrape.
  registry.registerMetric({ ...metric, reset() {} } as unknown as Metric);
}

/** Gauges whose names end in `_total`, which OpenMetrics reserves for counters. */
const misnamed = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}
