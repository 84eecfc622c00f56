// Operations, and how long they slept.
import {
  bump,
  type Distribution,
  defineFamily,
  histogramOf,
  observe,
  one,
  samplesOf,
  tally,
  under,
  waitBounds,
} from './define.ts';

interface State {
  ended: Map<string, number>;
  waits: Map<string, Distribution>;
}

interface End {
  op: string;
  strategy: string;
  sleptMs: number;
  wakeups: number;
}

const duration = 'pinhole_wait_duration_seconds';

function end(state: State, outcome: 'done' | 'failed' | 'cancelled', { op, strategy, sleptMs, wakeups }: End): void {
  bump(state.ended, `${op}\n${outcome}`);
  // With a manual clock a sleep can take no time.
  if (sleptMs === 0 && wakeups === 0 && outcome !== 'cancelled') return;
  observe(under(state.waits, `${op}\n${strategy}\n${outcome}`, waitBounds), sleptMs / 1000);
}

export const waits = defineFamily<State>({
  scope: 'tenant',
  create: () => ({ ended: tally(), waits: new Map() }),
  on: {
    'operation.done': (state, data) => end(state, 'done', data),
    'operation.failed': (state, data) => end(state, 'failed', data),
    'operation.cancelled': (state, data) => end(state, 'cancelled', data),
  },
  rows: [
    {
      name: 'pinhole_operations_total',
      type: 'counter',
      help: 'Operations of more than one step that ended.',
      read: (state) => samplesOf(['operation', 'outcome'], state.ended),
    },
    {
      name: 'pinhole_operations_running',
      type: 'gauge',
      help: 'Operations that run or sleep.',
      read: (_, { totals }) => one(totals.operations),
    },
    {
      name: duration,
      type: 'histogram',
      help: 'How long operations slept in all, of those that slept.',
      read: (state) => histogramOf(duration, ['operation', 'strategy', 'outcome'], state.waits),
    },
    { name: 'pinhole_sleepers', type: 'gauge', help: 'Operations asleep now.', read: (_, { totals }) => one(totals.sleepers) },
    {
      name: 'pinhole_wait_oldest_age_seconds',
      type: 'gauge',
      help: 'How long the longest sleeper has slept; 0 when nobody sleeps.',
      read: (_, { totals }) => one(totals.oldestWaitMs / 1000),
    },
  ],
});
