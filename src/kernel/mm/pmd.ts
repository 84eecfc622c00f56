// Entries of 2 MiB, in page tables and among the DAX mapping entries. `ptes` and `entries` store
// the 512 pages of such an entry one by one, so that lookups need no special case. The set beside
// them records which 512 pages are one entry, which is made and deleted as a whole.
import type { Inode, Mapping } from '../state.ts';
import { lastPage, type PgOff, pageSize, toPgOff } from '../units.ts';
import { framesPerChunk } from './page.ts';

export const pagesPerPmd = framesPerChunk;
export const pmdBytes = pagesPerPmd * pageSize;

type HasPmds = Pick<Inode | Mapping, 'pmds'>;

/** The first page of the 2 MiB around this one. */
export const pmdOf = (pgoff: PgOff): PgOff =>
  toPgOff(Math.floor(pgoff / pagesPerPmd) * pagesPerPmd);

/** Does one entry of 2 MiB cover this page? */
export const inPmd = ({ pmds }: HasPmds, pgoff: PgOff): boolean => pmds?.has(pmdOf(pgoff)) === true;

export function addPmd(table: HasPmds, first: PgOff): void {
  table.pmds ??= new Set();
  table.pmds.add(first);
}

/**
 * A 2 MiB entry is deleted as a whole, so a range grows to cover the entries at its ends:
 *
 *     range           |-------------|
 *     entries   |-- 2 MiB --|.|.|-- 2 MiB --|
 *     widened   |---------------------------|
 */
export function widen(inode: Inode, first: PgOff, last: PgOff): { first: PgOff; last: PgOff } {
  return {
    first: inPmd(inode, first) ? pmdOf(first) : first,
    last: inPmd(inode, last) ? toPgOff(pmdOf(last) + pagesPerPmd - 1) : last,
  };
}

/**
 * Removes the 2 MiB entries of [first, last] from the set, and calls `dropped` with the first page
 * of each.
 */
export function dropPmds(
  table: HasPmds,
  first: PgOff,
  last: PgOff,
  dropped?: (first: PgOff) => void,
): void {
  const { pmds } = table;
  if (pmds === null) return;
  const drop = (at: PgOff): void => {
    if (pmds.delete(at)) dropped?.(at);
  };
  const count = Math.floor((Math.min(last, lastPage) - first) / pagesPerPmd) + 1;
  if (count < pmds.size)
    for (let at: number = pmdOf(first); at <= last; at += pagesPerPmd) drop(toPgOff(at));
  else for (const at of pmds) if (at + pagesPerPmd > first && at <= last) drop(at);
  if (pmds.size === 0) table.pmds = null;
}

/**
 * Records that a page table of 4 KiB entries was made for these 2 MiB. The page table stays until
 * munmap, even if it is empty, and prevents 2 MiB faults (pmd_none() in __handle_mm_fault).
 * Recorded only if the mapping covers all of the 2 MiB, because otherwise no such fault is tried.
 */
export function addTable(mapping: Mapping, pgoff: PgOff): void {
  const first = pmdOf(pgoff);
  if (!coversPmd(mapping, first)) return;
  mapping.tables ??= new Set();
  mapping.tables.add(first);
}

export const hasTable = ({ tables }: Mapping, first: PgOff): boolean => tables?.has(first) === true;

/** Does the mapping cover all of the 2 MiB from `first` on? */
export const coversPmd = ({ first: start, pages }: Mapping, first: PgOff): boolean =>
  first >= start && first + pagesPerPmd <= start + pages;
