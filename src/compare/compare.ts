// The same commands under each strategy.
import { chooseStrategy, strategies } from '../kernel/reclaim/index.ts';
import type { Kernel } from '../kernel/state.ts';
import { type Move, Play, type PlayLimits } from './play.ts';
import type { StrategyRow } from './table.ts';

export interface Choice {
  name: string;
  [option: string]: unknown;
}

export interface Course {
  /** The machine before the first command. Each run plays on a copy of it. */
  kernel: Kernel;
  moves: readonly Move[];
}

/** The six strategies, each with the options that its kernel has. */
export const allStrategies = (): Choice[] => [...strategies.keys()].map((name) => ({ name }));

/**
 * Plays the commands once under the strategy that the machine has, for the ids, and once under each
 * of `choices`. Calls `done` after each of these.
 */
export function compare(
  { kernel, moves }: Course,
  choices: readonly Choice[],
  { limits, done }: { limits: PlayLimits; done(row: StrategyRow): void },
): void {
  const reference = new Play(structuredClone(kernel), null, limits);
  reference.play(moves);
  for (const choice of choices) {
    const chosen = chooseStrategy(kernel.geometry, choice);
    if (!chosen.ok) {
      const { errno, rule, why } = chosen.failure;
      const { name: _, ...options } = choice;
      done(refusedRow(choice.name, options, { errno, rule, detail: why }));
      continue;
    }
    const { name, options } = chosen.choice;
    const play = new Play(structuredClone(kernel), reference, limits);
    play.use({ name, ...options });
    play.play(moves);
    done({ strategy: name, options, ...play.end() });
  }
}

const refusedRow = (
  strategy: string,
  options: Record<string, unknown>,
  refused: StrategyRow['refused'],
): StrategyRow => ({
  strategy,
  options,
  refused,
  operations: [],
  deadlocks: 0,
  hangs: 0,
  blocksHeldBack: { peak: 0, blockMs: 0 },
  freedUnderPin: 0,
  dmaLost: 0,
  dmaForeign: 0,
});
