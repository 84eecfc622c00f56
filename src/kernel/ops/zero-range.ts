// fallocate(ZERO_RANGE). Whole blocks become unwritten, partial blocks are zeroed, holes are
// preallocated.
import { z } from 'zod';
import { zeroPage } from '../dev/pmem.ts';
import type { Failure } from '../errno.ts';
import { deleteEntries } from '../fs/dax.ts';
import { eachHole, holesIn, zeroEdges, zeroTail } from '../fs/file-data.ts';
import { resize, touch } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { allocateBlocks, noRoom, roomFor, warnOfZeroing } from '../fs/superblock.ts';
import { eachExtent, setState } from '../lib/extent-map.ts';
import { pinsOf } from '../mm/page.ts';
import { unmapRange } from '../mm/pagetable.ts';
import { strategyOf } from '../reclaim/index.ts';
import type { Inode, Kernel, Task } from '../state.ts';
import { type PgOff, pageCeil, pageOf, pageSize, toPfn, toPgOff, zBytes } from '../units.ts';
import { allocateWhatFits, growTo } from './allocate.ts';
import { type LayoutChange, rangeOf, removeBlocks } from './layout-change.ts';
import { defineLayoutOp } from './layout-op.ts';
import { checkRange, rangeErrors } from './range.ts';

const args = z.strictObject({
  offset: zBytes,
  length: zBytes,
  keepSize: z.boolean().default(false),
});

type Args = z.infer<typeof args>;

const change: LayoutChange<Args> = {
  check: (k, inode, range) => checkRange(k, inode, range),
  range: (_k, _inode, { offset, length }) =>
    rangeOf(offset, offset + length, pageCeil(offset), pageOf(offset + length)),
  change(k, task, inode, { offset, length, keepSize }) {
    const end = offset + length;
    const first = pageOf(offset);
    const last = toPgOff(pageCeil(end) - 1);
    const wholeFirst = pageCeil(offset);
    const wholeLast = toPgOff(pageOf(end) - 1);
    // A strategy that puts blocks on the busy or the detached list has not waited for pins, so a
    // device may still write to them. Other blocks replace pinned ones, so that the range reads as
    // zero whatever the device does.
    const pinned =
      strategyOf(k).destination === 'free' ? [] : pinnedPages(k, inode, wholeFirst, wholeLast);
    const shortage = shortageOf(k, inode, {
      first,
      last,
      wholeFirst,
      wholeLast,
      pinned: pinned.length,
    });
    if (shortage === 'reserve') return loseRange(k, task, inode, task.args);
    if (shortage === 'partial') return zeroWhatFits(k, inode, task.args);
    for (const pgoff of pinned)
      removeBlocks(k, task, inode, pgoff, pgoff, strategyOf(k).destination);
    if (offset > inode.sizeBytes && !keepSize) zeroTail(k, inode, inode.sizeBytes);
    zeroEdges(k, inode, offset, end);
    eachHole(inode, first, last, (pgoff, pages) =>
      allocateBlocks(k, inode, pgoff, pages, 'unwritten'),
    );
    makeUnwritten(k, inode, wholeFirst, wholeLast);
    if (!keepSize && end > inode.sizeBytes) resize(k, inode, end);
    touch(k, inode);
    return null;
  },
};

interface Pages {
  first: PgOff;
  last: PgOff;
  wholeFirst: PgOff;
  wholeLast: PgOff;
  /** How many whole pages have pinned blocks that are replaced. */
  pinned: number;
}

/**
 * Returns null if there are enough blocks, and otherwise how this kind runs out of space. XFS
 * reserves for the whole range, as if it had no blocks.
 */
function shortageOf(
  k: Kernel,
  inode: Inode,
  { first, last, wholeFirst, wholeLast, pinned }: Pages,
): 'partial' | 'reserve' | null {
  const { outOfSpace } = personalityOf(k.geometry);
  const holes = holesIn(inode, first, last);
  if (outOfSpace === 'reserve') {
    const given =
      wholeLast < wholeFirst
        ? 0
        : wholeLast - wholeFirst + 1 - holesIn(inode, wholeFirst, wholeLast) - pinned;
    if (last - first + 1 > roomFor(k) + given) return 'reserve';
  }
  // A replacement for a pinned block needs space on the device, but not in the quota, because the
  // old block no longer counts there.
  return holes > roomFor(k) || holes + pinned > k.space.free ? outOfSpace : null;
}

/**
 * Mirrors xfs_falloc_zero_range(): it frees the range first, and then the allocation fails. The
 * size stays.
 */
function loseRange(k: Kernel, task: Task, inode: Inode, { offset, length }: Args): Failure {
  const end = offset + length;
  const first = pageCeil(offset);
  const last = toPgOff(pageOf(end) - 1);
  if (last >= first) removeBlocks(k, task, inode, first, last, strategyOf(k).destination);
  if (offset < inode.sizeBytes) zeroEdges(k, inode, offset, Math.min(end, inode.sizeBytes));
  touch(k, inode);
  return noRoom(
    k,
    'AL5',
    'too few blocks are free for the range; its old blocks were freed first, so it reads as zero',
  );
}

/**
 * Mirrors ext4_zero_range(). A range with partial pages is first allocated as a whole, and nothing
 * is zeroed if that fails. A range of whole pages is converted while it is allocated, up to the
 * page that gets no block.
 */
function zeroWhatFits(k: Kernel, inode: Inode, { offset, length, keepSize }: Args): Failure {
  const end = offset + length;
  const last = toPgOff(pageCeil(end) - 1);
  const reached = allocateWhatFits(k, inode, pageOf(offset), last);
  if (offset % pageSize === 0 && end % pageSize === 0)
    makeUnwritten(k, inode, pageOf(offset), toPgOff(reached - 1));
  growTo(k, inode, { offset, reached, keepSize });
  touch(k, inode);
  return noRoom(k, 'AL3', 'the device is full; the blocks allocated so far stay');
}

/** Unmaps whole pages and makes their blocks unwritten, so that they read as zero. */
function makeUnwritten(k: Kernel, inode: Inode, first: PgOff, last: PgOff): void {
  if (last < first) return;
  unmapRange(k, inode, first, last);
  deleteEntries(k, inode, first, last);
  warnOfZeroing(k, inode, first, last);
  eachExtent(inode.extents, first, last, (extent) => {
    if (!extent.written) return;
    for (let page = 0; page < extent.pages; page++)
      zeroPage(k, toPfn(extent.pfn + page), 0, pageSize);
  });
  setState(inode.extents, first, last - first + 1, 'unwritten');
}

function pinnedPages(k: Kernel, inode: Inode, first: PgOff, last: PgOff): PgOff[] {
  const pinned: PgOff[] = [];
  if (last < first || k.counts.pinnedPages === 0) return pinned;
  eachExtent(inode.extents, first, last, (extent) => {
    for (let page = 0; page < extent.pages; page++) {
      if (pinsOf(k, toPfn(extent.pfn + page)) > 0) pinned.push(toPgOff(extent.pgoff + page));
    }
  });
  return pinned;
}

export const zeroRange = defineLayoutOp({
  name: 'zero-range',
  summary: 'Zero a byte range and keep blocks allocated for it',
  doc:
    'Whole blocks of the range become unwritten, holes are preallocated, and partial blocks at ' +
    'the edges are zeroed in place. Without keepSize the file grows to the end of the range. If ' +
    'space runs out, XFS has already freed the range, so it reads as zero; ext4 keeps the ' +
    'blocks that it got, zeroed if the range consists of whole pages.',
  args,
  change,
  grows: true,
  errors: [...rangeErrors, 'ENOSPC'],
});
