// ftruncate. Mirrors xfs_setattr_size() and ext4_setattr(): a change to the same size, or up,
// breaks the layout too.
import { z } from 'zod';
import { failure } from '../errno.ts';
import { zeroTail } from '../fs/file-data.ts';
import { resize, touch } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { unmapRange } from '../mm/pagetable.ts';
import { strategyOf } from '../reclaim/index.ts';
import type { Inode, Kernel, Task } from '../state.ts';
import { lastPage, pageCeil, zBytes } from '../units.ts';
import { type LayoutChange, rangeFrom, removeBlocks } from './layout-change.ts';
import { defineLayoutOp } from './layout-op.ts';

const args = z.strictObject({ sizeBytes: zBytes.describe('The new size.') });

const change: LayoutChange<z.infer<typeof args>> = {
  check: () => null,
  // inode_newsize_ok(): under i_rwsem, before the layout is broken.
  checkLocked(k, _inode, { sizeBytes }) {
    const { bytesMax } = personalityOf(k.geometry);
    return sizeBytes <= bytesMax
      ? null
      : failure('EFBIG', 'RG2', `sizeBytes is above ${bytesMax}, the largest file of this kind`);
  },
  range: (_k, _inode, { sizeBytes }) => rangeFrom(sizeBytes, { leave: pageCeil(sizeBytes) }),
  change(k, task, inode, { sizeBytes }) {
    truncateBlocks(k, task, inode, sizeBytes);
    return null;
  },
};

/**
 * To a smaller or the same size: blocks from the new end on leave the file, also those preallocated
 * past EOF, and the rest of the last block is zeroed, so that a later growth shows zeroes. To a
 * larger size: allocates nothing, and blocks preallocated past EOF stay. The caller holds both
 * locks exclusive.
 */
export function truncateBlocks(k: Kernel, task: Task, inode: Inode, sizeBytes: number): void {
  if (sizeBytes > inode.sizeBytes) {
    const { truncateUpZeroesTail } = personalityOf(k.geometry);
    zeroTail(k, inode, truncateUpZeroesTail ? inode.sizeBytes : sizeBytes);
  }
  if (sizeBytes <= inode.sizeBytes) {
    unmapRange(k, inode, pageCeil(sizeBytes), lastPage, { evenCows: true });
    removeBlocks(k, task, inode, pageCeil(sizeBytes), lastPage, strategyOf(k).destination);
    zeroTail(k, inode, sizeBytes);
  }
  resize(k, inode, sizeBytes);
  touch(k, inode);
}

export const truncate = defineLayoutOp({
  name: 'truncate',
  summary: 'Set the size of a file',
  doc:
    'Blocks beyond the new end leave the file, and the tail of the last block is zeroed. Under ' +
    'break-layouts every truncate, also one to a larger or the same size, first waits for every ' +
    'pin in breakScope.',
  args,
  change,
  errors: ['EFBIG'],
});
