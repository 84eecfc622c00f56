// The laws of 2 MiB entries and of folios. invariants.ts has the table of all laws.
import { hold } from './invariants-sched.ts';
import { eachEntry, load, type XArray } from './lib/xarray.ts';
import { isAnon } from './mm/anon.ts';
import { mapcountOf, pinsOf } from './mm/page.ts';
import { bitOf, isFrame, pfnOf } from './mm/pagetable.ts';
import { pmdOf } from './mm/pmd.ts';
import type { Kernel } from './state.ts';
import { mappingId, type Pfn, toPfn, toPgOff } from './units.ts';

const pages = 512;

/**
 * Checks the 512 slots of one entry: all have the zero page, or they are one aligned run of frames.
 * With `bits` = alike, the writable or dirty bits must be equal too. Returns the first frame, -1
 * for the zero page.
 */
function headOfEntry(
  xa: XArray,
  index: number,
  bits: 'alike' | 'any',
  law: string,
  where: () => string,
): number {
  const head = load(xa, index);
  hold(head !== 0 && !isAnon(head), law, where);
  for (let page = 1; page < pages; page++) {
    const entry = load(xa, index + page);
    if (!isFrame(head)) hold(entry === head, law, where);
    else
      hold(
        isFrame(entry) &&
          pfnOf(entry) === pfnOf(head) + page &&
          (bits === 'any' || bitOf(entry) === bitOf(head)),
        law,
        where,
      );
  }
  if (!isFrame(head)) return -1;
  hold(pfnOf(head) % pages === 0, law, where);
  return pfnOf(head);
}

/**
 * Law H1. A 2 MiB entry is aligned, whole, one run of frames, and within the file. Each one in a
 * page table has one among the mapping entries of the file.
 */
export function hugeEntriesAreWhole(k: Kernel): void {
  const law = 'law H1: an entry of 2 MiB is aligned, whole and of one piece';
  for (const inode of k.inodes.values()) {
    hold(
      inode.pmds === null || inode.pmds.size > 0,
      law,
      () => `inode ${inode.ino} has an empty set`,
    );
    for (const first of inode.pmds ?? []) {
      const where = () => `page ${first} of inode ${inode.ino}`;
      hold(first % pages === 0 && (first + pages - 1) * 4096 < inode.sizeBytes, law, where);
      headOfEntry(inode.entries, first, 'any', law, where);
    }
  }
  for (const mapping of k.mappings.values()) {
    const inode = k.inodes.get(mapping.ino);
    hold(
      mapping.pmds === null || mapping.pmds.size > 0,
      law,
      () => `${mappingId(mapping.id)} has an empty set`,
    );
    eachEntry(mapping.ptes, 0, mapping.pages - 1, (index) => {
      const first = pmdOf(toPgOff(mapping.first + index));
      const covered = first >= mapping.first && first + pages <= mapping.first + mapping.pages;
      const noted = mapping.pmds?.has(first) === true || mapping.tables?.has(first) === true;
      hold(
        !covered || noted,
        law,
        () => `page ${mapping.first + index} of ${mappingId(mapping.id)} is in no page table`,
      );
    });
    for (const first of mapping.pmds ?? []) {
      const where = () => `page ${first} of ${mappingId(mapping.id)}`;
      hold(inode?.pmds?.has(first) === true, law, where);
      hold(first >= mapping.first && first + pages <= mapping.first + mapping.pages, law, where);
      headOfEntry(mapping.ptes, first - mapping.first, 'alike', law, where);
      hold(mapping.tables?.has(first) !== true, law, where);
    }
  }
}

/**
 * Law H2. With folioGranularity each 2 MiB entry of frames has a folio, which stays until the last
 * put even if the entry is deleted. Its counts are right.
 */
export function foliosAreCounted(k: Kernel): void {
  const law = 'law H2: a folio counts the pins and page-table entries of its pages';
  const entries = new Set<number>();
  const mapped = new Map<number, number>();
  const note = (pfn: number, count: number) =>
    mapped.set(pfn / pages, (mapped.get(pfn / pages) ?? 0) + count);
  for (const inode of k.inodes.values()) {
    for (const first of inode.pmds ?? []) {
      const entry = load(inode.entries, first);
      if (isFrame(entry)) entries.add(pfnOf(entry) / pages);
    }
  }
  for (const mapping of k.mappings.values()) {
    for (const first of mapping.pmds ?? []) {
      const pte = load(mapping.ptes, first - mapping.first);
      // The folio counts the entry once, but mapcountOf() counts it in each page.
      if (isFrame(pte)) note(pfnOf(pte), 1 - pages);
    }
  }
  if (!k.geometry.folioGranularity) {
    hold(k.folios.size === 0, law, () => 'folios without folioGranularity');
    return;
  }
  for (const chunk of entries)
    hold(k.folios.has(chunk), law, () => `the entry over pfn ${chunk * pages} has no folio`);
  for (const [chunk, { pins, mapcount, entry }] of k.folios) {
    const head = chunk * pages;
    const sum = (count: (k: Kernel, pfn: Pfn) => number): number => {
      let total = 0;
      for (let page = 0; page < pages; page++) total += count(k, toPfn(head + page));
      return total;
    };
    hold(
      entry === entries.has(chunk) && (entry || pins > 0),
      law,
      () => `folio ${head} has entry ${entry} and ${pins} pins`,
    );
    hold(
      pins === sum(pinsOf),
      law,
      () => `folio ${head} counts ${pins} pins, its pages ${sum(pinsOf)}`,
    );
    const maps = sum(mapcountOf) + (mapped.get(chunk) ?? 0);
    hold(
      mapcount === maps,
      law,
      () => `folio ${head} counts ${mapcount} entries, there are ${maps}`,
    );
  }
}
