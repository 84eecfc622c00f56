// What the layout changes have in common beside their walk: contract, result and errors. Each is
// POST …/files/{file}/{name}.
import { z } from 'zod';
import type { Errno } from '../errno.ts';
import { defineOp, type Operation } from './define.ts';
import { type LayoutChange, layoutSteps, undoLayout } from './layout-change.ts';

/** The result of every layout change. */
export const layoutResult = z.object({
  sizeBytes: z.int().describe('Size of the file afterwards.'),
  blocksFreed: z.int().describe('Blocks that left the file and may be handed out again.'),
  blocksBusy: z
    .int()
    .describe('Blocks that left the file and stay on the busy list until their last put.'),
  blocksDetached: z
    .int()
    .describe(
      'Blocks that left the file and wait for the reaper, because a signal ended the wait.',
    ),
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

interface LayoutOperation<A extends z.ZodType> {
  name: string;
  summary: string;
  doc: string;
  args: A;
  change: LayoutChange<z.infer<A>>;
  grows?: true;
  /** What it can fail with beside the errors of every layout change. */
  errors?: readonly Errno[];
}

export function defineLayoutOp<A extends z.ZodType>({
  change,
  errors = [],
  ...op
}: LayoutOperation<A>): Operation {
  return defineOp({
    ...op,
    on: 'file',
    route: { method: 'POST', path: op.name, status: 200 },
    body: 'json',
    reply: 'json',
    result: layoutResult,
    errors: [...layoutErrors, ...errors],
    sleeps: true,
    atomic: false,
    first: 'lock',
    steps: layoutSteps(change),
    undo: undoLayout(change),
  });
}
