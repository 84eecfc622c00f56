import { z } from 'zod';
import { emit } from '../emit.ts';
import { chooseStrategy, strategyOf } from '../reclaim/index.ts';
import { wakeAllPages } from '../sched/waitqueue.ts';
import type { Kernel, StrategyChoice } from '../state.ts';
import { defineAtomic, done, failWith } from './define.ts';
import { zStrategyChoice } from './mkfs.ts';

export function useStrategy(k: Kernel, choice: StrategyChoice): void {
  k.strategy = choice;
  k.idleRule = strategyOf(k).idleRule(choice.options);
  k.strategySeq += 1;
}

export const setStrategy = defineAtomic({
  name: 'set-strategy',
  summary: 'Change the reclaim strategy',
  doc:
    'Takes effect at once. Operations that sleep on a page wake up and scan again under the new ' +
    'strategy. Blocks that are already busy or detached stay so until their pins are released.',
  on: 'filesystem',
  route: { method: 'PUT', path: 'strategy', status: 200 },
  args: zStrategyChoice,
  result: z.looseObject({ name: z.string() }),
  errors: ['EINVAL', 'EOPNOTSUPP'],
  run(k, { args }) {
    const chosen = chooseStrategy(k.geometry, args);
    if (!chosen.ok) return failWith(chosen.failure);
    const from = k.strategy.name;
    useStrategy(k, chosen.choice);
    emit(k, 'strategy.changed', null, { from, to: k.strategy.name, idleRule: k.idleRule });
    wakeAllPages(k);
    return done({ name: k.strategy.name, ...k.strategy.options });
  },
});
