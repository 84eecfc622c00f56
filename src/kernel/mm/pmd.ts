// Entries of 2 MiB, in page tables and among the DAX mapping entries. `ptes` and `entries` hold the
// 512 pages of one like any others, so that lookups need not know of it; the set beside them says
// where the 512 are one and come and go together.
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
 * Entries of 2 MiB go as a whole, so a range of pages takes the rest of those at its ends along:
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

/** Forgets which entries of [first, last] were of 2 MiB, and hands over the first page of each. */
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
 * A page table of 4 KiB entries was made for these 2 MiB. It stays, emptied or not, until munmap,
 * and where one stands no fault of 2 MiB is tried (pmd_none() in __handle_mm_fault). Noted only
 * where the mapping covers the whole of it: elsewhere none is tried anyway.
 */
export function addTable(mapping: Mapping, pgoff: PgOff): void {
  const first = pmdOf(pgoff);
  if (!coversPmd(mapping, first)) return;
  mapping.tables ??= new Set();
  mapping.tables.add(first);
}

export const hasTable = ({ tables }: Mapping, first: PgOff): boolean => tables?.has(first) === true;

/** Does the mapping reach over all of the 2 MiB from `first` on? */
export const coversPmd = ({ first: start, pages }: Mapping, first: PgOff): boolean =>
  first >= start && first + pagesPerPmd <= start + pages;
