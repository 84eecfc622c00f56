// fallocate(ZERO_RANGE). Whole blocks become unwritten, edges are zeroed, holes are preallocated.
import { z } from 'zod';
import { zeroPage } from '../dev/pmem.ts';
import { deleteEntries } from '../fs/dax.ts';
import { eachExtent, setWritten } from '../fs/extent.ts';
import { eachHole, holesIn, zeroEdges, zeroTail } from '../fs/file-data.ts';
import { resize, touch } from '../fs/inode.ts';
import { allocateBlocks, noRoom, roomFor } from '../fs/superblock.ts';
import { pinsOf } from '../mm/page.ts';
import { unmapRange } from '../mm/pagetable.ts';
import { strategyOf } from '../reclaim/index.ts';
import type { Inode, Kernel } from '../state.ts';
import { type PgOff, pageCeil, pageOf, pageSize, toPfn, toPgOff, zBytes } from '../units.ts';
import { type LayoutChange, rangeOf, removeBlocks } from './layout-change.ts';
import { defineLayoutOp } from './layout-op.ts';
import { checkRange } from './range.ts';

const args = z.strictObject({ offset: zBytes, length: zBytes, keepSize: z.boolean().default(false) });

const change: LayoutChange<z.infer<typeof args>> = {
  check: (k, inode, range) => checkRange(k, inode, range),
  range: (_k, _inode, { offset, length }) => rangeOf(offset, offset + length, pageCeil(offset), pageOf(offset + length)),
  change(k, task, inode, { offset, length, keepSize }) {
    const end = offset + length;
    const first = pageOf(offset);
    const last = toPgOff(pageCeil(end) - 1);
    const wholeFirst = pageCeil(offset);
    const wholeLast = toPgOff(pageOf(end) - 1);
    // Where the strategy never waits, a device may still write to pinned blocks: other blocks take their place, so that the range reads
    // as zero whatever the device does.
    const pinned = strategyOf(k).destination === 'free' ? [] : pinnedPages(k, inode, wholeFirst, wholeLast);
    const holes = holesIn(inode, first, last);
    // What takes the place of a pinned block costs room on the device, and nothing of the quota.
    if (holes > roomFor(k) || holes + pinned.length > k.space.free) {
      return noRoom(k, 'AL1', 'not enough free blocks for the range; nothing was changed');
    }
    for (const pgoff of pinned) removeBlocks(k, task, inode, pgoff, pgoff, strategyOf(k).destination);
    if (offset > inode.sizeBytes && !keepSize) zeroTail(k, inode, inode.sizeBytes);
    zeroEdges(k, inode, offset, end);
    eachHole(inode, first, last, (pgoff, pages) => allocateBlocks(k, inode, pgoff, pages, false));
    if (wholeLast >= wholeFirst) {
      unmapRange(k, inode, wholeFirst, wholeLast);
      deleteEntries(k, inode, wholeFirst, wholeLast);
      eachExtent(inode.extents, wholeFirst, wholeLast, (extent) => {
        if (!extent.written) return;
        for (let page = 0; page < extent.pages; page++) zeroPage(k, toPfn(extent.pfn + page), 0, pageSize);
      });
      setWritten(inode.extents, wholeFirst, wholeLast - wholeFirst + 1, false);
    }
    if (!keepSize && end > inode.sizeBytes) resize(k, inode, end);
    touch(k, inode);
    return null;
  },
};

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
  summary: 'Make a byte range read as zero, with blocks reserved for it',
  doc: `Whole blocks of the range become unwritten, holes are preallocated, partial blocks at the edges are zeroed in place. Without keepSize
the file grows to the end of the range.`,
  args,
  change,
  grows: true,
  errors: ['ENOSPC'],
});
