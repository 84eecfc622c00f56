// Zero-out on ext4: a write into a small unwritten extent also converts the blocks around it,
// because zeroing a few blocks is cheaper than splitting the extent. Mirrors
// ext4_ext_convert_to_initialized(), fs/ext4/extents.c. Off unless mkfs sets extentMaxZerooutKb.
import { zeroPage } from '../dev/pmem.ts';
import { type Extent, findExtent, setState } from '../lib/extent-map.ts';
import { assert } from '../panic.ts';
import type { Inode, Kernel } from '../state.ts';
import { type PgOff, pageCeil, pageSize, toPfn, toPgOff } from '../units.ts';

/**
 * Makes the unwritten blocks [pgoff, pgoff + pages) of one extent written and zero, and perhaps
 * some beside them. Returns the converted range.
 */
export function convertUnwritten(
  k: Kernel,
  inode: Inode,
  pgoff: PgOff,
  pages: number,
): { pgoff: PgOff; pages: number } {
  const extent = findExtent(inode.extents, pgoff);
  assert(extent !== null && !extent.written, 'what is converted is unwritten');
  const converted = convertedBy(k, inode, extent, pgoff, pages);
  const head = extent.pfn + (converted.pgoff - extent.pgoff);
  for (let page = 0; page < converted.pages; page++) zeroPage(k, toPfn(head + page), 0, pageSize);
  setState(inode.extents, converted.pgoff, converted.pages, 'written');
  return converted;
}

/**
 * The range that becomes written when [pgoff, pgoff + pages) of an unwritten extent is written.
 * Blocks of it outside the write are zeroed. `most` is extentMaxZerooutKb in blocks; the numbers
 * are the cases in the comment of ext4_ext_convert_to_initialized():
 *
 *     extent  |-----------------|    must lie within the file
 *     3, 5        |WWWWzzzzzzzzz|    from the write to the end of the extent: at most `most` blocks
 *     2, 5    |zzzzWWWW|             from its start to the end of the range: fewer than `most`
 *     1, 4        |WWWW|             otherwise: the extent is split and nothing is zeroed
 */
function convertedBy(
  k: Kernel,
  inode: Inode,
  extent: Extent,
  pgoff: PgOff,
  pages: number,
): { pgoff: PgOff; pages: number } {
  const most = Math.floor((k.geometry.extentMaxZerooutKb * 1024) / pageSize);
  const asked = { pgoff, pages };
  const end = pgoff + pages;
  const extentEnd = extent.pgoff + extent.pages;
  if (most === 0 || end === extentEnd || extentEnd > pageCeil(inode.sizeBytes)) return asked;
  // Blocks that continue a written neighbour on the device are merged into it without zeroing.
  if (pgoff === extent.pgoff && continues(inode, toPgOff(pgoff - 1), extent.pfn - 1)) return asked;
  let first: number = pgoff;
  let last = end;
  if (extentEnd - pgoff <= most) last = extentEnd;
  if (last - extent.pgoff < most) first = extent.pgoff;
  return { pgoff: toPgOff(first), pages: last - first };
}

/** Is page `pgoff` written, and in block `pfn`? */
function continues(inode: Inode, pgoff: PgOff, pfn: number): boolean {
  const beside = pgoff < 0 ? null : findExtent(inode.extents, pgoff);
  return beside?.written === true && beside.pfn + (pgoff - beside.pgoff) === pfn;
}
