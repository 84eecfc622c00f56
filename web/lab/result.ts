// The result of a lab, as the API and `pinhole lab run -o json` give it. Here are the parts that the
// tables and charts read, so that a report needs no server.

/** `never` is what never ended; `-never` in a difference is what only ends here. */
export type Value = number | 'never' | '-never';

export interface Summary {
  median: Value;
  /** Quartiles of the seeds. */
  q1: Value;
  q3: Value;
  /** The interval in which the median lies with 95 %. */
  low: Value;
  high: Value;
}

export interface FigureSummary extends Summary {
  /** Of the differences to the first strategy, seed by seed. */
  difference?: Summary | undefined;
  /** In how many seeds there was such a figure, if not in all. */
  seeds?: number | undefined;
}

/** Buckets that are not empty, ascending: [bucket, count, bucket, count, …]. */
export interface HistogramRecord {
  count: number;
  max: number;
  buckets: readonly number[];
}

export interface OpLatency {
  /** In microseconds. */
  ended: HistogramRecord;
  /** Cut off by the end of their run, with the time so far. */
  unfinished: HistogramRecord;
  failed: Readonly<Record<string, number>>;
  neverEnded: Readonly<Record<string, number>>;
}

export interface Finding {
  /** Its number in the lab. */
  number: number;
  seed: number;
  kind: string;
  atMs: number;
  file: string | null;
  text: string;
}

export interface StrategyRow {
  strategy: string;
  /** The filesystem cannot have this strategy. */
  refused?: string | undefined;
  figures: Readonly<Record<string, FigureSummary>>;
  seedsWith: Readonly<Record<string, number>>;
  latency: Readonly<Record<string, OpLatency>>;
  /** Blocks held back in equal parts of the measured time: the mean of all seeds. */
  heldBackSeries: readonly number[];
  findings: readonly Finding[];
}

export interface Point {
  /** The value at each path of the sweep. */
  at: Readonly<Record<string, unknown>>;
  strategies: readonly StrategyRow[];
}

export interface LabResult {
  lab: number;
  kernel: number;
  name: string;
  workload: unknown;
  seeds: readonly number[];
  notes: readonly string[];
  /** Without a sweep, or those of its first point. */
  strategies: readonly StrategyRow[];
  points?: readonly Point[] | undefined;
  digest: string;
}

/** Every point of the sweep; one without a sweep. */
export const pointsOf = ({ points, strategies }: LabResult): readonly Point[] =>
  points ?? [{ at: {}, strategies }];

/** The paths that are swept: none, one or two. */
export const sweptPaths = (result: LabResult): string[] =>
  Object.keys(pointsOf(result)[0]?.at ?? {});

/** A field of the document that was run. */
export function workloadField(result: LabResult, name: string): unknown {
  const { workload } = result;
  return typeof workload === 'object' && workload !== null
    ? (workload as Record<string, unknown>)[name]
    : undefined;
}

/** `actors.nic.loop.hold.median = 10`, for a heading. */
export const pointText = (at: Point['at']): string =>
  Object.entries(at)
    .map(([path, value]) => `${path} = ${valueText(value)}`)
    .join(', ');

export const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);
