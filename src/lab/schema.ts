// The schema of a workload. What a person writes is checked here field by field; check.ts checks
// what the fields mean together. The JSON Schema for editors is generated from it.
import { z } from 'zod';
import type { Operation } from '../kernel/ops/define.ts';
import { operations } from '../kernel/ops/index.ts';
import { mkfsArgs } from '../kernel/ops/mkfs.ts';
import { zFileName } from '../kernel/ops/name.ts';
import { zMs } from '../kernel/units.ts';
import { zCosts } from './costs.ts';
import { zCounts, zSizes, zTime } from './distribution.ts';
import { zSize } from './sizes.ts';

/** Operations that are no step of an actor, with the reason. */
export const noSteps: Readonly<Record<string, string>> = {
  'set-strategy': 'the lab chooses the strategy of a run',
  'clock-advance': 'the lab moves the clock',
  'scheduler-step': 'the lab runs the scheduler',
  'power-cycle': 'a power cut ends all actors',
  mmap: 'pin, fault, load, store and flush map the file when they need it; munmap unmaps it',
  cancel: 'give the operation timeoutMs',
};

const zPick = z
  .union([
    z.literal('uniform'),
    z.literal('sequential'),
    z.strictObject({ zipf: z.number().min(0).max(5) }),
  ])
  .describe(
    'uniform: each with the same probability. sequential: one after the other, from the first ' +
      'again after the last. zipf: the first most often, with this exponent.',
  );
export type Pick = z.infer<typeof zPick>;

const zOffset = z
  .union([zPick, zSizes])
  .describe('Where in the file: a pattern, in whole pages, or bytes. The default is uniform.');
export type Offset = z.infer<typeof zOffset>;

const zFiles = z
  .union([
    zFileName,
    z.array(zFileName).min(1).max(1000),
    z.strictObject({ any: z.array(zFileName).min(1).max(1000), by: zPick }),
  ])
  .describe(
    'A file, or several of which each round takes one. The default is that of the step before.',
  );
export type Files = z.infer<typeof zFiles>;

const sizes = new Set(['length', 'sizeBytes']);
const offsets = new Set(['offset', 'withOffset']);
const counts = new Set(['holdMs', 'count', 'block', 'seed']);

/** The arguments of a step: those of its operation, and those that the lab adds. */
function argsOf(op: Operation): z.ZodType {
  const fields: Record<string, z.ZodType> = {};
  for (const [name, schema] of Object.entries((op.args as z.ZodObject).shape)) {
    if (op.name === 'create' && name === 'name') continue;
    if (offsets.has(name)) fields[name] = zOffset.optional();
    else if (sizes.has(name)) fields[name] = zSizes.optional();
    else if (counts.has(name)) fields[name] = zCounts.optional();
    else fields[name] = schema as z.ZodType;
  }
  if (op.takes === 'bytes') fields.length = zSizes.optional();
  if ('length' in fields) fields.pages = zCounts.optional().describe('The length in pages.');
  if (op.on === 'file' || op.on === 'mapping' || op.name === 'create')
    fields.file = zFiles.optional();
  if (op.name === 'truncate') {
    delete fields.sizeBytes;
    fields.to = zSizes;
  }
  if (op.waits) {
    fields.nowait = z.boolean().optional();
    fields.failOnDeadlock = z.boolean().optional();
    fields.timeoutMs = zMs.optional();
  }
  return z.strictObject(fields);
}

const zHold = z
  .union([zTime, z.strictObject({ time: zTime, transfers: z.int().min(0).max(1000).default(1) })])
  .describe(
    'Keeps the pages of the last pin. The device transfers them `transfers` times in this time, ' +
      'at equal distances, the last time at the end.',
  );

/** The kinds of steps by name: think, hold, and the operations of the machine. */
export const stepSchemas: ReadonlyMap<string, z.ZodType> = new Map([
  ['think', zTime.describe('The actor does nothing for this time.')],
  ['hold', zHold],
  ...[...operations.values()]
    .filter(({ name }) => !(name in noSteps))
    .map((op): [string, z.ZodType] => [op.name, argsOf(op).describe(op.summary)]),
]);

const whenFields = {
  every: z.int().min(1).optional().describe('Only in each n-th round of the loop.'),
  chance: z.number().min(0).max(1).optional().describe('Only with this probability.'),
};

/** The fields of a step besides its kind. */
export const stepFields = Object.keys(whenFields);

const bareSteps = [...stepSchemas]
  .filter(([, schema]) => schema.safeParse({}).success)
  .map(([kind]) => kind);

export const zStepOf = (kind: string, schema: z.ZodType): z.ZodType =>
  z.strictObject({ [kind]: schema, ...whenFields });

/** One step of a loop. */
export interface Step {
  kind: string;
  value: unknown;
  every: number;
  chance: number;
}

const zStep = z
  .union([
    z.enum(bareSteps),
    ...[...stepSchemas].map(([kind, schema]) => zStepOf(kind, schema)),
  ] as unknown as [
    z.ZodType<string | Record<string, unknown>>,
    z.ZodType<string | Record<string, unknown>>,
  ])
  .transform((step): Step => {
    if (typeof step === 'string') return { kind: step, value: {}, every: 1, chance: 1 };
    const { every = 1, chance = 1, ...rest } = step as Record<string, unknown>;
    const [[kind, value] = ['', {}]] = Object.entries(rest);
    return { kind, value, every: every as number, chance: chance as number };
  });

const zActor = z.strictObject({
  count: z.int().min(1).max(1000).default(1).describe('How many threads do the same.'),
  about: z.string().max(1000).optional(),
  start: zTime
    .default({ uniform: [0, 10] })
    .describe('When a thread begins. By default within the first 10 ms, not all at once.'),
  periodMs: z
    .number()
    .positive()
    .max(86_400_000)
    .optional()
    .describe(
      'A round begins so long after the begin of the one before, or later if that lasts longer.',
    ),
  times: z
    .int()
    .min(1)
    .optional()
    .describe('The thread ends after so many rounds, releases its pins and unmaps its files.'),
  retryMs: z
    .number()
    .positive()
    .max(86_400_000)
    .default(1)
    .describe('How long a thread waits after an operation that failed.'),
  mapping: z
    .strictObject({
      access: z.enum(['read', 'read-write']).default('read-write'),
      shared: z.boolean().default(true),
      sync: z.boolean().default(false),
    })
    .prefault({})
    .describe('How the thread maps files.'),
  loop: z.array(zStep).min(1).max(100),
});
export type Actor = z.infer<typeof zActor>;

const zFileOf = z
  .union([
    zSize,
    z.strictObject({
      sizeBytes: zSize,
      count: z
        .int()
        .min(1)
        .max(1000)
        .optional()
        .describe('So many files, with the names NAME.0, NAME.1, …; NAME means all of them.'),
      fill: z
        .enum(['written', 'allocated', 'hole', 'absent'])
        .default('written')
        .describe('What is there when the run begins. absent: a step creates the file.'),
    }),
  ])
  .transform((file) =>
    typeof file === 'number'
      ? { sizeBytes: file, fill: 'written' as const, count: undefined }
      : file,
  );

const { kind, kernel, waitqueue, persistenceDomain, folioGranularity, extentMaxZerooutKb } =
  mkfsArgs.shape;

const zFilesystem = z.strictObject({
  sizeBytes: zSize.default(64 * 2 ** 20),
  kind,
  kernel,
  waitqueue,
  persistenceDomain,
  folioGranularity,
  extentMaxZerooutKb,
  longterm: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe(
      'Whether strategies allow long-term pins. Linux refuses them; allow shows what each ' +
        'strategy would do with them.',
    ),
  files: z.record(zFileName, zFileOf),
});

/** Values of a sweep; each replaces the value of the document at its path. */
const zSweep = z.record(z.string(), z.array(z.json()).min(1).max(100));

export const zWorkload = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens'),
    about: z.string().max(4000).optional(),
    source: z.string().max(1000).optional(),
    filesystem: zFilesystem,
    durationMs: z.number().positive().max(86_400_000).describe('Simulated time that is measured.'),
    warmupMs: z
      .number()
      .nonnegative()
      .max(86_400_000)
      .default(0)
      .describe('Simulated time before the measurement.'),
    costs: zCosts.optional(),
    actors: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/), zActor),
    sweep: zSweep.optional().describe('One or two paths, each with the values to run with.'),
  })
  .describe('A workload of the policy lab.');
export type Workload = z.infer<typeof zWorkload>;

/** For editors. */
export const workloadJsonSchema = (): object =>
  z.toJSONSchema(zWorkload, { io: 'input', reused: 'ref' });

export interface FileSpec {
  name: string;
  sizeBytes: number;
  fill: 'written' | 'allocated' | 'hole' | 'absent';
}

/** Every file by its name; a group also by the name of the group. */
export function filesOf({ filesystem }: Workload): Map<string, FileSpec[]> {
  const files = new Map<string, FileSpec[]>();
  for (const [name, { sizeBytes, fill, count }] of Object.entries(filesystem.files)) {
    const names =
      count === undefined ? [name] : Array.from({ length: count }, (_, i) => `${name}.${i}`);
    const group = names.map((one) => ({ name: one, sizeBytes, fill }));
    for (const one of group) files.set(one.name, [one]);
    files.set(name, group);
  }
  return files;
}

/** The files that a step may take, in the order of the document. */
export const namesOf = (files: Files): { names: readonly string[]; by: Pick } => {
  if (typeof files === 'string') return { names: [files], by: 'uniform' };
  if ('any' in files) return { names: files.any, by: files.by };
  return { names: files, by: 'uniform' };
};
