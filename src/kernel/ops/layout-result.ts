import { z } from 'zod';
import type { Errno } from '../errno.ts';

/** The result of every layout change. */
export const layoutResult = z.object({
  sizeBytes: z.int().describe('Size of the file afterwards.'),
  blocksFreed: z.int().describe('Blocks that left the file and may be handed out again.'),
  blocksBusy: z.int().describe('Blocks that left the file and stay on the busy list until their last put.'),
  blocksDetached: z.int().describe('Blocks that left the file and wait for the reaper, because a signal ended the wait.'),
  scans: z.int().describe('How often the range was scanned for busy pages.'),
  wakeups: z.int().describe('How often the call was woken.'),
  sleptMs: z.int().describe('How long it slept, on pages and on locks.'),
});

export const layoutErrors = [
  'ENOENT',
  'EINVAL',
  'EFBIG',
  'EOPNOTSUPP',
  'EBUSY',
  'EAGAIN',
  'EDEADLK',
  'EINTR',
  'ESTALE',
  'ENODEV',
  'EDQUOT',
] as const satisfies readonly Errno[];
