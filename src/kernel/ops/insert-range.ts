// fallocate(INSERT_RANGE): moves blocks up, which leaves a hole. The filesystem checks the
// alignment after the wait (S32).
import { z } from 'zod';
import { failure } from '../errno.ts';
import { deleteEntries } from '../fs/dax.ts';
import { resize, touch } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { warnOfMove } from '../fs/superblock.ts';
import { lastExtent, shiftExtents } from '../lib/extent-map.ts';
import { unmapRange } from '../mm/pagetable.ts';
import { lastPage, pageOf, pageSize, zBytes } from '../units.ts';
import { type LayoutChange, rangeFrom } from './layout-change.ts';
import { defineLayoutOp } from './layout-op.ts';
import { checkAligned, checkRange, rangeErrors } from './range.ts';

const args = z.strictObject({ offset: zBytes, length: zBytes });

const change: LayoutChange<z.infer<typeof args>> = {
  check: (k, inode, range) => checkRange(k, inode, range),
  range: (_k, _inode, { offset }) => rangeFrom(offset, { move: pageOf(offset) }),
  recheck(k, inode, range) {
    const misaligned = checkAligned(range);
    if (misaligned !== null) return misaligned;
    const { bytesMax } = personalityOf(k.geometry);
    if (inode.sizeBytes > bytesMax - range.length)
      return failure(
        'EFBIG',
        'RG2',
        `the file would grow above ${bytesMax} bytes, the largest file of this kind`,
      );
    const last = lastExtent(inode.extents);
    if (last !== null && (last.pgoff + last.pages) * pageSize > bytesMax - range.length) {
      return failure(
        'EINVAL',
        'IN2',
        'blocks preallocated beyond the end of the file would move above the largest file size',
      );
    }
    if (range.offset < inode.sizeBytes) return null;
    return failure(
      'EINVAL',
      'IN1',
      'offset is at or beyond the end of the file; use truncate to make the file longer',
    );
  },
  change(k, _task, inode, { offset, length }) {
    const first = pageOf(offset);
    const { shiftTakesPrivate } = personalityOf(k.geometry);
    unmapRange(k, inode, first, lastPage, { evenCows: shiftTakesPrivate });
    deleteEntries(k, inode, first, lastPage);
    warnOfMove(k, inode, first);
    shiftExtents(inode.extents, first, length / pageSize);
    resize(k, inode, inode.sizeBytes + length);
    touch(k, inode);
    return null;
  },
};

export const insertRange = defineLayoutOp({
  name: 'insert-range',
  summary: 'Insert a hole into a file',
  doc:
    'offset and length are whole blocks, and offset lies before the end of the file. Blocks ' +
    'from offset on move up, so every strategy that protects pins first waits for pins on them.',
  args,
  change,
  errors: rangeErrors,
});
