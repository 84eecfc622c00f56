// fallocate mode 0, KEEP_SIZE and UNSHARE_RANGE. XFS breaks the layout for it, ext4 does not.
import { z } from 'zod';
import { type Failure, failure } from '../errno.ts';
import { eachHole, holesIn, zeroTail } from '../fs/file-data.ts';
import { resize, touch } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { allocateBlocks, noRoom, roomFor } from '../fs/superblock.ts';
import { nextExtent } from '../lib/extent-map.ts';
import type { Inode, Kernel } from '../state.ts';
import { byteOf, type PgOff, pageCeil, pageOf, toPgOff, zBytes } from '../units.ts';
import { type LayoutChange, rangeOf } from './layout-change.ts';
import { defineLayoutOp } from './layout-op.ts';
import { checkRange, rangeErrors } from './range.ts';

const args = z.strictObject({
  offset: zBytes,
  length: zBytes,
  keepSize: z
    .boolean()
    .default(false)
    .describe(
      'FALLOC_FL_KEEP_SIZE: the size of the file does not change, so blocks may lie beyond its ' +
        'end.',
    ),
  unshare: z.boolean().default(false).describe('UNSHARE_RANGE; EOPNOTSUPP on ext4.'),
});

/** XFS_MAX_BMBT_EXTLEN: the most blocks that one transaction of xfs_alloc_file_space() asks for. */
const reservedMax = 2 ** 21 - 1;

/**
 * Mirrors xfs_alloc_file_space(). Each transaction reserves the rest of the range, even for pages
 * that have blocks, and then maps one piece of it. If a reservation fails, the pieces before it
 * stay.
 */
function allocateReserved(k: Kernel, inode: Inode, first: PgOff, last: PgOff): Failure | null {
  for (let at: number = first; at <= last; ) {
    if (Math.min(last - at + 1, reservedMax) > roomFor(k)) {
      if (at > first) touch(k, inode);
      return noRoom(k, 'AL1', `the range needs ${last - at + 1} blocks, and fewer are free`);
    }
    const next = nextExtent(inode.extents, toPgOff(at));
    const isHole = next === null || next.pgoff > at;
    const end = isHole
      ? Math.min(next?.pgoff ?? last + 1, last + 1, at + reservedMax)
      : next.pgoff + next.pages;
    if (isHole) allocateBlocks(k, inode, toPgOff(at), end - at, 'unwritten');
    at = end;
  }
  return null;
}

/** The size after an allocation that stopped before page `reached`. */
export function growTo(
  k: Kernel,
  inode: Inode,
  to: { offset: number; reached: PgOff; keepSize: boolean },
): void {
  const bytes = byteOf(to.reached);
  if (to.keepSize || bytes <= Math.max(to.offset, inode.sizeBytes)) return;
  zeroTail(k, inode, inode.sizeBytes);
  resize(k, inode, bytes);
}

/**
 * Mirrors ext4_alloc_file_blocks. Returns the first page that got no block. All pages of the range
 * before it have one. `first` if every page has one: then zero-range lacks only the blocks that
 * would replace pinned ones, and must not zero these under the device.
 */
export function allocateWhatFits(k: Kernel, inode: Inode, first: PgOff, last: PgOff): PgOff {
  let left = roomFor(k);
  let reached: PgOff | null = null;
  eachHole(inode, first, last, (pgoff, pages) => {
    if (reached !== null) return;
    const fit = Math.min(pages, left);
    if (fit > 0) allocateBlocks(k, inode, pgoff, fit, 'unwritten');
    left -= fit;
    if (fit < pages) reached = toPgOff(pgoff + fit);
  });
  return reached ?? first;
}

const change: LayoutChange<z.infer<typeof args>> = {
  check(k, inode, { offset, length, unshare }) {
    const refused = checkRange(k, inode, { offset, length });
    if (refused !== null || !unshare || personalityOf(k.geometry).unshare) return refused;
    return failure(
      'EOPNOTSUPP',
      'AL2',
      `a filesystem of kind ${k.geometry.kind} has no UNSHARE_RANGE`,
    );
  },
  range(k, _inode, { offset, length }) {
    if (!personalityOf(k.geometry).allocateBreaksLayout) return null;
    return rangeOf(offset, offset + length, toPgOff(0), toPgOff(0)); // No page leaves.
  },
  change(k, _task, inode, { offset, length, keepSize }) {
    const end = offset + length;
    const first = pageOf(offset);
    const last = toPgOff(pageCeil(end) - 1);
    if (personalityOf(k.geometry).outOfSpace === 'reserve') {
      const refused = allocateReserved(k, inode, first, last);
      if (refused !== null) return refused;
    } else if (holesIn(inode, first, last) > roomFor(k)) {
      const reached = allocateWhatFits(k, inode, first, last);
      growTo(k, inode, { offset, reached, keepSize });
      touch(k, inode);
      return noRoom(k, 'AL3', 'the device is full; the blocks allocated so far stay');
    } else {
      eachHole(inode, first, last, (pgoff, pages) =>
        allocateBlocks(k, inode, pgoff, pages, 'unwritten'),
      );
    }
    if (end > inode.sizeBytes && !keepSize) zeroTail(k, inode, inode.sizeBytes);
    if (!keepSize && end > inode.sizeBytes) resize(k, inode, end);
    touch(k, inode);
    return null;
  },
};

export const allocate = defineLayoutOp({
  name: 'allocate',
  summary: 'Preallocate blocks for a byte range',
  doc:
    'Holes in the range get unwritten blocks, which read as zero. Without keepSize the file ' +
    'grows to the end of the range.',
  args,
  change,
  grows: true,
  errors: [...rangeErrors, 'ENOSPC'],
});
