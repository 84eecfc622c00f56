// How long operations take besides their waits. By default nothing; a workload can say it by
// operation, or take what was measured on Linux.
import { z } from 'zod';
import type { Kind } from '../kernel/state.ts';
import { type Distribution, zTime } from './distribution.ts';

const zCost = z.union([
  zTime,
  z
    .strictObject({ perBlock: z.number().positive().max(1000) })
    .describe('Of truncate: milliseconds for each block between the new size and the old one.'),
]);
type Cost = z.infer<typeof zCost>;

export const zCosts = z
  .union([
    z
      .literal('linux')
      .describe(
        'As measured on XFS or ext4, see docs/lab-statistics.md; the other kinds have none.',
      ),
    z.record(z.string(), zCost),
  ])
  .describe(
    'How long an operation takes besides its waits, by its name in milliseconds, or linux: as ' +
      'measured. Nothing without it. The thread pays before its call, with no lock held.',
  );

/**
 * Medians on one machine: registering and unregistering a buffer of one page in io_uring, the pair
 * on the pin; the first touch of a cached page in a mapping; fallocate of a hole of one block, and
 * ftruncate to 0 divided by the blocks, both on a loop device.
 */
const linux: Partial<Record<Kind, Record<string, Cost>>> = {
  xfs: { pin: 0.0012, fault: 0.00004, 'punch-hole': 0.038, truncate: { perBlock: 0.0031 } },
  ext4: { pin: 0.0012, fault: 0.00004, 'punch-hole': 0.008, truncate: { perBlock: 0.00045 } },
};

export const measuredKinds = Object.keys(linux);

/** The costs of a workload by operation. */
export function costsOf({
  costs,
  filesystem,
}: {
  costs?: z.infer<typeof zCosts> | undefined;
  filesystem: { kind: Kind };
}): Readonly<Record<string, Cost>> {
  if (costs === 'linux') return linux[filesystem.kind] ?? {};
  return costs ?? {};
}

export const isPerBlock = (cost: Cost): cost is { perBlock: number } =>
  typeof cost === 'object' && 'perBlock' in cost;

/** What a call costs apart from blocks. */
export const timeOf = (cost: Cost | undefined): Distribution =>
  cost === undefined || isPerBlock(cost) ? 0 : cost;
