// The record of a deadlock: the cycle as nodes, as sentences, as steps and as columns.
import { z } from 'zod';
import { zCycleStep } from '../events.ts';
import type { Kernel } from '../state.ts';
import { columnsOf, stepsOf } from '../waits/cycle-steps.ts';
import { explain, nodesOf, type WaitEdge } from '../waits/wait-graph.ts';

export const zCycle = z.object({
  nodes: z.array(z.string()),
  explanation: z.string(),
  steps: z
    .array(zCycleStep)
    .describe('What each operation holds and what it waits for, oldest first.'),
  columns: z
    .string()
    .nullable()
    .describe(
      'The steps as text with one column for each operation, as lockdep prints them for two ' +
        'CPUs; null for more than 8 operations.',
    ),
});
export type Cycle = z.infer<typeof zCycle>;

export function cycleRecord(k: Kernel, cycle: readonly WaitEdge[]): Cycle {
  const steps = stepsOf(k, cycle);
  return {
    nodes: nodesOf(cycle),
    explanation: explain(k, cycle),
    steps,
    columns: columnsOf(steps),
  };
}
