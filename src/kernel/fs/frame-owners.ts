// Which file owns a frame now. Linux cannot say so without a reverse map, and neither can a block
// that was never faulted in, so this searches the extents of every file. Only a device that
// accesses a page through an orphan pin asks.
import { blockPfn, eachExtent, lookupBlock } from '../lib/extent-map.ts';
import { isFree } from '../lib/free-space.ts';
import { findRun } from '../lib/run-list.ts';
import { ownerOf } from '../mm/page.ts';
import type { Inode, Kernel } from '../state.ts';
import { lastPage, type Pfn, type PgOff, toPgOff } from '../units.ts';

export interface FrameOwner {
  inode: Inode;
  pgoff: PgOff;
}

/** At most so many extents are visited, about a millisecond. */
export const extentsVisitedMax = 65_536;
const extentsPerStep = 64;

/**
 * The owners of those frames that belong to a file. `complete` is false if some file has more
 * extents than may still be visited; then an owner can be missing.
 */
export function ownersOf(
  k: Kernel,
  frames: readonly Pfn[],
): { owners: Map<Pfn, FrameOwner>; complete: boolean } {
  const owners = new Map<Pfn, FrameOwner>();
  const wanted: Pfn[] = [];
  for (const pfn of frames) {
    if (!isOwned(k, pfn)) continue;
    const known = mappedAs(k, pfn);
    if (known === null) wanted.push(pfn);
    else owners.set(pfn, known);
  }
  wanted.sort((a, b) => a - b);
  let missing = new Set(wanted).size;
  let left = extentsVisitedMax;
  let complete = true;
  for (const inode of k.inodes.values()) {
    if (missing === 0) return { owners, complete: true };
    const { extents } = inode.extents;
    if (extents > left) {
      complete = false;
      continue;
    }
    left -= extents;
    k.turn.stepsLeft -= extents / extentsPerStep;
    eachExtent(inode.extents, toPgOff(0), lastPage, ({ pgoff, pfn, pages }) => {
      for (let at = firstFrom(wanted, pfn); (wanted[at] ?? Infinity) < pfn + pages; at++) {
        const frame = wanted[at] as Pfn;
        if (!owners.has(frame)) missing -= 1;
        owners.set(frame, { inode, pgoff: toPgOff(pgoff + (frame - pfn)) });
      }
    });
  }
  return { owners, complete: complete || missing === 0 };
}

/** Does the frame belong to a file, or to the metadata of the filesystem? */
export const isOwned = (k: Kernel, pfn: Pfn): boolean =>
  !isFree(k.space, pfn) && findRun(k.busy, pfn) === null && findRun(k.detached, pfn) === null;

/** The owner by page->mapping, which only a frame has that was faulted in. */
function mappedAs(k: Kernel, pfn: Pfn): FrameOwner | null {
  const owner = ownerOf(k, pfn);
  const inode = owner === null ? undefined : k.inodes.get(owner.ino);
  if (owner === null || inode === undefined) return null;
  const block = lookupBlock(inode.extents, owner.pgoff);
  return block >= 0 && blockPfn(block) === pfn ? { inode, pgoff: owner.pgoff } : null;
}

/** The index of the first frame that is not below `pfn`. */
function firstFrom(sorted: readonly Pfn[], pfn: Pfn): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as Pfn) < pfn) low = middle + 1;
    else high = middle;
  }
  return low;
}
