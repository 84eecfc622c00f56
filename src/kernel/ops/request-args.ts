// The arguments that a request has besides those of its operation: who asks, and how long the
// operation may wait.
import { z } from 'zod';
import { zMs } from '../units.ts';
import type { Contract } from './define.ts';

export const zOwner = z
  .string()
  .min(1)
  .max(128)
  .describe(
    'The thread on whose behalf the request is made. It owns the pins and waits for the locks.',
  );

/** Arguments that every operation accepts. */
const commonArgs = z.object({ owner: zOwner.optional() });
/** Arguments that operations accept in addition if they can wait. */
export const waitArgs = z.object({
  owner: zOwner.optional(),
  nowait: z
    .boolean()
    .optional()
    .describe('Fails with EAGAIN instead of sleeping; nothing is changed.'),
  timeoutMs: zMs
    .optional()
    .describe('Sends a signal after this time, which ends an interruptible wait with EINTR.'),
  failOnDeadlock: z
    .boolean()
    .optional()
    .describe('Fails with EDEADLK instead of sleeping in a deadlock.'),
});
export type WaitArgs = z.infer<typeof waitArgs>;

/** The arguments that the request adds to those of the operation. */
export const requestArgsOf = ({ waits }: Pick<Contract, 'waits'>): z.ZodObject =>
  waits ? waitArgs : commonArgs;
