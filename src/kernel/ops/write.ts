// pwrite; without an offset, open(O_TRUNC) and write. A write over a pinned page waits for nobody.
// O_TRUNC breaks the layout first.
import { z } from 'zod';
import { poisonedPage, writableBytes, writeBytes } from '../fs/file-data.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { noRoom } from '../fs/superblock.ts';
import { assert } from '../panic.ts';
import type { Kernel, Task } from '../state.ts';
import { byteOf, pageOf, toPgOff, zBytes, zCount } from '../units.ts';
import { defineOp, done, fail, failWith } from './define.ts';
import {
  type LayoutChange,
  type LayoutLocals,
  layoutResult,
  layoutSteps,
  lockThen,
  rangeFrom,
  settleBlocks,
  theInode,
  undoLayout,
} from './layout-change.ts';
import { layoutErrors } from './layout-op.ts';
import { checkExtents } from './range.ts';
import { truncateBlocks } from './truncate.ts';

const args = z.strictObject({
  offset: zBytes
    .optional()
    .describe('The byte at which to write. Without it the body replaces the whole content.'),
});
type Args = z.infer<typeof args>;

function bytesOf(task: Task): Uint8Array {
  assert(task.data !== null, 'a write carries its bytes');
  return task.data;
}

const replace: LayoutChange<Args, { bytesWritten: number }> = {
  check: () => null,
  range: () => rangeFrom(0, { leave: toPgOff(0) }),
  change(k, task, inode) {
    truncateBlocks(k, task, inode, 0);
    settleBlocks(k, task);
    const written = writeSome(k, task, 0);
    if (written === null)
      return noRoom(k, 'AL4', 'no block is free; the file is now empty, as after O_TRUNC');
    task.locals.bytesWritten = written;
    return null;
  },
  result: (_k, task) => ({ bytesWritten: task.locals.bytesWritten ?? 0 }),
};

/**
 * dax_iomap_iter and pmem_recovery_write: pages are written one after another, and a poisoned page
 * only as a whole, which repairs it. So the write ends before the first poisoned page that it
 * covers in part. Returns the number of bytes before that page.
 */
function beforePoison(k: Kernel, task: Task, offset: number): number {
  const inode = theInode(k, task);
  const { length } = bytesOf(task);
  const end = offset + length;
  // Only the first and the last page can be written in part.
  for (const pgoff of new Set([pageOf(offset), pageOf(Math.max(offset, end - 1))])) {
    const [start, stop] = [byteOf(pgoff), byteOf(pgoff + 1)];
    const isWhole = offset <= start && stop <= end;
    if (!isWhole && poisonedPage(k, inode, Math.max(offset, start), Math.min(end, stop)) !== null)
      return Math.max(0, start - offset);
  }
  return length;
}

/** Writes as many bytes as get blocks. Returns null if not even the first does. */
function writeSome(k: Kernel, task: Task, offset: number): number | null {
  const inode = theInode(k, task);
  const bytes = bytesOf(task);
  const fits = writableBytes(k, inode, offset, bytes.length);
  if (fits === 0 && bytes.length > 0) return null;
  writeBytes(k, inode, offset, bytes.subarray(0, fits));
  return fits;
}

const walk = layoutSteps(replace);

export const write = defineOp({
  name: 'write',
  summary: 'Write the content of a file',
  doc:
    'With offset this is pwrite. Blocks are allocated at once, and the bytes bypass the CPU ' +
    'cache. If the device becomes full, or the largest file size is reached, the write is ' +
    'short, and bytesWritten says how much was written. XFS reserves blocks first: a hole is ' +
    'filled completely or not at all, and if the write makes the file longer, the rest of the ' +
    'write must fit. Without offset the body replaces the whole content, like O_TRUNC and ' +
    'write.',
  on: 'file',
  route: { method: 'PUT', path: 'content', status: 200 },
  takes: 'bytes',
  args,
  result: layoutResult.partial().extend({ bytesWritten: zCount, sizeBytes: zCount }),
  errors: ['EFBIG', 'ENOSPC', 'EFAULT', ...layoutErrors],
  grows: true,
  patch: true,
  locals: {} as LayoutLocals,
  first: 'begin',
  steps: {
    ...walk,
    begin(k, task) {
      const inode = theInode(k, task);
      const { offset } = task.args;
      if (
        offset !== undefined &&
        bytesOf(task).length === 0 &&
        !personalityOf(k.geometry).emptyWriteLocks
      ) {
        return done({ bytesWritten: 0, sizeBytes: inode.sizeBytes });
      }
      const full = checkExtents(k, inode);
      if (full !== null) return failWith(full);
      return lockThen(
        k,
        task,
        inode,
        'i_rwsem',
        'exclusive',
        offset === undefined ? 'lockMapping' : 'copy',
      );
    },
    // generic_write_checks(), under i_rwsem: a write that reaches over the largest file size is
    // short, and one that begins there fails.
    copy(k, task) {
      const { bytesMax } = personalityOf(k.geometry);
      const bytes = bytesOf(task);
      const room = bytesMax - (task.args.offset ?? 0);
      if (room <= 0 && bytes.length > 0) {
        return fail(
          'EFBIG',
          'RG2',
          `the write begins at or above ${bytesMax}, the largest file of this kind`,
        );
      }
      if (bytes.length > room) task.data = bytes.subarray(0, Math.max(0, room));
      const clean = beforePoison(k, task, task.args.offset ?? 0);
      if (clean === 0 && bytes.length > 0) {
        const where = `byte ${task.args.offset ?? 0} of ${theInode(k, task).name}`;
        return fail(
          'EFAULT',
          'PO3',
          `the page of ${where} is poisoned; only a write of whole pages repairs it`,
        );
      }
      if (clean < bytesOf(task).length) task.data = bytesOf(task).subarray(0, clean);
      const written = writeSome(k, task, task.args.offset ?? 0);
      if (written === null)
        return failWith(noRoom(k, 'AL4', 'no block is free for the first byte of the write'));
      return done({ bytesWritten: written, sizeBytes: theInode(k, task).sizeBytes });
    },
  },
  undo: undoLayout(replace),
});
