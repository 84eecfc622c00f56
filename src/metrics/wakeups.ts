// Useful and spurious wake-ups of the hashed waitqueues. The kernels count them. The counts of
// removed filesystems are stored here, because a counter must not decrease.
import type { Kernel } from '../kernel/state.ts';
import { defineFamily, one } from './define.ts';

interface State {
  wakeups: number;
  spuriousWakeups: number;
  bucketCollisions: number;
}

function add(state: State, { counts }: Kernel, sign: 1 | -1): void {
  state.wakeups += sign * counts.wakeups;
  state.spuriousWakeups += sign * counts.spuriousWakeups;
  state.bucketCollisions += sign * counts.bucketCollisions;
}

export const wakeups = defineFamily<State>({
  scope: 'tenant',
  create: () => ({ wakeups: 0, spuriousWakeups: 0, bucketCollisions: 0 }),
  // A kernel has its counts from before the restart; subtracting them makes the counter begin at
  // zero.
  adopt: (state, kernel) => add(state, kernel, -1),
  on: {
    'filesystem.unmounted': (state, _data, { kernel }) => add(state, kernel, 1),
  },
  rows: [
    {
      name: 'pinhole_wakeups_total',
      type: 'counter',
      help: 'Wake-ups of sleeping operations. A spurious wake-up found its page still busy.',
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
      help:
        'Sleeps in a waitqueue bucket in which another operation already waited for a different ' +
        'page.',
      read: (state, { totals }) => one(state.bucketCollisions + totals.bucketCollisions),
    },
  ],
});
