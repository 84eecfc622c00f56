// fallocate(COLLAPSE_RANGE): removes blocks and moves all blocks after them down. The filesystem
// checks the alignment after the wait (S32).
import { z } from 'zod';
import { failure } from '../errno.ts';
import { deleteEntries } from '../fs/dax.ts';
import { resize, touch } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { warnOfMove } from '../fs/superblock.ts';
import { shiftExtents } from '../lib/extent-map.ts';
import { unmapRange } from '../mm/pagetable.ts';
import { strategyOf } from '../reclaim/index.ts';
import { lastPage, pageCeil, pageOf, pageSize, toPgOff, zBytes } from '../units.ts';
import { type LayoutChange, rangeFrom, removeBlocks } from './layout-change.ts';
import { defineLayoutOp } from './layout-op.ts';
import { checkAligned, checkRange, rangeErrors } from './range.ts';

const args = z.strictObject({ offset: zBytes, length: zBytes });

const change: LayoutChange<z.infer<typeof args>> = {
  check: (k, inode, range) => checkRange(k, inode, range),
  range: (_k, _inode, { offset, length }) =>
    rangeFrom(offset, { leave: pageOf(offset), move: pageOf(offset + length) }),
  recheck(_k, inode, range) {
    const misaligned = checkAligned(range);
    if (misaligned !== null) return misaligned;
    if (range.offset + range.length < inode.sizeBytes) return null;
    return failure('EINVAL', 'CO1', 'the range reaches the end of the file; truncate does that');
  },
  change(k, task, inode, { offset, length }) {
    const first = pageOf(offset);
    const pages = length / pageSize;
    const { destination } = strategyOf(k);
    const { shiftTakesPrivate, collapseDropsPastEof } = personalityOf(k.geometry);
    const sizeBytes = inode.sizeBytes - length;
    unmapRange(k, inode, first, lastPage, { evenCows: shiftTakesPrivate });
    deleteEntries(k, inode, first, lastPage);
    removeBlocks(k, task, inode, first, toPgOff(first + pages - 1), destination);
    warnOfMove(k, inode, toPgOff(first + pages));
    shiftExtents(inode.extents, toPgOff(first + pages), -pages);
    if (collapseDropsPastEof) {
      unmapRange(k, inode, pageCeil(sizeBytes), lastPage, { evenCows: true });
      removeBlocks(k, task, inode, pageCeil(sizeBytes), lastPage, destination);
    }
    resize(k, inode, sizeBytes);
    touch(k, inode);
    return null;
  },
};

export const collapseRange = defineLayoutOp({
  name: 'collapse-range',
  summary: 'Remove a range from a file and close the gap',
  doc:
    'offset and length are whole blocks, and the range ends before the end of the file. Blocks ' +
    'after the range move down, so every strategy that protects pins first waits for pins on ' +
    'them.',
  args,
  change,
  errors: rangeErrors,
});
