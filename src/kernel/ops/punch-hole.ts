// fallocate(PUNCH_HOLE | KEEP_SIZE). Mirrors xfs_free_file_space() and ext4_punch_hole().
import { z } from 'zod';
import { zeroEdges } from '../fs/file-data.ts';
import { touch } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { strategyOf } from '../reclaim/index.ts';
import type { Inode, Kernel } from '../state.ts';
import { type PgOff, pageCeil, pageOf, toPgOff, zBytes } from '../units.ts';
import { type LayoutChange, rangeOf, removeBlocks } from './layout-change.ts';
import { defineLayoutOp } from './layout-op.ts';
import { checkRange, rangeErrors } from './range.ts';

const args = z.strictObject({ offset: zBytes, length: zBytes });
type Args = z.infer<typeof args>;

/**
 * The whole pages [first, last) that leave the file. On kinds that remove the EOF block, that needs
 * a punch that reaches the end of the file.
 */
function pagesOf(k: Kernel, inode: Inode, { offset, length }: Args): { first: PgOff; last: PgOff } {
  const { punchTakesEofBlock, punchBeyondEof } = personalityOf(k.geometry);
  const end = offset + length;
  if (!punchBeyondEof && offset >= inode.sizeBytes) return { first: toPgOff(0), last: toPgOff(0) };
  const reachesEof =
    punchTakesEofBlock === 'at'
      ? end >= inode.sizeBytes
      : punchTakesEofBlock === 'past' && end > inode.sizeBytes;
  // A punch that ends at the EOF block leaves blocks that were preallocated after it.
  const last = reachesEof ? pageCeil(inode.sizeBytes) : pageOf(end);
  return { first: pageCeil(offset), last };
}

const change: LayoutChange<Args> = {
  check: (k, inode, range) => checkRange(k, inode, range),
  range(k, inode, range) {
    const { first, last } = pagesOf(k, inode, range);
    return rangeOf(range.offset, range.offset + range.length, first, last);
  },
  change(k, task, inode, { offset, length }) {
    const { first, last } = pagesOf(k, inode, { offset, length });
    if (last > first)
      removeBlocks(k, task, inode, first, toPgOff(last - 1), strategyOf(k).destination);
    // After the removal, as in xfs_free_file_space(): a block that leaves the file is not zeroed,
    // because a device may still read it.
    if (offset < inode.sizeBytes)
      zeroEdges(k, inode, offset, Math.min(offset + length, inode.sizeBytes));
    touch(k, inode);
    return null;
  },
};

export const punchHole = defineLayoutOp({
  name: 'punch-hole',
  summary: 'Remove the blocks of a byte range',
  doc:
    'Whole blocks in the range become a hole and read as zero. Partial blocks at the edges are ' +
    'zeroed in place. The size of the file does not change.',
  args,
  change,
  errors: rangeErrors,
});
