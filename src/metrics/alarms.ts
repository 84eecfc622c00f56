// Deadlocks, warnings and stopped filesystems: the metrics for alerts.
import { warningPlaces } from '../kernel/events.ts';
import { bump, defineFamily, one, samplesOf, tally } from './define.ts';

export const alarms = defineFamily({
  scope: 'tenant',
  create: () => ({ deadlocks: 0, warnings: tally(...warningPlaces) }),
  on: {
    'deadlock.detected'(state) {
      state.deadlocks += 1;
    },
    'warning.raised'(state, { where }) {
      bump(state.warnings, where);
    },
  },
  rows: [
    {
      name: 'pinhole_deadlocks_total',
      type: 'counter',
      help: 'Deadlocks detected: waits that completed a cycle.',
      read: (state) => one(state.deadlocks),
    },
    {
      name: 'pinhole_warnings_total',
      type: 'counter',
      help: 'Warnings that a Linux kernel would have logged, by their place in its source.',
      read: (state) => samplesOf(['where'], state.warnings),
    },
    {
      name: 'pinhole_filesystems_stopped',
      type: 'gauge',
      help:
        'Filesystems that stopped: a law of the simulated machine broke, or the journal could ' +
        'not restore them.',
      read: (_, { totals }) => one(totals.stopped),
    },
  ],
});
