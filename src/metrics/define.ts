// A family of metrics: its counters, the events that change them, and the rows of a scrape. Each
// event costs a few additions; names and labels become text only during a scrape.
import type { EventData, EventType } from '../kernel/events.ts';
import type { Kernel } from '../kernel/state.ts';
import type { Account } from '../tenants/quotas.ts';
import type { Distribution, Exemplar } from './distribution.ts';
import type { Server } from './server.ts';
import type { Totals } from './totals.ts';

/**
 * A count for each combination of label values; the key joins the values with line feeds. Where all
 * values are known, each count begins at 0, because Prometheus does not count the first value of a
 * series as an increase: without the 0, the first event of each kind would not be seen.
 */
export type Tally = Map<string, number>;

export interface Sample {
  labels: Record<string, string>;
  /** More labels, the same object for all samples of a distribution: they become text once. */
  sharedLabels?: Record<string, string>;
  value: number;
  /** Set if it differs from the name of the metric: `…_bucket`, `…_sum`, `…_count`. */
  metricName?: string;
  exemplar?: Exemplar;
}

export interface Scrape {
  totals: Totals;
  /** Null in the scrape of one tenant. */
  server: Server | null;
  /** The tenants whose quotas the scrape shows. */
  quotas: readonly QuotaUse[];
}

export interface QuotaUse {
  /** Null in the scrape of the tenant itself. */
  tenant: string | null;
  account: Account;
}

export interface Row<State> {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  read(state: State, scrape: Scrape): Sample[];
}

/** Where an event happened. */
export interface EventSource {
  kernel: Kernel;
  /** The kind of the pin that the event concerns. */
  pinKind: string;
  /** The operation that ran; empty for the release worker and for timers. */
  operation: string;
  filesystem: string;
  /** The time of the event on the clock of the server. */
  atMs: number;
  /** The kinds of all pins of the filesystem. */
  pinKinds: ReadonlyMap<string, string>;
}

export interface Family<State> {
  /** `server` families are not part of a tenant's own scrape. */
  scope: 'tenant' | 'server';
  create(): State;
  /**
   * Sets the gauges to the state of a filesystem when counting begins: after a start, or at the
   * first scrape of that filesystem alone. Counters begin at zero, because the earlier process has
   * already reported what it counted, and Prometheus adds the values.
   */
  adopt?(state: State, kernel: Kernel): void;
  on: { [T in EventType]?: (state: State, data: EventData<T>, place: EventSource) => void };
  rows: readonly Row<State>[];
}

export function defineFamily<State>(family: Family<State>): Family<unknown> {
  // The registry has families with different states, and passes to each only the state that it
  // created.
  return family as unknown as Family<unknown>;
}

export function tally(...keys: string[]): Tally {
  return new Map(keys.map((key) => [key, 0]));
}

/** The keys of all combinations of these label values. */
export function combinations(
  first: readonly string[],
  ...rest: readonly (readonly string[])[]
): string[] {
  return rest.reduce(
    (keys: readonly string[], values) =>
      keys.flatMap((key) => values.map((value) => `${key}\n${value}`)),
    first,
  ) as string[];
}

export function bump(counts: Tally, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

export function distribution(bounds: readonly number[]): Distribution {
  return { bounds, counts: new Array<number>(bounds.length + 1).fill(0), exemplars: [], sum: 0 };
}

export function observe(d: Distribution, value: number, place?: EventSource): void {
  const { bounds, counts, exemplars } = d;
  let at = 0;
  while (at < bounds.length && value > (bounds[at] as number)) at += 1;
  counts[at] = (counts[at] as number) + 1;
  d.sum += value;
  if (place === undefined || place.operation === '') return;
  const { operation, filesystem, atMs } = place;
  exemplars[at] = { operation, filesystem, value, atMs };
}

/** The distribution for these label values; created on first use. */
export function under(
  all: Map<string, Distribution>,
  key: string,
  bounds: readonly number[],
): Distribution {
  let one = all.get(key);
  if (one === undefined) {
    one = distribution(bounds);
    all.set(key, one);
  }
  return one;
}

export const one = (value: number): Sample[] => [{ labels: {}, value }];

const labelsOf = (names: readonly string[], key: string): Record<string, string> => {
  const values = key.split('\n');
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
};

export function samplesOf(names: readonly string[], counts: Tally): Sample[] {
  return [...counts].map(([key, value]) => ({ labels: labelsOf(names, key), value }));
}

export function bucketsOf(
  name: string,
  sharedLabels: Record<string, string>,
  { bounds, counts, exemplars, sum }: Distribution,
): Sample[] {
  const bucketName = `${name}_bucket`;
  let count = 0;
  const samples: Sample[] = counts.map((n, i) => {
    count += n;
    const le = i < bounds.length ? String(bounds[i]) : '+Inf';
    const exemplar = exemplars[i];
    const sample = { metricName: bucketName, labels: { le }, sharedLabels, value: count };
    return exemplar === undefined ? sample : { ...sample, exemplar };
  });
  samples.push(
    { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels, value: count },
  );
  return samples;
}

export function histogramOf(
  name: string,
  names: readonly string[],
  all: ReadonlyMap<string, Distribution>,
): Sample[] {
  return [...all].flatMap(([key, d]) => bucketsOf(name, labelsOf(names, key), d));
}

/** Distributions without a value, for label values that are known. */
export const distributions = (
  keys: readonly string[],
  bounds: readonly number[],
): Map<string, Distribution> => new Map(keys.map((key) => [key, distribution(bounds)]));

/** Bucket bounds for waiting times: a millisecond to ten minutes. */
export const waitBounds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
