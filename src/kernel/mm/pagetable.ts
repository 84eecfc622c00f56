// Page-table entries and DAX mapping entries share one encoding: 0 is none, 1 is the shared zero page, anything above is a frame and a bit
// (writable in a page table, dirty in a mapping entry). In a page table a negative entry is an anonymous page, see anon.ts.
import { emit } from '../events.ts';
import type { Inode, Kernel, Mapping } from '../state.ts';
import { byteOf, type Pfn, type PgOff } from '../units.ts';
import { isAnon, putAnon } from './anon.ts';
import { mapPage, unmapPage } from './page.ts';
import { eachEntry, eraseRange, load, store } from './xarray.ts';

export const zeroEntry = 1;

export const frameEntry = (pfn: Pfn, bit: boolean): number => ((pfn + 1) << 1) | (bit ? 1 : 0);
/** The frame of an entry; -1 for none and for the zero page; an anonymous page is itself. */
export const pfnOf = (entry: number): Pfn => (entry < 0 ? entry : (entry >>> 1) - 1) as Pfn;
export const isFrame = (entry: number): boolean => entry > 1;
/** A store can go through this entry. */
export const isWritable = (pte: number): boolean => pte < 0 || bitOf(pte);
export const bitOf = (entry: number): boolean => entry > 1 && (entry & 1) === 1;

/** The page-table entry of page `pgoff` of the file in this mapping. */
export function pteOf(mapping: Mapping, pgoff: PgOff): number {
  return load(mapping.ptes, pgoff - mapping.first);
}

/** Installs a page-table entry in place of what was there. */
export function installPte(k: Kernel, mapping: Mapping, pgoff: PgOff, pte: number): void {
  const before = pteOf(mapping, pgoff);
  if (before === pte) return;
  store(mapping.ptes, pgoff - mapping.first, pte);
  if (isFrame(pte) && pfnOf(pte) !== pfnOf(before)) mapPage(k, pfnOf(pte));
  if (isFrame(before) && pfnOf(pte) !== pfnOf(before)) unmapPage(k, pfnOf(before));
  if (isAnon(before)) putAnon(k, before as Pfn);
}

/**
 * unmap_mapping_range: clears the entries of every mapping of the file in [first, last]. Private copies stay, but for `evenCows`, which is
 * what truncate says of pages that lie beyond the end. Caller holds invalidate_lock.
 */
export function unmapRange(k: Kernel, inode: Inode, first: PgOff, last: PgOff, evenCows = false): void {
  let pages = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const id of inode.mappings) {
    const mapping = k.mappings.get(id);
    if (mapping === undefined) continue;
    pages += unmapPart(k, mapping, first, last, evenCows, (pgoff) => {
      low = Math.min(low, pgoff);
      high = Math.max(high, pgoff);
    });
  }
  if (pages > 0) emit(k, 'page.unmapped', inode, { offset: byteOf(low), length: byteOf(high + 1 - low), pages });
}

/** Clears the entries of one mapping for the file pages [first, last]; returns how many there were. */
export function unmapPart(
  k: Kernel,
  mapping: Mapping,
  first: PgOff,
  last: PgOff,
  evenCows: boolean,
  cleared?: (pgoff: PgOff) => void,
): number {
  if (mapping.ptes.entries === 0) return 0;
  let pages = 0;
  const from = Math.max(first, mapping.first) - mapping.first;
  const to = Math.min(last, mapping.first + mapping.pages - 1) - mapping.first;
  if (from > to) return 0;
  const clear = (index: number, pte: number) => {
    pages += 1;
    if (isFrame(pte)) unmapPage(k, pfnOf(pte));
    else if (isAnon(pte)) putAnon(k, pte as Pfn);
    cleared?.((mapping.first + index) as PgOff);
  };
  if (mapping.shared || evenCows) {
    eraseRange(mapping.ptes, from, to, clear);
    return pages;
  }
  eachEntry(mapping.ptes, from, to, (index, pte) => {
    if (isAnon(pte)) return;
    store(mapping.ptes, index, 0);
    clear(index, pte);
  });
  return pages;
}
