// Operations, and how long they slept.
import { operations } from '../kernel/ops/index.ts';
import { strategies } from '../kernel/reclaim/index.ts';
import {
  bump,
  combinations,
  defineFamily,
  type EventSource,
  histogramOf,
  observe,
  one,
  type Scrape,
  samplesOf,
  type Tally,
  tally,
  under,
  waitBounds,
} from './define.ts';
import type { Distribution } from './distribution.ts';

const outcomes = ['done', 'failed', 'cancelled'] as const;
type Outcome = (typeof outcomes)[number];

/** The operations that can sleep. */
const sleepable = [...operations.values()].filter(({ waits }) => waits).map(({ name }) => name);
const endings = combinations(sleepable, outcomes);
/** What an operation can sleep on, and whether a signal ends the sleep (S) or not (D). */
const sleeps = ['page\nS', 'page\nD', 'lock\nD', 'entry\nD'];
/** The strategy of mkfs for the kinds that can wait. */
const usual = 'break-layouts';

interface State {
  ended: Tally;
  slept: Tally;
  sleeps: Tally;
  /** Begins without keys, because the rules are no closed set; the boards count from the first. */
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
  outcome: Outcome,
  { op, strategy, sleptMs, wakeups }: End,
  place: EventSource,
): void {
  bump(state.ended, `${op}\n${outcome}`);
  // With a manual clock a sleep can take no time; then its wake-ups show that there was one.
  if (sleptMs === 0 && wakeups === 0 && outcome !== 'cancelled') return;
  bump(state.slept, `${op}\n${outcome}`);
  observe(under(state.waits, `${op}\n${strategy}\n${outcome}`, waitBounds), sleptMs / 1000, place);
}

/**
 * Adds a distribution without a value for each wait that can end well under the strategies in
 * force, so that a scrape shows it before its first value. Those of waits that fail or end by a
 * signal are added when an operation falls asleep: for all of them a strategy would have 912 series, not
 * 304.
 * `pinhole_waits_total` begins at 0 for every outcome.
 */
function expectWaits({ waits }: State, { totals, server }: Scrape): void {
  for (const strategy of strategies.keys()) {
    const inForce =
      (totals[`under:${strategy}`] ?? 0) > 0 || (server !== null && strategy === usual);
    if (!inForce) continue;
    for (const op of sleepable) under(waits, `${op}\n${strategy}\ndone`, waitBounds);
  }
}

export const waits = defineFamily<State>({
  scope: 'tenant',
  create: () => ({
    ended: tally(...endings),
    slept: tally(...endings),
    sleeps: tally(...sleeps),
    refused: tally(),
    waits: new Map(),
    busyScans: 0,
  }),
  on: {
    'task.blocked'(state, { op, on, state: letter }, { kernel }) {
      bump(state.sleeps, `${on}\n${letter}`);
      for (const outcome of outcomes)
        under(state.waits, `${op}\n${kernel.strategy.name}\n${outcome}`, waitBounds);
    },
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
      name: 'pinhole_waits_total',
      type: 'counter',
      help: 'Operations that slept and ended.',
      read: (state) => samplesOf(['operation', 'outcome'], state.slept),
    },
    {
      name: 'pinhole_sleeps_total',
      type: 'counter',
      help:
        'Times that an operation fell asleep: on a page, a lock or a mapping entry, in state S, ' +
        'which a signal ends, or D. An operation can sleep several times in one wait.',
      read: (state) => samplesOf(['on', 'state'], state.sleeps),
    },
    {
      name: duration,
      type: 'histogram',
      help: 'Total sleep time of each operation that slept.',
      read(state, scrape) {
        expectWaits(state, scrape);
        return histogramOf(duration, ['operation', 'strategy', 'outcome'], state.waits);
      },
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
