// The mappings that keep a page busy. Only the modern idle rule counts them (ST6): a sleeper whose
// last pin is gone waits on until they are, because only munmap or another unmap wakes it.
import { eachEntry } from '../lib/xarray.ts';
import { mapcountOf, ownerOf } from '../mm/page.ts';
import { isFrame, pfnOf } from '../mm/pagetable.ts';
import type { Kernel, Mapping } from '../state.ts';
import { type Ino, type Pfn, type PgOff, toPfn } from '../units.ts';
import { framesWith } from './wait-graph.ts';

export interface PageMapping {
  mapping: Mapping;
  /** The first page of the file that it maps to one of the frames. */
  pgoff: PgOff;
}

/**
 * The mappings with an entry for this frame, or for its folio, oldest first, at most `max`. Empty
 * under a rule that does not count them.
 */
export function mappingsOn(k: Kernel, pfn: Pfn, max: number): PageMapping[] {
  if (k.idleRule !== 'modern') return [];
  const { first, count } = framesWith(k, pfn);
  const isHere = (pte: number): boolean =>
    isFrame(pte) && pfnOf(pte) >= first && pfnOf(pte) < first + count;
  const found: PageMapping[] = [];
  for (const [ino, { low, high }] of mappedPages(k, first, count)) {
    for (const id of k.inodes.get(ino)?.mappings ?? []) {
      if (found.length === max) return found;
      const mapping = k.mappings.get(id);
      if (mapping === undefined || mapping.ptes.entries === 0) continue;
      const from = Math.max(low, mapping.first) - mapping.first;
      const to = Math.min(high, mapping.first + mapping.pages - 1) - mapping.first;
      if (from > to) continue;
      eachEntry(mapping.ptes, from, to, (index, pte) => {
        if (!isHere(pte)) return;
        found.push({ mapping, pgoff: (mapping.first + index) as PgOff });
        return false;
      });
    }
  }
  return found;
}

/** The pages of files at which the frames are mapped; a folio may have pages of two files. */
function mappedPages(
  k: Kernel,
  first: number,
  count: number,
): Map<Ino, { low: number; high: number }> {
  const pages = new Map<Ino, { low: number; high: number }>();
  for (let frame = first; frame < first + count; frame++) {
    const owner = mapcountOf(k, toPfn(frame)) === 0 ? null : ownerOf(k, toPfn(frame));
    if (owner === null) continue;
    const { low = owner.pgoff, high = owner.pgoff } = pages.get(owner.ino) ?? {};
    pages.set(owner.ino, {
      low: Math.min(low, owner.pgoff),
      high: Math.max(high, owner.pgoff),
    });
  }
  return pages;
}
