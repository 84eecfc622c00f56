// The result of a lab, as the API, the command and the report have it. The schema is the contract:
// OpenAPI, the clients and the types are made from it.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { findingKinds } from './findings.ts';

const zValue = z
  .union([z.number(), z.literal('never'), z.literal('-never')])
  .describe(
    '`never` is the figure of a call that waits for ever; it is above every number. In a ' +
      'difference, `-never` means that it waits for ever under the first strategy only.',
  );

const zSummary = z.object({
  median: zValue,
  q1: zValue.describe('The lower quartile of the seeds.'),
  q3: zValue.describe('The upper quartile of the seeds.'),
  low: zValue.describe('The lower end of the interval in which the median lies with 95 %.'),
  high: zValue.describe('The upper end of that interval.'),
});

const zFigureSummary = zSummary.extend({
  difference: zSummary
    .optional()
    .describe('Of the differences to the first strategy, seed by seed.'),
  seeds: z.int().optional().describe('In how many seeds the figure exists, if not in all.'),
});
export type FigureSummary = z.infer<typeof zFigureSummary>;

const zHistogram = z.object({
  count: z.int().describe('How many calls.'),
  max: z.number().describe('The longest, in microseconds.'),
  sum: z.number().describe('Of all, in microseconds.'),
  buckets: z
    .array(z.int())
    .describe(
      'Buckets that are not empty, each as its number and its count. Numbers below 128 have a ' +
        'bucket each; above, each power of two has 128.',
    ),
});

const zFindingKind = z.enum(findingKinds);

const zFoundInSeed = z
  .object({
    number: z.int().describe('Its number in this lab, for `findings/{number}/bundle`.'),
    seed: z.int(),
    kind: zFindingKind,
    entry: z.int().describe('The command of the run at which it happens.'),
    atMs: z.number().describe('Simulated time.'),
    file: z.string().nullable(),
    text: z.string(),
  })
  .describe('A deadlock, hang, starvation or foreign write that a run found.');

const median = (what: string) => z.number().nullable().describe(`${what} Median of the seeds.`);
const sum = (what: string) => z.int().nullable().describe(`${what} Sum of the seeds.`);

const zNullBecause = z
  .enum(['never', 'none'])
  .describe(
    '`never`: in half of the seeds or more, that call waits for ever. `none`: no seed has a ' +
      'layout change.',
  );

export const latencyFields = ['p50', 'p90', 'p99', 'max'] as const;

/** What a reader compares first, a number each. */
export const zHeadline = z.object({
  changes: z
    .object({
      ended: sum('Layout changes that succeeded.'),
      failed: sum('Layout changes that failed.'),
      neverEnded: sum('Layout changes that wait for ever.'),
      latencyMs: z
        .object({
          p50: median('Half of the layout changes of a run take at most this long.'),
          p90: median('90 % of the layout changes of a run take at most this long.'),
          p99: median('99 % of the layout changes of a run take at most this long.'),
          max: median('The longest layout change of a run.'),
          nullBecause: z
            .partialRecord(z.enum(latencyFields), zNullBecause)
            .optional()
            .describe('Why a latency is null.'),
        })
        .describe('How long the layout changes take, in milliseconds.'),
    })
    .describe('The callers: truncate, punch and the other operations that remove blocks.'),
  others: z
    .object({
      blockedMs: median('The time that all threads together waited for a lock or an entry.'),
      longestMs: median('The longest of these waits.'),
    })
    .describe('The calls that wait behind a layout change.'),
  space: z
    .object({
      peakBlocks: median('The most blocks at one time.'),
      blockMs: median('The blocks times the time for which each was held back.'),
    })
    .describe('Blocks that no file owned and nobody could use.'),
  device: z
    .object({
      lost: sum('Pages that a device wrote after no file owned the block.'),
      foreign: sum('Pages of another file that a device overwrote.'),
      refused: sum('Pins that were refused.'),
    })
    .describe('The owners of the pins.'),
  deadlocks: sum('Cycles of waits that were completed.'),
  hangs: sum('Calls that wait for a page that nobody has pinned.'),
  starved: sum('Calls that found another pinned page each time that they looked.'),
  scans: sum('Scans of a range for pinned pages.'),
  wakeups: sum('Tasks that were woken.'),
  spurious: sum('Of these, tasks that were woken for the page of somebody else.'),
});
export type Headline = z.infer<typeof zHeadline>;

const zCounts = z.record(z.string(), z.int());

const zStrategyRow = z.object({
  strategy: z.string(),
  options: z.record(z.string(), z.unknown()),
  refused: z
    .string()
    .optional()
    .describe('Why the filesystem cannot have this strategy. All numbers are null then.'),
  ...zHeadline.shape,
  findings: z.array(zFoundInSeed).describe('The first of them.'),
  figures: z
    .record(z.string(), zFigureSummary)
    .describe('Every figure with its spread over the seeds.'),
  seedsWith: zCounts.describe('In how many seeds there was a finding of each kind.'),
  latency: z
    .record(
      z.string(),
      z.object({
        ended: zHistogram.describe('Calls that succeeded.'),
        unfinished: zHistogram.describe(
          'Calls that were cut off by the end of their run, with the time so far.',
        ),
        failed: zCounts.describe('By errno.'),
        neverEnded: zCounts.describe('By reason; `unfinished` is one of them.'),
      }),
    )
    .describe('Latencies of all seeds together, by operation, in microseconds.'),
  heldBackSeries: z
    .array(z.number())
    .describe('Blocks held back in equal parts of the measured time: the mean of all seeds.'),
});
export type StrategyRow = z.infer<typeof zStrategyRow>;

const zPoint = z.object({
  at: z.record(z.string(), z.unknown()).describe('The value at each path of the sweep.'),
  strategies: z.array(zStrategyRow),
});
export type ResultPoint = z.infer<typeof zPoint>;

export const zLabResult = z
  .object({
    lab: z.int().describe('The version of the lab. Another version may give other figures.'),
    kernel: z.int().describe('The version of the simulated kernel.'),
    name: z.string(),
    about: z.string().optional().describe('The line about it in the document.'),
    workload: z.record(z.string(), z.unknown()).describe('The document as it was given.'),
    seeds: z.array(z.int()).describe('The seeds that were run.'),
    notes: z.array(z.string()).describe('Limits of the figures, for a reader.'),
    strategies: z
      .array(zStrategyRow)
      .describe('A row for each strategy; with a sweep, those of its first point.'),
    points: z.array(zPoint).optional().describe('With a sweep: the rows of every point.'),
    digest: z
      .string()
      .describe('SHA-256 of the canonical JSON (RFC 8785) of all other fields of the result.'),
  })
  .describe(
    'The same document, strategies, seeds and versions give the same result on every machine, ' +
      'byte for byte.',
  );
export type LabResult = z.infer<typeof zLabResult>;

/** All points; a lab without a sweep has one. */
export const pointsIn = ({ points, strategies }: LabResult): ResultPoint[] =>
  points ?? [{ at: {}, strategies }];

/**
 * JSON.stringify writes numbers and strings as RFC 8785 asks; the order of fields is added here.
 * The order of UTF-16 code units is that of sort().
 */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, own]) => own !== undefined);
  return Object.fromEntries(
    fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => [name, canonical(own)]),
  );
}

export const digestOf = (result: Omit<LabResult, 'digest'>): string =>
  `sha256:${createHash('sha256')
    .update(JSON.stringify(canonical(result)))
    .digest('hex')}`;
