import { z } from 'zod';
import { spaceOf } from '../fs/superblock.ts';
import { defineView, found } from './define.ts';

const zSpace = z.object({
  blockSizeBytes: z.int(),
  blocks: z.int(),
  blocksMetadata: z.int(),
  blocksUsed: z.int(),
  blocksFree: z.int().describe('Blocks that can be allocated now.'),
  blocksBusy: z
    .int()
    .describe(
      'Blocks that left their file and cannot be allocated yet, because of a transaction or a ' +
        'pin.',
    ),
  blocksDetached: z.int().describe('Blocks that left their file and wait for their pins.'),
  native: z
    .object({ f_blocks: z.int(), f_bfree: z.int(), f_bavail: z.int() })
    .describe('The values of statfs on Linux, where busy blocks count as free.'),
});

const zFilesystem = z.object({
  name: z.string(),
  kind: z.string(),
  kernel: z.string(),
  sizeBytes: z.int(),
  strategy: z.looseObject({ name: z.string() }),
  waitqueue: z.object({ buckets: z.int(), keyed: z.boolean() }),
  clock: z.enum(['realtime', 'manual']),
  nowMs: z.int(),
  scheduler: z.enum(['auto', 'stepped']),
  persistenceDomain: z.enum(['adr', 'eadr']),
  folioGranularity: z.boolean(),
  extentMaxZerooutKb: z.int(),
  space: zSpace,
  counts: z.object({
    files: z.int(),
    mappings: z.int(),
    pins: z.int(),
    pinnedPages: z.int(),
    pinsAcquired: z.int(),
    pinsReleased: z.int(),
    sleepers: z.int(),
    delayedFrees: z.int(),
    wakeups: z.int(),
    spuriousWakeups: z.int(),
    bucketCollisions: z.int(),
    dirtyLines: z.int(),
  }),
});

export const filesystem = defineView({
  name: 'filesystem',
  etag: true,
  summary: 'statfs, geometry and strategy of a filesystem',
  doc: 'blocksMetadata + blocksUsed + blocksFree + blocksBusy + blocksDetached = blocks.',
  on: 'filesystem',
  path: '',
  query: z.strictObject({}),
  result: zFilesystem,
  read(k, _target, _query, nowMs) {
    const { blocks: _b, blocksMetadata: _m, ...geometry } = k.geometry;
    const { blocksUsed: _u, ...counts } = k.counts;
    return found({
      ...geometry,
      strategy: { name: k.strategy.name, ...k.strategy.options },
      nowMs,
      space: spaceOf(k),
      counts: { ...counts, dirtyLines: k.pmem.dirtyLines },
    });
  },
});
