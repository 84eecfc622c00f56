import { z } from 'zod';
import { strategyOf } from '../reclaim/index.ts';
import { defineView, found } from './define.ts';

export const strategy = defineView({
  name: 'strategy',
  single: true,
  summary: 'Get the reclaim strategy',
  doc: 'Its name, its options with the defaults filled in, and what it does.',
  on: 'filesystem',
  path: 'strategy',
  query: z.strictObject({}),
  result: z.looseObject({ name: z.string(), summary: z.string(), idle: z.string() }),
  read(k) {
    const { summary } = strategyOf(k);
    return found({ name: k.strategy.name, ...k.strategy.options, summary, idle: k.idleRule });
  },
});
