// Page faults of the mappings.
import { bump, combinations, defineFamily, samplesOf, tally } from './define.ts';

export const faults = defineFamily({
  scope: 'tenant',
  create: () => tally(...combinations(['read', 'write'], ['NOPAGE', 'MAJOR', 'SIGBUS'])),
  on: {
    'page.faulted'(state, { access, result }) {
      bump(state, `${access}\n${result}`);
    },
  },
  rows: [
    {
      name: 'pinhole_faults_total',
      type: 'counter',
      help: 'Page faults by access and by the result of the fault handler.',
      read: (state) => samplesOf(['access', 'result'], state),
    },
  ],
});
