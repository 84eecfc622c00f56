// Faults of 2 MiB. Mirrors dax_iomap_pmd_fault() and the size rules of grab_mapping_entry(): 4 KiB
// entries are never joined, and a 2 MiB entry of frames is never split. A 2 MiB entry of the zero
// page is deleted when a fault in it falls back to 4 KiB.
import { isPoisoned } from '../dev/badblocks.ts';
import { emit } from '../emit.ts';
import { findExtent, nextExtent } from '../lib/extent-map.ts';
import { eachEntry, eraseRange, load, store } from '../lib/xarray.ts';
import { makeFolio, setOwner } from '../mm/page.ts';
import {
  bitOf,
  frameEntry,
  installPmd,
  unmapPart,
  unmapRange,
  zeroEntry,
} from '../mm/pagetable.ts';
import {
  addPmd,
  coversPmd,
  dropPmds,
  hasTable,
  inPmd,
  pagesPerPmd,
  pmdBytes,
  pmdOf,
  widen,
} from '../mm/pmd.ts';
import { assert } from '../panic.ts';
import type { Access, Inode, Kernel, Mapping } from '../state.ts';
import { byteOf, mappingId, type Pfn, type PgOff, pageCeil, toPfn, toPgOff } from '../units.ts';
import { personalityOf } from './personality/index.ts';

/** Why a fault of 2 MiB falls back to 4 KiB. */
export type PmdFallback =
  | 'private write'
  | 'end of file'
  | '4 KiB entries'
  | 'blocks'
  | 'unwritten'
  | 'poison';

/**
 * What a 2 MiB fault would map (the frames from `head` on, or the zero page if it is null), or why
 * it falls back.
 */
type PmdFit = { head: Pfn | null } | { fallback: PmdFallback };

/**
 * A 2 MiB fault is tried only if the filesystem has a huge_fault, the mapping covers the range, and
 * no page table of 4 KiB entries was made for it. The address needs no check, because the kernel
 * picks addresses that are congruent to the file offset.
 */
function isTried(k: Kernel, mapping: Mapping, first: PgOff): boolean {
  return (
    personalityOf(k.geometry).hugeFaults && coversPmd(mapping, first) && !hasTable(mapping, first)
  );
}

function fitOf(k: Kernel, inode: Inode, mapping: Mapping, first: PgOff, access: Access): PmdFit {
  if (access === 'write' && !mapping.shared) return { fallback: 'private write' };
  if (first + pagesPerPmd > pageCeil(inode.sizeBytes)) return { fallback: 'end of file' };
  if (!inPmd(inode, first) && hasEntries(k, inode, first)) return { fallback: '4 KiB entries' };
  const extent = findExtent(inode.extents, first);
  if (extent === null) {
    const next = nextExtent(inode.extents, first);
    if (next !== null && next.pgoff < first + pagesPerPmd) return { fallback: 'blocks' };
    return access === 'read' ? { head: null } : { fallback: 'unwritten' };
  }
  if (extent.pgoff + extent.pages < first + pagesPerPmd) return { fallback: 'blocks' };
  if (!extent.written) return access === 'read' ? { head: null } : { fallback: 'unwritten' };
  const head = toPfn(extent.pfn + (first - extent.pgoff));
  if (head % pagesPerPmd !== 0) return { fallback: 'blocks' };
  for (let page = 0; k.pmem.badSectors.size > 0 && page < pagesPerPmd; page++) {
    if (isPoisoned(k, toPfn(head + page))) return { fallback: 'poison' };
  }
  return { head };
}

/** True if the range has entries, or if another task has locked one that it is about to make. */
function hasEntries(k: Kernel, inode: Inode, first: PgOff): boolean {
  for (const [pgoff, task] of inode.entryLocks) {
    if (pgoff > first && pgoff < first + pagesPerPmd && task !== k.turn.current) return true;
  }
  let found = false;
  eachEntry(inode.entries, first, first + pagesPerPmd - 1, () => {
    found = true;
    return false;
  });
  return found;
}

/**
 * The page whose entry lock a fault takes: the first page of the 2 MiB if an entry of that size
 * exists or would be made.
 */
export function lockedPage(
  k: Kernel,
  inode: Inode,
  mapping: Mapping,
  pgoff: PgOff,
  access: Access,
): PgOff {
  const first = pmdOf(pgoff);
  if (inPmd(inode, pgoff)) return first;
  return isTried(k, mapping, first) && 'head' in fitOf(k, inode, mapping, first, access)
    ? first
    : pgoff;
}

/**
 * Maps 2 MiB if possible. Otherwise it removes the 2 MiB entries that the 4 KiB fault replaces, and
 * returns false. The caller holds invalidate_lock shared and the entry lock, as for faultPage.
 */
export function faultPmd(
  k: Kernel,
  inode: Inode,
  mapping: Mapping,
  pgoff: PgOff,
  access: Access,
): boolean {
  const first = pmdOf(pgoff);
  if (isTried(k, mapping, first)) {
    const fit = fitOf(k, inode, mapping, first, access);
    const about = { mapping: mappingId(mapping.id), pgoff: first, access };
    if ('head' in fit) {
      const { head } = fit;
      storeEntry(k, inode, first, head, access);
      installPmd(k, mapping, first, head, access);
      emit(k, 'page.pmd_faulted', inode, {
        ...about,
        pfn: head,
        result: 'NOPAGE',
        zeroPage: head === null,
        why: null,
      });
      return true;
    }
    // split_huge_pmd() of a file mapping clears the entry; each page then faults by itself.
    if (inPmd(mapping, first)) {
      const pages = unmapPart(k, mapping, first, toPgOff(first + pagesPerPmd - 1), {
        evenCows: false,
      });
      const lost = { offset: byteOf(first), length: pmdBytes, pages };
      const mappings = [{ mapping: about.mapping, ...lost }];
      emit(k, 'page.unmapped', inode, { ...lost, mappings });
    }
    emit(k, 'page.pmd_faulted', inode, {
      ...about,
      pfn: null,
      result: 'FALLBACK',
      zeroPage: false,
      why: fit.fallback,
    });
  }
  if (inPmd(inode, pgoff) && load(inode.entries, pgoff) === zeroEntry)
    dropZeroEntry(k, inode, pgoff);
  return false;
}

/** Stores a mapping entry and counts the memory of the table, which memory.ts reads. */
export function setEntry(k: Kernel, inode: Inode, pgoff: PgOff, entry: number): void {
  const { heapBytes } = inode.entries;
  store(inode.entries, pgoff, entry);
  k.counts.tableBytes += inode.entries.heapBytes - heapBytes;
}

function storeEntry(k: Kernel, inode: Inode, first: PgOff, head: Pfn | null, access: Access): void {
  for (let page = 0; page < pagesPerPmd; page++) {
    const pgoff = toPgOff(first + page);
    const before = load(inode.entries, pgoff);
    if (head === null) {
      setEntry(k, inode, pgoff, zeroEntry);
      continue;
    }
    assert(before !== zeroEntry, 'no zero entry stands over a block');
    setEntry(k, inode, pgoff, frameEntry(toPfn(head + page), access === 'write' || bitOf(before)));
    setOwner(k, toPfn(head + page), inode.ino, pgoff);
  }
  addPmd(inode, first);
  if (head !== null) makeFolio(k, head);
}

/** Unmaps and deletes the zero entry of a page, or of the 2 MiB around it. */
export function dropZeroEntry(k: Kernel, inode: Inode, pgoff: PgOff): void {
  const { first, last } = widen(inode, pgoff, pgoff);
  unmapRange(k, inode, first, last);
  dropPmds(inode, first, last);
  const { heapBytes } = inode.entries;
  eraseRange(inode.entries, first, last);
  k.counts.tableBytes += inode.entries.heapBytes - heapBytes;
}
