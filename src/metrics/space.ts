// Filesystems, files, and the state of blocks.
import { bump, defineFamily, one, samplesOf, tally } from './define.ts';
import { bytesOf } from './totals.ts';

export const space = defineFamily({
  scope: 'tenant',
  create: () => ({ allocated: 0, freed: tally('inode', 'busy', 'detached') }),
  on: {
    'extent.allocated'(state, { pages }) {
      state.allocated += pages;
    },
    'extent.freed'(state, { from, pages }) {
      bump(state.freed, from, pages);
    },
  },
  rows: [
    {
      name: 'pinhole_filesystems',
      type: 'gauge',
      help: 'Filesystems.',
      read: (_, { totals }) => one(totals.filesystems),
    },
    {
      name: 'pinhole_files',
      type: 'gauge',
      help: 'Inodes, including those of unlinked files.',
      read: (_, { totals }) => one(totals.files),
    },
    {
      name: 'pinhole_mappings',
      type: 'gauge',
      help: 'Live mappings of files.',
      read: (_, { totals }) => one(totals.mappings),
    },
    {
      name: 'pinhole_space_bytes',
      type: 'gauge',
      help:
        'Bytes of all devices, by the state of their blocks. The states add up to the size of ' +
        'the devices.',
      read: (_, { totals }) =>
        Object.entries({
          metadata: totals.blocksMetadata,
          used: totals.blocksUsed,
          free: totals.blocksFree,
          busy: totals.blocksBusy,
          detached: totals.blocksDetached,
        }).map(([state, blocks]) => ({ labels: { state }, value: bytesOf(blocks) })),
    },
    {
      name: 'pinhole_blocks_allocated_total',
      type: 'counter',
      help: 'Blocks that were allocated to files.',
      read: (state) => one(state.allocated),
    },
    {
      name: 'pinhole_blocks_freed_total',
      type: 'counter',
      help: 'Blocks that were freed, by the list from which they came.',
      read: (state) => samplesOf(['from'], state.freed),
    },
  ],
});
