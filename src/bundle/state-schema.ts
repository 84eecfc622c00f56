// The shape of every record of a state. A server's own snapshots need no such check, because only
// the server writes them; the state of a bundle comes from outside. What the values mean together
// is checked by the laws.
import { z } from 'zod';
import { evict } from '../kernel/ops/evict.ts';
import { operations } from '../kernel/ops/index.ts';
import type { SnapshotRecord } from '../kernel/snapshot.ts';
import { filesystemKinds, linuxVersions, pinKinds } from '../kernel/state.ts';

const zInt = z.int();
const zCount = z.int().nonnegative();
const zMs = z
  .number()
  .min(0)
  .max(2 ** 53);
const zText = z.string().max(4096);
const zBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const zPage = zBytes.refine(({ length }) => length === 4096);
const zInts = z.custom<Int32Array>((value) => value instanceof Int32Array);
const zFloats = z.custom<Float64Array>((value) => value instanceof Float64Array);
const zCounts = z.record(z.string().max(64), zCount);
const zSetOf = (of: z.ZodType) => z.set(of);

const zLock = z.enum(['i_rwsem', 'invalidate_lock']);
const zMode = z.enum(['shared', 'exclusive']);
const zAccess = z.enum(['read', 'write']);

const zHead = z.strictObject({
  geometry: z.strictObject({
    name: zText,
    kind: z.enum(filesystemKinds),
    kernel: z.enum(linuxVersions),
    sizeBytes: zCount,
    blocks: zCount,
    blocksMetadata: zCount,
    waitqueue: z.strictObject({ buckets: zCount, keyed: z.boolean() }),
    clock: z.enum(['realtime', 'manual']),
    scheduler: z.enum(['auto', 'stepped']),
    persistenceDomain: z.enum(['adr', 'eadr']),
    events: z.enum(['standard', 'detailed']).optional(),
    folioGranularity: z.boolean(),
    extentMaxZerooutKb: zCount,
  }),
  limits: zCounts,
  strategy: z.strictObject({ name: zText, options: z.record(z.string(), z.unknown()) }),
  strategySeq: zCount,
  idleRule: z.enum(['classic', 'modern', 'fixed']),
  nowMs: zMs,
  seq: zCount,
  eventSeq: zCount,
  nextIno: zCount,
  nextMapping: zCount,
  nextPin: zCount,
  nextTask: zCount,
  nextAnon: zCount,
  nextGeneration: zCount,
  busyGeneration: zCount,
  counts: zCounts,
  advanceToMs: zMs,
});

const zSem = z.strictObject({
  writer: zCount,
  readers: z.array(zCount),
  queue: z.array(z.strictObject({ task: zCount, mode: zMode })),
});
const noLeaves = z.array(z.never());
const zXArray = z.strictObject({ leaves: noLeaves, entries: zCount, heapBytes: zCount });

const zInode = z.strictObject({
  ino: zCount,
  name: zText,
  nlink: z.union([z.literal(0), z.literal(1)]),
  generation: zCount,
  version: zCount,
  sizeBytes: zCount,
  createdMs: zMs,
  modifiedMs: zMs,
  extents: z.strictObject({
    leaves: noLeaves,
    firsts: z.array(zCount),
    extents: zCount,
    pages: zCount,
  }),
  entries: zXArray,
  pmds: zSetOf(zCount).nullable(),
  entryLocks: z.map(zCount, zCount),
  mappings: z.array(zCount),
  users: zCount,
  evicting: z.boolean(),
  stoppedRefs: z.strictObject({ first: zCount, last: zCount }).nullable(),
  iRwsem: zSem,
  invalidateLock: zSem,
});

const zMapping = z.strictObject({
  id: zCount,
  ino: zCount,
  first: zCount,
  pages: zCount,
  access: z.enum(['read', 'read-write']),
  shared: z.boolean(),
  sync: z.boolean(),
  owner: zText.nullable(),
  createdMs: zMs,
  ptes: zXArray,
  pmds: zSetOf(zCount).nullable(),
  tables: zSetOf(zCount).optional(),
});

const zPin = z.strictObject({
  id: zCount,
  mapping: zCount,
  ino: zCount,
  owner: zText.nullable(),
  kind: z.enum(pinKinds),
  access: zAccess,
  longterm: z.boolean(),
  offset: zCount,
  first: zCount,
  offsetInPage: zCount.max(4095),
  lengthBytes: zCount,
  pfns: z.array(zInt),
  createdMs: zMs,
  untilMs: zMs,
  task: zCount,
});

const zSleep = z.discriminatedUnion('on', [
  z.strictObject({
    on: z.literal('page'),
    pfn: zCount,
    pgoff: zCount,
    bucket: zCount,
    ino: zCount.optional(),
  }),
  z.strictObject({ on: z.literal('lock'), ino: zCount, lock: zLock, mode: zMode }),
  z.strictObject({ on: z.literal('entry'), ino: zCount, pgoff: zCount, bucket: zCount }),
  z.strictObject({
    on: z.literal('spin'),
    pfn: zCount,
    pgoff: zCount,
    retries: zCount,
    ino: zCount.optional(),
  }),
]);

/** Locals differ from operation to operation. They are plain data without huge numbers. */
const zLocals = z.record(z.string().max(64), z.json().or(zBytes));

const zTask = z
  .strictObject({
    id: zCount,
    op: zText,
    owner: zText.nullable(),
    ino: zCount,
    otherIno: zCount,
    mapping: zCount,
    pin: zCount,
    args: z.unknown(),
    data: zBytes.nullable(),
    locals: zLocals,
    step: zText,
    state: z.enum(['runnable', 'preparing', 'sleeping']),
    sleep: zSleep.nullable(),
    interruptible: z.boolean(),
    woken: z.boolean(),
    signal: z.enum(['none', 'interrupt', 'restart', 'deadlock']),
    locks: z.array(z.strictObject({ ino: zCount, lock: zLock, mode: zMode, sinceMs: zMs })),
    nowait: z.boolean(),
    failOnDeadlock: z.boolean(),
    keep: z.boolean(),
    submittedMs: zMs,
    entry: zCount,
    sleptSinceMs: zMs,
    sleptMs: zMs,
    wakeups: zCount,
    timeoutAtMs: zMs,
  })
  .refine(
    ({ op, step, args }) => {
      // The machine begins evictions by itself, so no client can ask for one.
      const operation = op === evict.name ? evict : operations.get(op);
      return operation?.steps[step] !== undefined && operation.args.safeParse(args).success;
    },
    { error: 'is not an operation of this machine' },
  );

const zFailure = z.strictObject({
  errno: zText,
  rule: zText,
  why: zText,
  limit: z.number().optional(),
  header: z.enum(['If-Match', 'If-None-Match']).optional(),
  blockedBy: z.array(z.record(z.string(), z.json())).optional(),
  cycle: z.array(zText).optional(),
});

const zEnded = z.strictObject({
  id: zCount,
  op: zText,
  owner: zText.nullable(),
  file: zText.nullable(),
  ino: zCount.optional(),
  state: z.enum(['done', 'failed', 'cancelled']),
  outcome: z.union([
    z.strictObject({ ok: z.literal(true), result: z.unknown() }),
    z.strictObject({ ok: z.literal(false), failure: zFailure }),
  ]),
  submittedMs: zMs,
  entry: zCount,
  endedMs: zMs,
  sleptMs: zMs,
  wakeups: zCount,
});

const zWaiters = z.map(
  zCount,
  z.strictObject({ task: zCount, key: zCount, ino: zCount, exclusive: z.boolean() }),
);
const zRunOf = { pfn: zCount, pages: zCount.min(1), sinceMs: zMs, ino: zCount.optional() };

/** Key and value of each field that is written as one record for each entry. */
const maps: Record<string, [key: z.ZodType, value: z.ZodType]> = {
  folios: [zCount, z.strictObject({ pins: zCount, mapcount: zCount, entry: z.boolean() })],
  anonPages: [zInt, z.strictObject({ bytes: zPage, references: zCount })],
  names: [zText, zCount],
  pins: [zCount, zPin],
  holders: [zInt, z.union([zCount, z.array(zCount)])],
  tasks: [zCount, zTask],
  sleepersOf: [zText, z.array(zCount)],
  pinsOf: [zText, zCount],
  ended: [zCount, zEnded],
  pageQueues: [zCount, zWaiters],
  pageWaiters: [zCount, zCount],
  entryQueues: [zCount, zWaiters],
};

const zXLeaf = z.strictObject({
  keys: z.array(zCount),
  chunks: z.array(z.strictObject({ start: zCount, slots: zInts, count: zCount })),
});

/** What follows the kind of a record. */
const schemas: Record<Exclude<SnapshotRecord[0], 'map'>, readonly z.ZodType[]> = {
  head: [zHead],
  set: [z.enum(['busyByAge', 'sleepers']), zCount],
  list: [z.enum(['runnable', 'spinning', 'workqueue']), zCount],
  inode: [zInode],
  extents: [z.strictObject({ base: zInt, count: zCount.max(256), pgoff: zFloats, run: zInts })],
  entries: [zXLeaf],
  mapping: [zMapping],
  ptes: [zXLeaf],
  frames: [zCount, zInts],
  space: [
    z.strictObject({ blocks: zCount, free: zCount, bits: zCount, summary: zInts, top: zInts }),
  ],
  bits: [zCount, zInts],
  busy: [z.array(z.strictObject({ ...zRunOf, transaction: z.boolean(), pinned: z.boolean() }))],
  detached: [z.array(z.strictObject({ ...zRunOf, task: zCount }))],
  dirty: [zCount, z.strictObject({ medium: zPage, lines: z.tuple([zInt, zInt]) })],
  badSectors: [z.array(zCount)],
  timers: [z.array(z.strictObject({ atMs: zMs, kind: z.enum(['pin', 'timeout']), id: zCount }))],
};

/** Throws a ZodError, or a TypeError for something that is no record at all. */
export function recordOf(value: unknown): SnapshotRecord {
  const [kind, ...parts] = z.array(z.unknown()).parse(value) as [
    keyof typeof schemas,
    ...unknown[],
  ];
  const [field, key, content] = parts;
  if ((kind as string) === 'map') {
    const schema = Object.hasOwn(maps, String(field)) ? maps[String(field)] : undefined;
    if (schema === undefined) throw new TypeError(`there is no map ${field}`);
    z.tuple(schema).parse([key, content]);
  } else {
    const schema = Object.hasOwn(schemas, kind) ? schemas[kind] : undefined;
    if (schema === undefined) throw new TypeError(`there is no record ${kind}`);
    z.tuple(schema as [z.ZodType, ...z.ZodType[]]).parse(parts);
  }
  return value as SnapshotRecord;
}
