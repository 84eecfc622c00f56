// Page-table entries and DAX mapping entries share one encoding: 0 is no entry, 1 is the shared
// zero page, and a larger number is a frame and a bit (writable in a page table, dirty in a mapping
// entry). In a page table a negative entry is an anonymous page, see anon.ts.
import { emit } from '../emit.ts';
import { type EventData, listedMax } from '../events.ts';
import { eachEntry, eraseRange, load, store } from '../lib/xarray.ts';
import { assert } from '../panic.ts';
import type { Access, Inode, Kernel, Mapping } from '../state.ts';
import { byteOf, mappingId, type Pfn, type PgOff, toPfn } from '../units.ts';
import { isAnon, putAnon } from './anon.ts';
import { mapFolio, mapPage, unmapFolio, unmapPage } from './page.ts';
import { addPmd, addTable, dropPmds, inPmd, pagesPerPmd, pmdOf, widen } from './pmd.ts';

export const zeroEntry = 1;

export const frameEntry = (pfn: Pfn, bit: boolean): number => ((pfn + 1) << 1) | (bit ? 1 : 0);
/** The frame of an entry; -1 for none and for the zero page; an anonymous page is itself. */
export const pfnOf = (entry: number): Pfn => (entry < 0 ? entry : (entry >>> 1) - 1) as Pfn;
export const isFrame = (entry: number): boolean => entry > 1;
/** A store through this entry does not fault. */
export const isWritable = (pte: number): boolean => pte < 0 || bitOf(pte);
export const bitOf = (entry: number): boolean => entry > 1 && (entry & 1) === 1;

/** The page-table entry of page `pgoff` of the file in this mapping. */
export function pteOf(mapping: Mapping, pgoff: PgOff): number {
  return load(mapping.ptes, pgoff - mapping.first);
}

/** Installs a page-table entry and drops the reference of the one that it replaces. */
export function installPte(k: Kernel, mapping: Mapping, pgoff: PgOff, pte: number): void {
  const before = pteOf(mapping, pgoff);
  if (before === pte) return;
  const { heapBytes } = mapping.ptes;
  store(mapping.ptes, pgoff - mapping.first, pte);
  k.counts.tableBytes += mapping.ptes.heapBytes - heapBytes;
  addTable(mapping, pgoff);
  if (isFrame(pte) && pfnOf(pte) !== pfnOf(before)) mapPage(k, pfnOf(pte));
  if (isFrame(before) && pfnOf(pte) !== pfnOf(before)) unmapPage(k, pfnOf(before));
  if (isAnon(before)) putAnon(k, before as Pfn);
}

/**
 * Installs one page-table entry of 2 MiB: the frames from `head` on, or the zero page if it is
 * null. It may replace a read-only entry of the same 2 MiB.
 */
export function installPmd(
  k: Kernel,
  mapping: Mapping,
  first: PgOff,
  head: Pfn | null,
  access: Access,
): void {
  const upgrade = inPmd(mapping, first);
  const { heapBytes } = mapping.ptes;
  for (let page = 0; page < pagesPerPmd; page++) {
    const index = first - mapping.first + page;
    const before = load(mapping.ptes, index);
    assert(
      upgrade ? isFrame(before) === (head !== null) : before === 0,
      'a 2 MiB entry takes the place of none, or of itself',
    );
    store(
      mapping.ptes,
      index,
      head === null ? zeroEntry : frameEntry(toPfn(head + page), access === 'write'),
    );
    if (head !== null && !upgrade) mapPage(k, toPfn(head + page), 'pmd');
  }
  k.counts.tableBytes += mapping.ptes.heapBytes - heapBytes;
  if (head !== null && !upgrade) mapFolio(k, head);
  addPmd(mapping, first);
}

/** Clears private copies of a private mapping as well. */
interface Cows {
  evenCows: boolean;
}
const leaveCows: Cows = { evenCows: false };

/**
 * unmap_mapping_range: clears the entries of [first, last] in every mapping of the file. Private
 * copies stay unless `evenCows` is true, which truncate sets for pages beyond the new end. A 2 MiB
 * entry is cleared as a whole. The caller holds invalidate_lock.
 */
export function unmapRange(
  k: Kernel,
  inode: Inode,
  first: PgOff,
  last: PgOff,
  { evenCows }: Cows = leaveCows,
): void {
  const all = createCleared();
  const mappings: Unmapped['mappings'] = [];
  let more = false;
  const whole = widen(inode, first, last);
  for (const id of inode.mappings) {
    const mapping = k.mappings.get(id);
    if (mapping === undefined) continue;
    const part = createCleared();
    const cleared = (pgoff: PgOff): void => addCleared(part, pgoff, pgoff, 1);
    unmapPart(k, mapping, whole.first, whole.last, leaveCows, cleared);
    if (evenCows && !mapping.shared) unmapPart(k, mapping, first, last, { evenCows }, cleared);
    if (part.pages === 0) continue;
    addCleared(all, part.low, part.high, part.pages);
    if (mappings.length < listedMax) mappings.push({ mapping: mappingId(id), ...bytesOf(part) });
    else more = true;
  }
  if (all.pages === 0) return;
  const omitted = more ? ({ more } as const) : {};
  emit(k, 'page.unmapped', inode, { ...bytesOf(all), mappings, ...omitted });
}

type Unmapped = EventData<'page.unmapped'>;

/** The entries that were cleared: how many pages, from the lowest to the highest. */
interface Cleared {
  low: number;
  high: number;
  pages: number;
}
const createCleared = (): Cleared => ({ low: Number.POSITIVE_INFINITY, high: 0, pages: 0 });

function addCleared(to: Cleared, low: number, high: number, pages: number): void {
  to.low = Math.min(to.low, low);
  to.high = Math.max(to.high, high);
  to.pages += pages;
}

const bytesOf = ({ low, high, pages }: Cleared) => ({
  offset: byteOf(low),
  length: byteOf(high + 1 - low),
  pages,
});

/**
 * Clears the entries of one mapping for the file pages [first, last], which must not cut a 2 MiB
 * entry. Returns how many pages were mapped.
 */
export function unmapPart(
  k: Kernel,
  mapping: Mapping,
  first: PgOff,
  last: PgOff,
  { evenCows }: Cows,
  cleared?: (pgoff: PgOff) => void,
): number {
  if (mapping.ptes.entries === 0) return 0;
  let pages = 0;
  const from = Math.max(first, mapping.first) - mapping.first;
  const to = Math.min(last, mapping.first + mapping.pages - 1) - mapping.first;
  if (from > to) return 0;
  const heads: Pfn[] = [];
  const { heapBytes } = mapping.ptes;
  const clear = (index: number, pte: number) => {
    const pgoff = (mapping.first + index) as PgOff;
    const isPart = inPmd(mapping, pgoff);
    pages += 1;
    if (isFrame(pte)) unmapPage(k, pfnOf(pte), isPart ? 'pmd' : 'pte');
    else if (isAnon(pte)) putAnon(k, pte as Pfn);
    if (isPart && isFrame(pte) && pgoff === pmdOf(pgoff)) heads.push(pfnOf(pte));
    cleared?.(pgoff);
  };
  if (mapping.shared || evenCows) {
    eraseRange(mapping.ptes, from, to, clear);
  } else {
    eachEntry(mapping.ptes, from, to, (index, pte) => {
      if (isAnon(pte)) return;
      store(mapping.ptes, index, 0);
      clear(index, pte);
    });
  }
  k.counts.tableBytes += mapping.ptes.heapBytes - heapBytes;
  dropPmds(mapping, (mapping.first + from) as PgOff, (mapping.first + to) as PgOff);
  for (const head of heads) unmapFolio(k, head);
  return pages;
}
