import { type Runner, tabulate } from '../../src/lab/lab.ts';
import { bytesOf, runJob } from '../../src/lab/worker.ts';

/** Runs jobs in this process, and lets them end in an order that depends on the seed. */
export const inProcess = (threads = 1): Runner => ({
  threads,
  run: async (job, signal) => {
    signal.throwIfAborted();
    const result = bytesOf(runJob(job));
    for (let turn = job.seed % 3; turn > 0; turn--) await null;
    return result;
  },
  tabulate: async (results) => bytesOf(tabulate(results)),
});
