// What somebody should look at.
import { bump, defineFamily, one, samplesOf, tally } from './define.ts';

export const alarms = defineFamily({
  scope: 'tenant',
  create: () => ({ deadlocks: 0, warnings: tally() }),
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
      help: 'Cycles of waits that were closed.',
      read: (state) => one(state.deadlocks),
    },
    {
      name: 'pinhole_warnings_total',
      type: 'counter',
      help: 'What a kernel would have logged with a WARNING, by its place in Linux.',
      read: (state) => samplesOf(['where'], state.warnings),
    },
    {
      name: 'pinhole_filesystems_stopped',
      type: 'gauge',
      help: 'Filesystems that serve nothing: a law of the machine broke in them, or their journal did not bring them back.',
      read: (_, { totals }) => one(totals.stopped),
    },
  ],
});
