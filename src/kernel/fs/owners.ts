// Which file owns which blocks, seen from the device. XFS can store that (rmapbt); here it is
// searched in the extent maps of all files, because only a picture of the device asks for it.
import { extentAtPosition, type Places, placesOn } from '../lib/extent-map.ts';
import type { Inode } from '../state.ts';

/** Blocks [pfn, end) that a file owns from its page `pgoff` on. */
export interface OwnedRun {
  pfn: number;
  end: number;
  inode: Inode;
  pgoff: number;
  written: boolean;
}

const buckets = 1024;

/**
 * The runs of [from, end) that these files own, clipped to it, ascending. If there are many more
 * than `max`, returns only those before the block `until`, so that a fragmented device makes no
 * more objects than an answer can show. Otherwise `until` is `end`. The files have at most
 * `extents` extents.
 */
export function ownersIn(
  inodes: readonly Inode[],
  { from, end, max, extents }: { from: number; end: number; max: number; extents: number },
): { owned: OwnedRun[]; until: number } {
  const places: Places = {
    count: 0,
    pfns: new Int32Array(extents),
    positions: new Int32Array(extents),
  };
  const files: Inode[] = [];
  /** Where the places of each file end. */
  const ends: number[] = [];
  for (const inode of inodes) {
    const before = places.count;
    placesOn(inode.extents, from, end, places);
    if (places.count === before) continue;
    files.push(inode);
    ends.push(places.count);
  }
  const until = endOfFirst(places, { from, end, max });
  const owned: OwnedRun[] = [];
  for (let file = 0, at = 0; file < files.length; file++) {
    const inode = files[file] as Inode;
    for (const stop = ends[file] as number; at < stop; at++) {
      if ((places.pfns[at] as number) >= until) continue;
      const extent = extentAtPosition(inode.extents, places.positions[at] as number);
      const first = Math.max(extent.pfn, from);
      owned.push({
        pfn: first,
        end: Math.min(extent.pfn + extent.pages, until),
        inode,
        pgoff: extent.pgoff + (first - extent.pfn),
        written: extent.written,
      });
    }
  }
  owned.sort((a, b) => a.pfn - b.pfn);
  return { owned, until };
}

/**
 * A block before which at least `max` of the places begin, and not many more; `end` if there are
 * fewer. Each round divides the range by 1,024, and no two places begin at the same block.
 */
function endOfFirst(
  { count, pfns }: Places,
  { from, end, max }: { from: number; end: number; max: number },
): number {
  let until = end;
  for (let before = count; before > 2 * max; ) {
    const width = Math.ceil((until - from) / buckets);
    const begins = new Int32Array(buckets);
    for (let at = 0; at < count; at++) {
      const pfn = pfns[at] as number;
      if (pfn >= until) continue;
      const bucket = pfn < from ? 0 : Math.floor((pfn - from) / width);
      begins[bucket] = (begins[bucket] as number) + 1;
    }
    let bucket = 0;
    for (before = 0; before < max && bucket < buckets; bucket++) before += begins[bucket] as number;
    until = Math.min(until, from + bucket * width);
    if (width === 1) break;
  }
  return until;
}
