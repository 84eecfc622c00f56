// The journal on disk and its flushes. A flush writes all changes that arrived during the flush
// before it.
import type { Store } from '../journal/store.ts';
import { bucketsOf, defineFamily, distribution, observe, one } from './define.ts';
import type { JournalCounts } from './server.ts';

const flush = 'pinhole_journal_flush_duration_seconds';
const commits = 'pinhole_journal_flush_commits';

/** All zero if there is no store. */
export function journalCounts(store: Store | undefined): JournalCounts {
  const counts: JournalCounts = {
    flushes: distribution([
      0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10,
    ]),
    commits: distribution([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]),
    bytes: 0,
    full: () => store?.full === true,
  };
  if (store === undefined) return counts;
  store.onFlush = (ms, together, bytes) => {
    observe(counts.flushes, ms / 1000);
    observe(counts.commits, together);
    counts.bytes += bytes;
  };
  return counts;
}

export const journal = defineFamily({
  scope: 'server',
  create: () => null,
  on: {},
  rows: [
    {
      name: flush,
      type: 'histogram',
      help: 'Duration of a journal flush, including fsync.',
      read: (_, { server }) =>
        server === null ? [] : bucketsOf(flush, {}, server.journal.flushes),
    },
    {
      name: commits,
      type: 'histogram',
      help:
        'Commits in one flush: batches of commands, created and removed filesystems, answers, ' +
        'parts of snapshots.',
      read: (_, { server }) =>
        server === null ? [] : bucketsOf(commits, {}, server.journal.commits),
    },
    {
      name: 'pinhole_journal_flushed_bytes_total',
      type: 'counter',
      help: 'Bytes of values that flushes wrote.',
      read: (_, { server }) => (server === null ? [] : one(server.journal.bytes)),
    },
    {
      name: 'pinhole_journal_full',
      type: 'gauge',
      help:
        '1 while the disk of the journal is full and operations that need space are refused, ' +
        'else 0.',
      read: (_, { server }) => (server === null ? [] : one(server.journal.full() ? 1 : 0)),
    },
  ],
});
