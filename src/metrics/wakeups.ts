// Wake-ups of the hashed waitqueues, useful and in vain. The kernels count them; what a removed filesystem counted is kept here.
import { defineFamily, one } from './define.ts';

export const wakeups = defineFamily({
  scope: 'tenant',
  create: () => ({ wakeups: 0, spuriousWakeups: 0, bucketCollisions: 0 }),
  on: {
    'filesystem.unmounted'(state, _data, { kernel }) {
      state.wakeups += kernel.counts.wakeups;
      state.spuriousWakeups += kernel.counts.spuriousWakeups;
      state.bucketCollisions += kernel.counts.bucketCollisions;
    },
  },
  rows: [
    {
      name: 'pinhole_wakeups_total',
      type: 'counter',
      help: 'Wake-ups of sleeping operations; a spurious one found its page still busy.',
      read(state, { totals }) {
        const spurious = state.spuriousWakeups + totals.spuriousWakeups;
        return [
          { labels: { result: 'useful' }, value: state.wakeups + totals.wakeups - spurious },
          { labels: { result: 'spurious' }, value: spurious },
        ];
      },
    },
    {
      name: 'pinhole_waitqueue_bucket_collisions_total',
      type: 'counter',
      help: 'Sleeps in a bucket where somebody already waited for another page.',
      read: (state, { totals }) => one(state.bucketCollisions + totals.bucketCollisions),
    },
  ],
});
