// mkfs: a new filesystem on a new simulated pmem namespace. It is the first entry of a filesystem's
// log; `createKernel` does the work.
import { z } from 'zod';
import { type EventDetail, eventDetails, filesystemKinds, linuxVersions } from '../state.ts';
import { pageSize, zBytes } from '../units.ts';
import { zFilesystemName } from './name.ts';

export const sizeBytesMin = 64 * 1024;
/** Frames and extents hold pfns in 30 bits. */
const sizeBytesMax = 2 ** 40;

export const zStrategyChoice = z
  .looseObject({ name: z.string().max(64) })
  .describe('The name of a reclaim strategy and its own options; the strategy checks them.');

export const mkfsArgs = z.strictObject({
  name: zFilesystemName,
  sizeBytes: zBytes
    .min(sizeBytesMin)
    .max(sizeBytesMax)
    .refine((n) => n % pageSize === 0, `must be a multiple of ${pageSize}`),
  kind: z.enum(filesystemKinds).default('xfs'),
  kernel: z.enum(linuxVersions).default('7.3'),
  strategy: zStrategyChoice.optional(),
  waitqueue: z
    .strictObject({
      buckets: z
        .int()
        .min(1)
        .max(65536)
        .refine((n) => Number.isInteger(Math.log2(n)), 'must be a power of two')
        .default(256),
      keyed: z.boolean().default(true),
    })
    .default({ buckets: 256, keyed: true }),
  clock: z.enum(['realtime', 'manual']).default('realtime'),
  scheduler: z.enum(['auto', 'stepped']).default('auto'),
  persistenceDomain: z.enum(['adr', 'eadr']).default('adr'),
  events: z
    .enum(eventDetails)
    .optional()
    .describe(
      'detailed adds the events lock.acquired and lock.released, and with a stepped scheduler ' +
        'task.step. The default is detailed for a stepped scheduler, otherwise standard.',
    ),
  extentMaxZerooutKb: z
    .int()
    .min(0)
    .max(1024)
    .default(0)
    .describe(
      'ext4 only: how much of an unwritten extent next to a write is zeroed and converted, in ' +
        'KiB. The default on Linux is 32.',
    ),
  folioGranularity: z
    .boolean()
    .default(false)
    .describe(
      'One pin makes the whole 2 MiB folio busy, as since Linux 6.15. Otherwise each 4 KiB ' +
        'page counts separately.',
    ),
});
export type MkfsArgs = z.infer<typeof mkfsArgs>;

/** Who steps a machine wants to see each step; elsewhere nobody pays for such events. */
export const eventsOf = ({
  events,
  scheduler,
}: Pick<MkfsArgs, 'events' | 'scheduler'>): EventDetail =>
  events ?? (scheduler === 'stepped' ? 'detailed' : 'standard');
