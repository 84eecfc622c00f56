// The checks of a byte range that Linux makes before it accesses the file (vfs_fallocate,
// do_sys_ftruncate), in its order.
import { type Errno, type Failure, failure } from '../errno.ts';
import { personalityOf } from '../fs/personality/index.ts';
import type { Inode, Kernel } from '../state.ts';
import { pageSize } from '../units.ts';

/** The errors of a range, checked here or under the locks. */
export const rangeErrors = ['EINVAL', 'EFBIG', 'EOPNOTSUPP'] as const satisfies readonly Errno[];

/**
 * Checks [offset, offset + length) for a fallocate mode: EINVAL for an empty range, EFBIG past the
 * largest file size.
 */
export function checkRange(
  k: Kernel,
  inode: Inode,
  { offset, length }: { offset: number; length: number },
): Failure | null {
  const { fallocate, bytesMax } = personalityOf(k.geometry);
  if (length === 0) return failure('EINVAL', 'RG1', 'length is 0; it must be at least 1');
  if (offset > bytesMax - length)
    return failure(
      'EFBIG',
      'RG2',
      `offset + length is above ${bytesMax}, the largest file of this kind`,
    );
  if (!fallocate)
    return failure('EOPNOTSUPP', 'RG3', `a filesystem of kind ${k.geometry.kind} has no fallocate`);
  return checkExtents(k, inode);
}

export function checkExtents(k: Kernel, inode: Inode): Failure | null {
  const max = k.limits.extentsPerFile;
  // A change splits at most two extents.
  return inode.extents.extents + 2 <= max
    ? null
    : failure('EFBIG', 'LM3', `the file already has ${max} extents, the maximum`, max);
}

export function checkAligned({
  offset,
  length,
}: {
  offset: number;
  length: number;
}): Failure | null {
  if (offset % pageSize === 0 && length % pageSize === 0) return null;
  return failure('EINVAL', 'RG4', `offset and length must be multiples of ${pageSize}`);
}
