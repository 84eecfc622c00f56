// Page-table entries and DAX mapping entries share one encoding: 0 is none, 1 is the shared zero page, anything else is a frame and a
// bit (writable in a page table, dirty in a mapping entry).
import { emit } from '../events.ts';
import type { Inode, Kernel, Mapping } from '../state.ts';
import { byteOf, type Pfn, type PgOff } from '../units.ts';
import { mapPage, unmapPage } from './page.ts';
import { eraseRange, load, store } from './xarray.ts';

export const zeroEntry = 1;

export const frameEntry = (pfn: Pfn, bit: boolean): number => ((pfn + 1) << 1) | (bit ? 1 : 0);
/** The frame of an entry; -1 for none and for the zero page. */
export const pfnOf = (entry: number): Pfn => ((entry >>> 1) - 1) as Pfn;
export const isFrame = (entry: number): boolean => entry > 1;
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
}

/** unmap_mapping_range: clears the entries of every shared mapping of the file in [first, last]. Caller holds invalidate_lock. */
export function unmapRange(k: Kernel, inode: Inode, first: PgOff, last: PgOff): void {
  let pages = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const id of inode.mappings) {
    const mapping = k.mappings.get(id);
    if (mapping === undefined) continue;
    pages += unmapPart(k, mapping, first, last, (pgoff) => {
      low = Math.min(low, pgoff);
      high = Math.max(high, pgoff);
    });
  }
  if (pages > 0) emit(k, 'page.unmapped', inode, { offset: byteOf(low), length: byteOf(high + 1 - low), pages });
}

/** Clears the entries of one mapping for the file pages [first, last]; returns how many there were. */
export function unmapPart(k: Kernel, mapping: Mapping, first: PgOff, last: PgOff, cleared?: (pgoff: PgOff) => void): number {
  if (mapping.ptes.entries === 0) return 0;
  let pages = 0;
  const from = Math.max(first, mapping.first) - mapping.first;
  const to = Math.min(last, mapping.first + mapping.pages - 1) - mapping.first;
  if (from > to) return 0;
  eraseRange(mapping.ptes, from, to, (index, pte) => {
    pages += 1;
    if (isFrame(pte)) unmapPage(k, pfnOf(pte));
    cleared?.((mapping.first + index) as PgOff);
  });
  return pages;
}
