import { z } from 'zod';
import { badblocksOf, sectorBytes } from '../dev/badblocks.ts';
import { zCount } from '../units.ts';
import { defineView, found, pageOfList, zPage } from './define.ts';

export const badblocks = defineView({
  name: 'badblocks',
  summary: 'The media errors of the device',
  doc: 'Runs of 512-byte blocks in ascending order, as `ndctl list --media-errors` shows them.',
  on: 'filesystem',
  path: 'poison',
  query: z.strictObject(zPage),
  result: z.object({
    badblock_count: zCount,
    items: z.array(
      z.object({
        block: zCount,
        count: zCount,
        offset: zCount.describe('Bytes.'),
        length: zCount,
      }),
    ),
    nextPageToken: z.string().optional(),
  }),
  read(k, _target, query) {
    // `block + 1`, because a token of 0 means the beginning and 0 is a block.
    const page = pageOfList(badblocksOf(k), query, (run) => run.block + 1);
    const items = page.items.map(({ block, count }) => ({
      block,
      count,
      offset: block * sectorBytes,
      length: count * sectorBytes,
    }));
    return found({ badblock_count: k.pmem.badSectors.size, ...page, items });
  },
});
