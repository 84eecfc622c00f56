// The block map of ext2: 12 blocks in the inode, then a tree with one, one with two and one with
// three levels of blocks of 1,024 pointers (fs/ext2/inode.c, ext2_block_to_path). Only as much of
// it exists as there are blocks to point at.
import { type ExtentMap, eachExtent } from '../lib/extent-map.ts';
import { lastPage, toPgOff } from '../units.ts';

const direct = 12;
const perBlock = 1024;

/**
 * The first page of each tree, and how many pages one block of pointers maps at its top, middle and
 * bottom level.
 */
const trees = [
  { first: direct, levels: [perBlock] },
  { first: direct + perBlock, levels: [perBlock ** 2, perBlock] },
  { first: direct + perBlock + perBlock ** 2, levels: [perBlock ** 3, perBlock ** 2, perBlock] },
].map((tree) => ({ ...tree, end: tree.first + (tree.levels[0] as number) }));

/** How many blocks of pointers a file has. */
export function indirectBlocks(extents: ExtentMap): number {
  let blocks = 0;
  // The last block counted at each level. Extents ascend, so a block of pointers that two extents
  // share was counted last.
  const counted = trees.map(({ levels }) => levels.map(() => -1));
  eachExtent(extents, toPgOff(0), lastPage, ({ pgoff, pages }) => {
    for (const [at, { first, end, levels }] of trees.entries()) {
      const from = Math.max(pgoff, first) - first;
      const to = Math.min(pgoff + pages, end) - first;
      if (from >= to) continue;
      for (const [level, reach] of levels.entries()) {
        const row = counted[at] as number[];
        const low = Math.max(Math.floor(from / reach), (row[level] as number) + 1);
        const high = Math.floor((to - 1) / reach);
        blocks += Math.max(0, high - low + 1);
        row[level] = Math.max(high, row[level] as number);
      }
    }
  });
  return blocks;
}
