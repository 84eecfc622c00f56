// Breaking a layout: unmap, then look for pinned pages. Mirrors dax_layout_busy_page_range() and
// dax_break_layout().
import { emit } from '../emit.ts';
import { pinsOver } from '../mm/page.ts';
import { unmapRange } from '../mm/pagetable.ts';
import type { Inode, Kernel } from '../state.ts';
import type { Pfn, PgOff } from '../units.ts';
import { firstBusy } from './dax.ts';

/**
 * Unmaps the pages of [first, last] and returns the first one that is pinned, or null. The caller
 * holds invalidate_lock exclusive.
 */
export function scan(
  k: Kernel,
  inode: Inode,
  first: PgOff,
  last: PgOff,
): { pfn: Pfn; pgoff: PgOff } | null {
  unmapRange(k, inode, first, last);
  const busy = firstBusy(k, inode, first, last);
  if (busy !== null) emit(k, 'layout.busy', inode, { ...busy, pins: pinsOver(k, busy.pfn) });
  return busy;
}
