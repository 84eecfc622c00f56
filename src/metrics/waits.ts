// Operations, and how long they slept.
import {
  bump,
  defineFamily,
  type EventSource,
  histogramOf,
  observe,
  one,
  samplesOf,
  type Tally,
  tally,
  under,
  waitBounds,
} from './define.ts';
import type { Distribution } from './distribution.ts';

interface State {
  ended: Tally;
  refused: Tally;
  busyScans: number;
  waits: Map<string, Distribution>;
}

interface End {
  op: string;
  strategy: string;
  sleptMs: number;
  wakeups: number;
}

const duration = 'pinhole_wait_duration_seconds';

function end(
  state: State,
  outcome: 'done' | 'failed' | 'cancelled',
  { op, strategy, sleptMs, wakeups }: End,
  place: EventSource,
): void {
  bump(state.ended, `${op}\n${outcome}`);
  // With a manual clock a sleep can take no time; then its wake-ups show that there was one.
  if (sleptMs === 0 && wakeups === 0 && outcome !== 'cancelled') return;
  observe(under(state.waits, `${op}\n${strategy}\n${outcome}`, waitBounds), sleptMs / 1000, place);
}

export const waits = defineFamily<State>({
  scope: 'tenant',
  create: () => ({ ended: tally(), refused: tally(), waits: new Map(), busyScans: 0 }),
  on: {
    'operation.done': (state, data, place) => end(state, 'done', data, place),
    'operation.failed'(state, data, place) {
      bump(state.refused, `${data.op}\n${data.errno}\n${data.rule}`);
      end(state, 'failed', data, place);
    },
    'operation.cancelled': (state, data, place) => end(state, 'cancelled', data, place),
    'layout.busy'(state) {
      state.busyScans += 1;
    },
  },
  rows: [
    {
      name: 'pinhole_operations_total',
      type: 'counter',
      help: 'Operations of more than one step that ended.',
      read: (state) => samplesOf(['operation', 'outcome'], state.ended),
    },
    {
      name: 'pinhole_operation_refusals_total',
      type: 'counter',
      help: 'Operations of more than one step that failed, by the rule that refused them.',
      read: (state) => samplesOf(['operation', 'errno', 'rule'], state.refused),
    },
    {
      name: 'pinhole_layout_busy_scans_total',
      type: 'counter',
      help:
        'Scans for a layout change that found a page in use. Many scans during one wait mean ' +
        'that new pins keep it waiting.',
      read: (state) => one(state.busyScans),
    },
    {
      name: 'pinhole_operations_running',
      type: 'gauge',
      help: 'Operations that run or sleep now.',
      read: (_, { totals }) => one(totals.operations),
    },
    {
      name: duration,
      type: 'histogram',
      help: 'Total sleep time of each operation that slept.',
      read: (state) => histogramOf(duration, ['operation', 'strategy', 'outcome'], state.waits),
    },
    {
      name: 'pinhole_sleepers',
      type: 'gauge',
      help: 'Operations that sleep now.',
      read: (_, { totals }) => one(totals.sleepers),
    },
    {
      name: 'pinhole_wait_oldest_age_seconds',
      type: 'gauge',
      help: 'Longest total sleep time of an operation that sleeps now; 0 if none sleeps.',
      read: (_, { totals }) => one(totals.oldestWaitMs / 1000),
    },
  ],
});
