// The reclaim strategies in force, and their changes.
import { strategies } from '../kernel/reclaim/index.ts';
import { bump, defineFamily, samplesOf, tally } from './define.ts';

const names = [...strategies.keys()];

export const strategy = defineFamily({
  scope: 'tenant',
  create: () => tally(...names),
  on: {
    'strategy.changed'(state, { to }) {
      bump(state, to);
    },
  },
  rows: [
    {
      name: 'pinhole_strategy_filesystems',
      type: 'gauge',
      help: 'Filesystems under each reclaim strategy.',
      read: (_, { totals }) =>
        names.map((name) => ({ labels: { strategy: name }, value: totals[`under:${name}`] ?? 0 })),
    },
    {
      name: 'pinhole_strategy_changes_total',
      type: 'counter',
      help: 'Changes of the reclaim strategy, by the new one.',
      read: (state) => samplesOf(['strategy'], state),
    },
  ],
});
