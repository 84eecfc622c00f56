import { z } from 'zod';
import { spaceOf } from '../fs/superblock.ts';
import { eventDetails } from '../state.ts';
import { zCount } from '../units.ts';
import { isDeadlocked, oldestWaitSinceMs } from '../waits/deadlocked.ts';
import { defineView, found } from './define.ts';

const zSpace = z.object({
  blockSizeBytes: zCount,
  blocks: zCount,
  blocksMetadata: zCount,
  blocksUsed: zCount,
  blocksFree: zCount.describe('Blocks that can be allocated now.'),
  blocksBusy: zCount.describe(
    'Blocks that left their file and cannot be allocated yet, because of a transaction or a ' +
      'pin.',
  ),
  blocksDetached: zCount.describe('Blocks that left their file and wait for their pins.'),
  native: z
    .object({ f_blocks: zCount, f_bfree: zCount, f_bavail: zCount })
    .describe('The values of statfs on Linux, where busy blocks count as free.'),
});

const zFilesystem = z.object({
  name: z.string(),
  kind: z.string(),
  kernel: z.string(),
  sizeBytes: zCount,
  strategy: z.looseObject({ name: z.string() }),
  waitqueue: z.object({ buckets: zCount, keyed: z.boolean() }),
  clock: z.enum(['realtime', 'manual']),
  nowMs: zCount,
  scheduler: z.enum(['auto', 'stepped']),
  persistenceDomain: z.enum(['adr', 'eadr']),
  events: z.enum(eventDetails).describe('Whether locks and steps are told as events, too.'),
  folioGranularity: z.boolean(),
  extentMaxZerooutKb: zCount,
  space: zSpace,
  counts: z.object({
    files: zCount,
    mappings: zCount,
    pins: zCount,
    pinnedPages: zCount,
    pinsAcquired: zCount,
    pinsReleased: zCount,
    sleepers: zCount,
    delayedFrees: zCount,
    wakeups: zCount,
    spuriousWakeups: zCount,
    bucketCollisions: zCount,
    dirtyLines: zCount,
  }),
  waits: z
    .object({
      oldestSinceMs: zCount
        .nullable()
        .describe(
          'When the operation that has slept longest fell asleep, on the clock of the ' +
            'filesystem: nowMs minus the total time that it has slept. null if none sleeps.',
        ),
      deadlocked: z
        .boolean()
        .describe('Operations wait for each other in a circle; see wait-graph.'),
    })
    .describe('The operations that sleep; counts.sleepers is their number.'),
});

export const filesystem = defineView({
  name: 'filesystem',
  single: true,
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
      events: geometry.events ?? 'standard',
      strategy: { name: k.strategy.name, ...k.strategy.options },
      nowMs,
      space: spaceOf(k),
      counts: { ...counts, dirtyLines: k.pmem.dirtyLines },
      waits: { oldestSinceMs: oldestWaitSinceMs(k), deadlocked: isDeadlocked(k) },
    });
  },
});
