// An ordered list of records, each of which owns a run of pages of the device that no other record
// owns: the busy list and the detached list. Leaves have up to 128 records, so that a change moves
// a short array in a long list too.
import { assert } from '../panic.ts';
import type { Pfn } from '../units.ts';

export interface Run {
  pfn: Pfn;
  pages: number;
}

/** A record's `pfn` and `pages` must not change while it is in the list. */
export interface RunList<R extends Run> {
  /** Ordered by pfn; no leaf is empty. */
  leaves: R[][];
  /** Count of records. */
  runs: number;
  /** Count of pages that the records own. */
  pages: number;
}

const leafCapacity = 128;

export function createRunList<R extends Run>(): RunList<R> {
  return { leaves: [], runs: 0, pages: 0 };
}

export function insertRun<R extends Run>(list: RunList<R>, run: R): void {
  assert(run.pages > 0, 'a run has at least one page');
  if (list.leaves.length === 0) list.leaves.push([]);
  const index = Math.max(leafIndex(list, run.pfn), 0);
  const leaf = list.leaves[index] as R[];
  const slot = slotAfter(leaf, run.pfn);
  const left = leaf[slot - 1];
  const right = leaf[slot] ?? list.leaves[index + 1]?.[0];
  //  ├─ left ─┤  ├─ run ─┤  ├─ right ─┤
  assert(left === undefined || left.pfn + left.pages <= run.pfn, 'runs of a list do not overlap');
  assert(right === undefined || run.pfn + run.pages <= right.pfn, 'runs of a list do not overlap');
  leaf.splice(slot, 0, run);
  list.runs++;
  list.pages += run.pages;
  if (leaf.length <= leafCapacity) return;
  // A list that grows at its end leaves full leaves before it. Elsewhere the leaf is halved.
  const appends = slot === leafCapacity && index === list.leaves.length - 1;
  list.leaves.splice(index + 1, 0, leaf.splice(appends ? leafCapacity : leafCapacity / 2));
}

export function removeRun<R extends Run>(list: RunList<R>, run: R): void {
  const index = leafIndex(list, run.pfn);
  const leaf = list.leaves[index];
  const slot = leaf === undefined ? -1 : slotAfter(leaf, run.pfn) - 1;
  assert(leaf !== undefined && leaf[slot] === run, 'a run that is removed is in the list');
  leaf.splice(slot, 1);
  list.runs--;
  list.pages -= run.pages;
  if (leaf.length === 0) list.leaves.splice(index, 1);
  else if (leaf.length <= leafCapacity / 2 && !absorbNext(list, index)) absorbNext(list, index - 1);
}

/** The record whose run covers `pfn`. */
export function findRun<R extends Run>(list: RunList<R>, pfn: Pfn): R | null {
  const leaf = list.leaves[leafIndex(list, pfn)];
  const run = leaf?.[slotAfter(leaf, pfn) - 1];
  return run !== undefined && pfn < run.pfn + run.pages ? run : null;
}

/** The record whose run covers `pfn`, or the first one after it. */
export function nextRun<R extends Run>(list: RunList<R>, pfn: Pfn): R | null {
  const covering = findRun(list, pfn);
  if (covering !== null) return covering;
  const index = Math.max(leafIndex(list, pfn), 0);
  const leaf = list.leaves[index];
  if (leaf === undefined) return null;
  return leaf[slotAfter(leaf, pfn)] ?? list.leaves[index + 1]?.[0] ?? null;
}

/**
 * Visits every record, ascending. The visitor may change the list: the walk continues with the
 * first record after the visited one.
 */
export function eachRun<R extends Run>(list: RunList<R>, visit: (run: R) => void): void {
  let index = 0;
  let slot = 0;
  for (;;) {
    const leaf = list.leaves[index];
    if (leaf === undefined) return;
    const run = leaf[slot];
    if (run === undefined) {
      index++;
      slot = 0;
      continue;
    }
    const { pfn } = run;
    visit(run);
    if (list.leaves[index]?.[slot] === run) {
      slot++;
    } else {
      index = Math.max(leafIndex(list, pfn), 0);
      slot = slotAfter(list.leaves[index] ?? [], pfn);
    }
  }
}

export function checkRunList<R extends Run>(list: RunList<R>): void {
  let runs = 0;
  let pages = 0;
  let end = 0;
  for (const leaf of list.leaves) {
    assert(leaf.length > 0, 'no leaf of a run list is empty');
    assert(leaf.length <= leafCapacity, 'a leaf of a run list holds at most 128 records');
    for (const run of leaf) {
      assert(run.pages > 0, 'a run has at least one page');
      assert(run.pfn >= end, 'runs are sorted and do not overlap');
      end = run.pfn + run.pages;
      runs++;
      pages += run.pages;
    }
  }
  assert(runs === list.runs, 'the count of runs is right');
  assert(pages === list.pages, 'the count of pages owned is right');
}

/** The last leaf whose first run begins at or before `pfn`, or -1. */
function leafIndex<R extends Run>(list: RunList<R>, pfn: Pfn): number {
  let low = 0;
  let high = list.leaves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const first = list.leaves[middle]?.[0];
    if (first !== undefined && first.pfn <= pfn) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The slot of the first run of the leaf that begins after `pfn`. */
function slotAfter<R extends Run>(leaf: R[], pfn: Pfn): number {
  let low = 0;
  let high = leaf.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((leaf[middle] as R).pfn <= pfn) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Merges the next leaf into this one if together they fill at most half a leaf, so that a merge is
 * not soon followed by a split.
 */
function absorbNext<R extends Run>(list: RunList<R>, index: number): boolean {
  const leaf = list.leaves[index];
  const next = list.leaves[index + 1];
  if (leaf === undefined || next === undefined || leaf.length + next.length > leafCapacity / 2)
    return false;
  leaf.push(...next);
  list.leaves.splice(index + 1, 1);
  return true;
}
