// The answer of a comparison: one row of figures for each strategy.
import { z } from 'zod';
import { zCount } from '../kernel/units.ts';

const zBlocked = z.object({
  owner: z.string().nullable(),
  pin: z.string().optional(),
  kind: z.string().optional().describe('The kind of the pin.'),
  mapping: z.string().optional(),
  operation: z.string().optional(),
  lock: z.string().optional().describe('The lock that `operation` holds or queues for first.'),
  ms: zCount.describe('How long it blocked the operation.'),
});

const zPlayed = z.object({
  id: z
    .string()
    .describe(
      'The same command has the same id in each strategy: the one that it had, or would have had, ' +
        'under the strategy that the filesystem was made with.',
    ),
  op: z.string(),
  owner: z.string().nullable(),
  file: z.string().nullable().describe('The file that the command names.'),
  outcome: z
    .enum(['done', 'failed', 'cancelled', 'sleeping', 'running'])
    .describe('`sleeping` and `running`: it had not ended after the last command.'),
  errno: z.string().optional(),
  stuck: z
    .enum(['deadlock', 'hangs'])
    .optional()
    .describe(
      '`deadlock`: it is in a cycle of waits. `hangs`: it sleeps on a page that nobody has pinned, ' +
        'so no unpin wakes it.',
    ),
  sleptMs: zCount,
  blockedBy: z.array(zBlocked).describe(`Who blocked it directly, and for how long.`),
});

export const zStrategyRow = z.object({
  strategy: z.string(),
  options: z.record(z.string(), z.unknown()).describe('The options in force.'),
  refused: z
    .object({ errno: z.string(), rule: z.string(), detail: z.string() })
    .optional()
    .describe('The filesystem cannot have this strategy; nothing was played.'),
  operations: z
    .array(zPlayed)
    .describe('Those that slept at the beginning, then one for each command.'),
  deadlocks: zCount.describe('Cycles of waits that were completed.'),
  hangs: zCount.describe('Operations and evictions that sleep at the end with `stuck: hangs`.'),
  blocksHeldBack: z
    .object({
      peak: zCount.describe('The most blocks at one time.'),
      blockMs: zCount.describe('Blocks times milliseconds.'),
    })
    .describe(
      'Blocks that had left their file and could not be allocated yet, busy or detached: the most ' +
        'at one time, and their sum over time.',
    ),
  freedUnderPin: zCount.describe(
    'Blocks that were freed, moved or zeroed although a device had them pinned.',
  ),
  dmaLost: zCount.describe('Pages that a device wrote after no file owned their block any more.'),
  dmaForeign: zCount.describe(
    'Pages that a device wrote after their block belonged to another file or another offset.',
  ),
});

export const zComparison = z.object({ strategies: z.array(zStrategyRow) });

export type Blocked = z.infer<typeof zBlocked>;
export type Played = z.infer<typeof zPlayed>;
export type StrategyRow = z.infer<typeof zStrategyRow>;
