// A lab: one workload under several strategies with many seeds. It plans the runs, gives them to a
// runner, and makes one table of their figures. The table depends on the document, the strategies,
// the seeds and the versions alone: not on the order in which runs end, nor on the machine.
import { kernelVersion } from '../kernel/snapshot.ts';
import { defaultBounds, type RunBounds } from './bounds.ts';
import { type Parsed, workloadOf } from './document.ts';
import { estimateOf } from './estimate.ts';
import { figures } from './figures.ts';
import { headlineOf, noHeadline } from './headline.ts';
import { Histogram } from './histogram.ts';
import { LabError } from './lab-error.ts';
import { notesOn } from './notes.ts';
import type { RunFigures } from './observe.ts';
import {
  digestOf,
  type FigureSummary,
  type LabResult,
  type ResultPoint,
  type StrategyRow,
} from './result.ts';
import { machineOf, type RunResult } from './run.ts';
import type { Workload } from './schema.ts';
import { Bootstrap, difference } from './statistics.ts';
import { choiceOf, sixStrategies } from './strategies.ts';
import { documentAt, pointsOf, valuesOf } from './sweep.ts';

/** Increase it when the same document and seeds no longer give the same table. */
export const labVersion = 2;

export interface LabRequest {
  parsed: Parsed;
  /** Names of strategies; without it the six. */
  strategies?: readonly string[];
  /** How many seeds, from 1 on, or which. */
  seeds?: number | readonly number[];
  bounds?: RunBounds;
}

/** One run of a lab. It is plain data, for a worker thread. */
export interface Job {
  raw: unknown;
  seed: number;
  /** The name of the strategy. */
  strategy: string;
  bounds: RunBounds;
}

/**
 * Runs jobs, as many at once as it has threads. Results are JSON in bytes, so that the thread that
 * only collects them does not spend time on them. Both methods reject with a RunError, or with the
 * reason of `signal`.
 */
export interface Runner {
  readonly threads: number;
  /** The JSON of a RunResult. */
  run(job: Job, signal: AbortSignal): Promise<Uint8Array>;
  /** The JSON of a LabResult. The bytes of the results may be gone afterwards. */
  tabulate(results: LabResults, signal: AbortSignal): Promise<Uint8Array>;
}

/** A lab that was checked. It is plain data, for a worker thread. */
export interface LabPlan {
  raw: unknown;
  sweep: Record<string, unknown[]>;
  strategies: string[];
  seeds: number[];
  bounds: RunBounds;
  /** Strategies that the filesystem cannot have, by their index, at a point of the sweep. */
  refused: { point: number; strategy: number; why: string }[];
  /** How many runs it takes. */
  runs: number;
}

export interface LabResults {
  plan: LabPlan;
  /** By point, by strategy, by seed; null for a strategy that is refused. */
  runs: (Uint8Array | null)[][][];
}

export interface Progress {
  runsDone: number;
  runs: number;
}

export const seedsDefault = 32;
export const seedsMax = 1000;
export const seedMax = 2 ** 31;
const jobsMax = 20_000;
/** A row lists so many findings. */
const findingsListedMax = 12;

/** Checks all that can be checked before the first run. Throws a LabError. */
export function planLab({
  parsed,
  strategies = sixStrategies,
  seeds: seedsAsked = seedsDefault,
  bounds = defaultBounds,
}: LabRequest): LabPlan {
  const seeds = seedsOf(seedsAsked);
  if (strategies.length === 0) throw wrong('strategies', 'there must be at least one');
  const twice = strategies.find((name, at) => strategies.indexOf(name) !== at);
  if (twice !== undefined) throw wrong('strategies', `${twice} is named twice`);
  const points = pointsOf(parsed);
  const jobs = points.length * strategies.length * seeds.length;
  if (jobs > jobsMax)
    throw wrong(
      '',
      `${points.length} points with ${strategies.length} strategies and ${seeds.length} seeds are ` +
        `${jobs} runs; ${jobsMax} is the maximum`,
    );
  for (const { workload } of points) {
    const estimate = estimateOf(workload);
    if (estimate > bounds.commandsMax)
      throw wrong(
        'durationMs',
        `a run would need about ${Math.round(estimate)} operations; ` +
          `${bounds.commandsMax} is the maximum`,
      );
  }
  const refused = points.flatMap(({ workload }, point) =>
    strategies.flatMap((name, strategy) => {
      const why = whyRefused(name, workload);
      return why === null ? [] : [{ point, strategy, why }];
    }),
  );
  return {
    raw: parsed.raw,
    sweep: parsed.workload.sweep ?? {},
    strategies: [...strategies],
    seeds,
    bounds,
    refused,
    runs: jobs - refused.length * seeds.length,
  };
}

/** Why the filesystem of the workload cannot have the strategy, or null. */
function whyRefused(name: string, workload: Workload): string | null {
  const choice = choiceOf(name, workload);
  try {
    machineOf(workload, choice);
    return null;
  } catch (error) {
    if (!(error instanceof LabError) || error.mistakes[0]?.path !== 'strategies') throw error;
    return error.mistakes[0].message;
  }
}

const isWhole = (value: number, min: number, max: number) =>
  Number.isInteger(value) && value >= min && value <= max;

function seedsOf(asked: number | readonly number[]): number[] {
  if (typeof asked === 'number') {
    if (!isWhole(asked, 1, seedsMax))
      throw wrong('seeds', `must be a whole number from 1 to ${seedsMax}`);
    return Array.from({ length: asked }, (_, at) => at + 1);
  }
  if (asked.length === 0 || asked.length > seedsMax)
    throw wrong('seeds', `the list has ${asked.length} seeds; it must have 1 to ${seedsMax}`);
  for (const [at, seed] of asked.entries()) {
    if (!isWhole(seed, 0, seedMax))
      throw wrong(`seeds.${at}`, `must be a whole number from 0 to ${seedMax}`);
    if (asked.indexOf(seed) !== at) throw wrong(`seeds.${at}`, `${seed} is named twice`);
  }
  return [...asked];
}

const wrong = (path: string, message: string): LabError => new LabError([{ path, message }]);

interface Running {
  runner: Runner;
  progress?(at: Progress): void;
  signal?: AbortSignal;
}

export async function runLab(request: LabRequest, running: Running): Promise<LabResult> {
  const bytes = await runPlan(planLab(request), running);
  return JSON.parse(new TextDecoder().decode(bytes)) as LabResult;
}

/** The JSON of a LabResult. */
export async function runPlan(
  plan: LabPlan,
  { runner, progress = () => {}, signal = new AbortController().signal }: Running,
): Promise<Uint8Array> {
  const runs = await runAll(plan, { runner, progress, signal });
  return runner.tabulate({ plan, runs }, signal);
}

/** The table of all runs. It takes some time. */
export function tabulate({ plan, runs }: LabResults): LabResult {
  const bootstrap = new Bootstrap(plan.seeds.length);
  const { workload } = workloadOf(plan.raw);
  const points = valuesOf(plan.sweep).map((at, point) => ({
    at: at as ResultPoint['at'],
    strategies: rowsOf(plan, point, (runs[point] ?? []).map(parsedRuns), bootstrap),
  }));
  number(points);
  const result: Omit<LabResult, 'digest'> = {
    lab: labVersion,
    kernel: kernelVersion,
    name: workload.name,
    ...(workload.about === undefined ? {} : { about: workload.about }),
    workload: plan.raw as LabResult['workload'],
    seeds: plan.seeds,
    notes: notesOn(plan.seeds.length, points),
    strategies: points[0]?.strategies ?? [],
    ...(workload.sweep === undefined ? {} : { points }),
  };
  return { ...result, digest: digestOf(result) };
}

const parsedRuns = (runs: readonly (Uint8Array | null)[]): (RunResult | null)[] =>
  runs.map((bytes) =>
    bytes === null ? null : (JSON.parse(new TextDecoder().decode(bytes)) as RunResult),
  );

/** Findings are numbered through the whole lab, in the order of points and strategies. */
function number(points: readonly ResultPoint[]): void {
  const all = points.flatMap(({ strategies }) => strategies.flatMap(({ findings }) => findings));
  for (const [at, finding] of all.entries()) finding.number = at + 1;
}

async function runAll(
  plan: LabPlan,
  { runner, progress, signal }: Required<Running>,
): Promise<LabResults['runs']> {
  const results = valuesOf(plan.sweep).map(() =>
    plan.strategies.map(() => plan.seeds.map((): Uint8Array | null => null)),
  );
  const jobs = jobsOf(plan);
  let runsDone = 0;
  // The first failure ends the other runs too, because their table will not be made.
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const work = async (): Promise<void> => {
    for (let next = jobs.next(); next.done !== true; next = jobs.next()) {
      either.throwIfAborted();
      const { point, strategy, index, job } = next.value;
      const row = results[point]?.[strategy] as (Uint8Array | null)[];
      row[index] = await runner.run(job, either);
      runsDone += 1;
      progress({ runsDone, runs: plan.runs });
    }
  };
  const workers = Array.from({ length: Math.max(1, runner.threads) }, () =>
    work().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  const ends = await Promise.allSettled(workers);
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

/** In the order of points, strategies and seeds. Several workers take jobs from it. */
function* jobsOf({ raw, sweep, strategies, seeds, bounds, refused }: LabPlan) {
  const without = new Set(refused.map(({ point, strategy }) => `${point} ${strategy}`));
  for (const [point, at] of valuesOf(sweep).entries()) {
    const document = documentAt(raw, at);
    for (const [strategy, name] of strategies.entries()) {
      if (without.has(`${point} ${strategy}`)) continue;
      for (const [index, seed] of seeds.entries()) {
        const job: Job = { raw: document, seed, strategy: name, bounds };
        yield { point, strategy, index, job };
      }
    }
  }
}

function rowsOf(
  { raw, sweep, strategies, refused, seeds }: LabPlan,
  point: number,
  results: readonly (readonly (RunResult | null)[])[],
  bootstrap: Bootstrap,
): StrategyRow[] {
  const first = figuresBySeed(results[0] ?? []);
  const { workload } = workloadOf(documentAt(raw, valuesOf(sweep)[point] ?? {}));
  return strategies.map((name, at) => {
    const { name: _, ...options } = choiceOf(name, workload);
    const refusal = refused.find((one) => one.point === point && one.strategy === at);
    if (refusal !== undefined)
      return {
        strategy: name,
        options: {},
        refused: refusal.why,
        ...noHeadline,
        ...noDetail(),
      };
    const runs = (results[at] ?? []).filter((run) => run !== null);
    const ofRuns = runs.map(({ figures: run }) => run);
    return {
      strategy: name,
      options: options as StrategyRow['options'],
      ...headlineOf(ofRuns),
      findings: runs
        .flatMap(({ findings }, index) =>
          findings.map((finding) => ({ number: 0, seed: seeds[index] as number, ...finding })),
        )
        .slice(0, findingsListedMax),
      figures: summaries(
        figuresBySeed(results[at] ?? []),
        at === 0 ? null : first,
        bootstrap,
        seeds.length,
      ),
      seedsWith: seedsWith(ofRuns),
      latency: latencies(ofRuns),
      heldBackSeries: meanSeries(ofRuns.map(({ space }) => space.series)),
    };
  });
}

/** A new one for each row. */
const noDetail = () => ({
  findings: [],
  figures: {},
  seedsWith: {},
  latency: {},
  heldBackSeries: [],
});

type BySeed = Map<string, (number | null)[]>;

const figuresBySeed = (runs: readonly (RunResult | null)[]): BySeed =>
  new Map(
    figures.map(({ name, of }) => [
      name,
      runs.map((run) => (run === null ? null : of(run.figures))),
    ]),
  );

function summaries(
  own: BySeed,
  first: BySeed | null,
  bootstrap: Bootstrap,
  seeds: number,
): Record<string, FigureSummary> {
  const out: Record<string, FigureSummary> = {};
  for (const [name, values] of own) {
    const there = values.filter((value) => value !== null);
    if (there.length === 0) continue;
    const theirs = first?.get(name);
    const pairs = values.flatMap((value, seed) => {
      const other = theirs?.[seed] ?? null;
      return value === null || other === null ? [] : [difference(value, other)];
    });
    // A figure that some seeds do not have is resampled among those that have it.
    const among = (count: number): Bootstrap =>
      count === seeds ? bootstrap : new Bootstrap(count);
    out[name] = {
      ...among(there.length).summary(there),
      ...(pairs.length === 0 ? {} : { difference: among(pairs.length).summary(pairs) }),
      ...(there.length === seeds ? {} : { seeds: there.length }),
    };
  }
  return out;
}

function seedsWith(runs: readonly RunFigures[]): Record<string, number> {
  const has = (of: (run: RunFigures) => boolean): number => runs.filter(of).length;
  const reasons = (run: RunFigures) =>
    [...Object.values(run.callers), ...Object.values(run.others)].flatMap((op) =>
      op.neverEnded.map(({ reason }) => reason),
    );
  return {
    deadlock: has((run) => run.machine.deadlocks > 0),
    hang: has((run) => reasons(run).includes('hang')),
    starvation: has((run) => reasons(run).includes('starvation')),
    'foreign write': has((run) => run.device.foreignWritten > 0),
  };
}

function latencies(runs: readonly RunFigures[]): StrategyRow['latency'] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.callers)))].sort();
  return Object.fromEntries(
    names.map((name) => {
      const ended = new Histogram();
      const unfinished = new Histogram();
      const failed: Record<string, number> = {};
      const neverEnded: Record<string, number> = {};
      for (const run of runs) {
        const op = run.callers[name];
        if (op === undefined) continue;
        ended.merge(op.latency);
        for (const [errno, count] of Object.entries(op.failed))
          failed[errno] = (failed[errno] ?? 0) + count;
        for (const { reason, us } of op.neverEnded) {
          neverEnded[reason] = (neverEnded[reason] ?? 0) + 1;
          if (reason === 'unfinished') unfinished.add(us);
        }
      }
      return [
        name,
        {
          ended: ended.record(),
          unfinished: unfinished.record(),
          failed: inOrder(failed),
          neverEnded: inOrder(neverEnded),
        },
      ];
    }),
  );
}

const inOrder = (counts: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));

function meanSeries(all: readonly (readonly number[])[]): number[] {
  const [first = []] = all;
  return first.map((_, at) => {
    let sum = 0;
    for (const series of all) sum += series[at] as number;
    return Math.round((sum / all.length) * 1000) / 1000;
  });
}
