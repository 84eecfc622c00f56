// Commands that wait in inboxes, and batches that are appended to the log.
import type { Log } from '../durable/log.ts';
import { bucketsOf, defineFamily, distribution, observe, one } from './define.ts';
import type { LogCounts } from './server.ts';

const batch = 'pinhole_engine_batch_commands';
const append = 'pinhole_engine_append_duration_seconds';

export function logCounts(): LogCounts {
  return {
    batches: distribution([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]),
    append: distribution([
      0.000_01, 0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1,
    ]),
    failures: 0,
  };
}

/** The same log, with counts of its batches and failures. */
export function measured(log: Log, counts: LogCounts): Log {
  const done = (begin: number) => observe(counts.append, (performance.now() - begin) / 1000);
  return {
    durability: log.durability,
    get full() {
      return log.full;
    },
    create: (id, birth, key, created) => log.create(id, birth, key, created),
    createFrom: (id, birth, beginning, key, created) =>
      log.createFrom(id, birth, beginning, key, created),
    remove: (id, events, epoch, removed) => log.remove(id, events, epoch, removed),
    release: (id) => log.release(id),
    removalOf: (tenant) => log.removalOf(tenant),
    snapshot: (id, kernel, digest) => log.snapshot(id, kernel, digest),
    replay: (id, since, visitor) => log.replay(id, since, visitor),
    bytesOf: (id) => log.bytesOf(id),
    forget: (id) => log.forget(id),
    append(id, entries, before, appended) {
      observe(counts.batches, entries.length);
      const begin = performance.now();
      log.append(id, entries, before, (error) => {
        done(begin);
        // A full disk has its own gauge and is not a failure: nothing of the batch was done, and
        // the filesystem continues. One that moved continues at another node.
        if (error !== null && !['full', 'moved'].includes(error.kind)) counts.failures += 1;
        appended(error);
      });
    },
  };
}

export const engine = defineFamily({
  scope: 'server',
  create: () => null,
  on: {},
  rows: [
    {
      name: 'pinhole_engine_inbox_commands',
      type: 'gauge',
      help: 'Commands that wait to be executed, in all filesystems.',
      read: (_, { totals }) => one(totals.inbox),
    },
    {
      name: 'pinhole_engine_inbox_deepest_commands',
      type: 'gauge',
      help: 'Commands that wait to be executed, in the filesystem with the most of them.',
      read: (_, { totals }) => one(totals.inboxDeepest),
    },
    {
      name: batch,
      type: 'histogram',
      help: 'Commands in one batch of a filesystem.',
      read: (_, { server }) => (server === null ? [] : bucketsOf(batch, {}, server.log.batches)),
    },
    {
      name: append,
      type: 'histogram',
      help: 'Time until a batch was durable in the log.',
      read: (_, { server }) => (server === null ? [] : bucketsOf(append, {}, server.log.append)),
    },
    {
      name: 'pinhole_engine_append_failures_total',
      type: 'counter',
      help:
        'Batches that could not be written to the log. Refusals because of a full disk are not ' +
        'counted.',
      read: (_, { server }) => (server === null ? [] : one(server.log.failures)),
    },
  ],
});
