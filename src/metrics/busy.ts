// Blocks that are freed and must not be allocated yet.
import {
  defineFamily,
  distributions,
  histogramOf,
  observe,
  one,
  under,
  waitBounds,
} from './define.ts';
import { bytesOf } from './totals.ts';

const waited = 'pinhole_busy_wait_seconds';

export const busy = defineFamily({
  scope: 'tenant',
  create: () => ({ waited: distributions(['busy', 'detached'], waitBounds) }),
  on: {
    'extent.freed'(state, { from, waitedMs }, place) {
      if (from !== 'inode') observe(under(state.waited, from, waitBounds), waitedMs / 1000, place);
    },
  },
  rows: [
    {
      name: 'pinhole_busy_extents',
      type: 'gauge',
      help: 'Extents on the busy lists.',
      read: (_, { totals }) => one(totals.busyExtents),
    },
    {
      name: 'pinhole_busy_blocks',
      type: 'gauge',
      help: 'Blocks on the busy lists.',
      read: (_, { totals }) => one(totals.blocksBusy),
    },
    {
      name: 'pinhole_busy_bytes',
      type: 'gauge',
      help: 'Bytes on the busy lists.',
      read: (_, { totals }) => one(bytesOf(totals.blocksBusy)),
    },
    {
      name: 'pinhole_busy_oldest_age_seconds',
      type: 'gauge',
      help: 'Age of the oldest busy extent; 0 if there is none.',
      read: (_, { totals }) => one(totals.oldestBusyMs / 1000),
    },
    {
      name: 'pinhole_delayed_free_pages',
      type: 'gauge',
      help: 'Pages whose block left its file while pinned; their last put frees the block.',
      read: (_, { totals }) => one(totals.delayedFrees),
    },
    {
      name: waited,
      type: 'histogram',
      help: 'How long blocks waited on the busy or the detached list before they were freed.',
      read: (state) => histogramOf(waited, ['list'], state.waited),
    },
  ],
});
