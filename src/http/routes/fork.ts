// POST /v1/filesystems with `from`.
import { z } from 'zod';
import type { RequestKey } from '../../durable/records.ts';
import type { Created, Engine, HostedFilesystem } from '../../engine/engine.ts';
import { fork, type Moment } from '../../engine/fork.ts';
import { refusePast } from '../../engine/past.ts';
import { failure } from '../../kernel/errno.ts';
import { mkfsArgs, zStrategyChoice } from '../../kernel/ops/mkfs.ts';
import { zFilesystemName } from '../../kernel/ops/name.ts';
import { idPattern, numberOf, type TaskId } from '../../kernel/units.ts';
import { cursorForm, parseCursor } from '../stream/cursor.ts';

const { clock, scheduler } = mkfsArgs.shape;

const zMoment = z
  .union([
    z.strictObject({
      operation: z.string().regex(new RegExp(`^${idPattern('operation')}$`)),
      when: z
        .enum(['submitted', 'blocked', 'ended'])
        .describe('It was submitted, slept for the first time, or ended.'),
    }),
    z.strictObject({
      deadlock: z.literal('last').describe('The newest event deadlock.detected that is kept.'),
    }),
  ])
  .describe(
    'A moment by what happened in it: an operation was submitted, slept for the first time, or ' +
      'ended; or the last deadlock. The fork has the state right after the command that caused ' +
      'it. If the fork is stepped and the original is not, an operation that was submitted has ' +
      'not taken its first step.',
  );

export const forkArgs = z.strictObject({
  name: zFilesystemName,
  from: z
    .strictObject({
      filesystem: zFilesystemName,
      cursor: z
        .string()
        .regex(cursorForm)
        .optional()
        .describe('The state right after the command that caused this event.'),
      at: zMoment.optional(),
      before: z
        .literal(true)
        .optional()
        .describe('The state right before the command of that moment: one step back.'),
    })
    .refine(({ cursor, at }) => cursor === undefined || at === undefined, {
      message: 'takes cursor or at, not both',
    })
    .describe('The filesystem, and the moment of it. Without cursor and at: now.'),
  clock: clock.unwrap().optional().describe('Default: that of the original.'),
  scheduler: scheduler.unwrap().optional().describe('Default: that of the original.'),
  strategy: zStrategyChoice.optional(),
});
type ForkArgs = z.infer<typeof forkArgs>;

export async function createFork(
  engine: Engine,
  tenant: string,
  { name, from, clock, scheduler, strategy }: ForkArgs,
  key: RequestKey | undefined,
): Promise<Created> {
  const origin = engine.find(tenant, from.filesystem);
  if (origin === undefined) {
    const why = `there is no filesystem ${from.filesystem}`;
    return { ok: false, failure: failure('ENOENT', 'T1', why) };
  }
  const moment = await momentOf(engine, origin, from);
  const before = from.before === true;
  const request = { name, moment, before, clock, scheduler };
  return fork(engine, origin, strategy === undefined ? request : { ...request, strategy }, key);
}

/** Rejects with `past-not-kept` for a cursor of another epoch. */
async function momentOf(
  engine: Engine,
  origin: HostedFilesystem,
  { cursor, at }: ForkArgs['from'],
): Promise<Moment> {
  if (cursor !== undefined) {
    const { epoch, seq } = parseCursor(cursor) as { epoch: string; seq: number };
    return epoch === origin.ring.epoch ? { event: seq } : refusePast(engine, origin);
  }
  if (at === undefined) return 'now';
  if ('deadlock' in at) return at;
  return { operation: numberOf('operation', at.operation) as TaskId, when: at.when };
}
