// The extent map of a file: which block of the device holds which page of the file. A B+ tree of
// two levels: leaves of up to 256 extents in typed arrays, and one ordered list of leaves. A
// position is `leaf * 256 + slot` in one number, so walks allocate nothing; -1 is "before the
// first". Positions are good until the next change of the map.
import { assert } from '../panic.ts';
import { type Pfn, type PgOff, toPfn, toPgOff } from '../units.ts';

export interface Extent {
  pgoff: PgOff;
  pfn: Pfn;
  pages: number;
  written: boolean;
}

export interface ExtentLeaf {
  /**
   * Added to every `pgoff` of the leaf, so that a shift of the file's tail costs one addition per
   * leaf.
   */
  base: number;
  /**
   * Slots in use; the arrays grow by doubling up to 256, because most files have a handful of
   * extents.
   */
  count: number;
  pgoff: Float64Array;
  /** pfn, pages and written of each slot next to each other, so that they share a cache line. */
  run: Int32Array;
}

export interface ExtentMap {
  leaves: ExtentLeaf[];
  /** The first page of each leaf, so that the search for a leaf stays within one array. */
  firsts: number[];
  /** Count of records. */
  extents: number;
  /** Count of blocks mapped. */
  pages: number;
}

const slotBits = 8;
const leafCapacity = 1 << slotBits;
const slotMask = leafCapacity - 1;
const smallestLeaf = 4;

export function createExtentMap(): ExtentMap {
  return { leaves: [], firsts: [], extents: 0, pages: 0 };
}

/**
 * The block of one page as a number, because an object for each page costs a tenth of the time of a
 * fault. A negative number is a hole; `blockPfn` and `isWritten` decode the others.
 */
export function lookupBlock(map: ExtentMap, pgoff: PgOff): number {
  const at = floorPosition(map, pgoff);
  if (at < 0) return -1;
  const leaf = leafAt(map, at);
  const slot = at & slotMask;
  const into = pgoff - startOf(leaf, slot);
  if (into >= pagesOf(leaf, slot)) return -1;
  return (pfnOf(leaf, slot) + into) * 2 + writtenOf(leaf, slot);
}

export const blockPfn = (block: number): Pfn => toPfn(Math.floor(block / 2));
export const isWritten = (block: number): boolean => block >= 0 && block % 2 === 1;

/** The extent that covers `pgoff`. */
export function findExtent(map: ExtentMap, pgoff: PgOff): Extent | null {
  const at = floorPosition(map, pgoff);
  return at >= 0 && endAt(map, at) > pgoff ? extentAt(map, at) : null;
}

/** The extent that covers `pgoff`, or the first one after it. */
export function nextExtent(map: ExtentMap, pgoff: PgOff): Extent | null {
  return extentOrNull(map, firstTouching(map, pgoff));
}

/** The last extent that begins before `pgoff`. Allocation continues after it. */
export function previousExtent(map: ExtentMap, pgoff: PgOff): Extent | null {
  return extentOrNull(map, floorPosition(map, pgoff - 1));
}

export function lastExtent(map: ExtentMap): Extent | null {
  return extentOrNull(map, floorPosition(map, Number.MAX_SAFE_INTEGER));
}

/**
 * Visits the extents from `first` to `last` inclusive, clipped to that range, ascending. `visit`
 * must not change the map.
 */
export function eachExtent(
  map: ExtentMap,
  first: PgOff,
  last: PgOff,
  visit: (extent: Extent) => void,
): void {
  for (let at = firstTouching(map, first); at >= 0; at = following(map, at)) {
    const extent = extentAt(map, at);
    if (extent.pgoff > last) return;
    //     first          last
    //  ┌────┼────┐    ┌────┼────┐
    //  └────┴────┘    └────┴────┘
    const begin = Math.max(extent.pgoff, first);
    const end = Math.min(extent.pgoff + extent.pages, last + 1);
    extent.pfn = toPfn(extent.pfn + (begin - extent.pgoff));
    extent.pgoff = toPgOff(begin);
    extent.pages = end - begin;
    visit(extent);
  }
}

/** Extents that were found by their blocks: the first block, and the position in the map. */
export interface Places {
  count: number;
  pfns: Int32Array;
  positions: Int32Array;
}

/**
 * Adds the extents that have blocks of the device in [from, end) to `places`, which has room for
 * all of them. Reads every slot and makes no object for it, because a search from the side of the
 * device has to look at every extent of every file.
 */
export function placesOn(map: ExtentMap, from: number, end: number, places: Places): void {
  for (let index = 0; index < map.leaves.length; index++) {
    const { run, count } = leafOf(map, index);
    for (let slot = 0, at = 0; slot < count; slot++, at += 3) {
      const pfn = run[at] as number;
      if (pfn >= end || pfn + (run[at + 1] as number) <= from) continue;
      places.pfns[places.count] = pfn;
      places.positions[places.count] = index * leafCapacity + slot;
      places.count++;
    }
  }
}

/** The extent at a position that `placesOn` found. */
export const extentAtPosition = (map: ExtentMap, position: number): Extent =>
  extentAt(map, position);

/**
 * Maps a hole. The new extent joins a neighbour if both are contiguous in the file and on the
 * device and have the same state.
 */
export function insertExtent(map: ExtentMap, extent: Extent): void {
  const { pgoff, pfn, pages, written } = extent;
  assert(pages > 0, 'an extent has at least one page');
  const end = pgoff + pages;
  const left = floorPosition(map, pgoff);
  const right = following(map, left);
  assert(left < 0 || endAt(map, left) <= pgoff, 'an extent is inserted into a hole');
  assert(right < 0 || startAt(map, right) >= end, 'an extent is inserted into a hole');
  map.pages += pages;
  const meets = right >= 0 && startAt(map, right) === end;
  // ├─ left ─┤├─ new ─┤├─ right ─┤   left grows or a record is added, then right joins it.
  if (left >= 0 && joins(map, left, pgoff, pfn, written ? 1 : 0)) lengthen(map, left, pages);
  else insertAfter(map, left, pgoff, pfn, pages, written ? 1 : 0);
  if (meets) joinSeam(map, end);
}

/**
 * Unmaps the range and calls `onRemoved` with each removed extent, ascending. `onRemoved` must not
 * change the map.
 */
export function removeRange(
  map: ExtentMap,
  pgoff: PgOff,
  pages: number,
  onRemoved: (extent: Extent) => void,
): void {
  const end = pgoff + pages;
  const touched = firstTouching(map, pgoff);
  if (pages <= 0 || touched < 0 || startAt(map, touched) >= end) return;
  //        pgoff            end
  //  ├───────┼──┤  ├────┤  ├─┼─────┤
  //  ├─ stays ┤├──── removed ──┤├ stays ┤
  splitAt(map, pgoff);
  splitAt(map, end);
  for (;;) {
    const from = following(map, floorPosition(map, pgoff - 1));
    if (from < 0 || startAt(map, from) >= end) return;
    const leaf = leafAt(map, from);
    let stop = from & slotMask;
    for (; stop < leaf.count && startOf(leaf, stop) < end; stop++) {
      map.pages -= pagesOf(leaf, stop);
      onRemoved(extentIn(leaf, stop));
    }
    removeSlots(map, from >> slotBits, from & slotMask, stop);
  }
}

/** Converts the mapped parts of the range; holes stay holes. */
export function setState(
  map: ExtentMap,
  pgoff: PgOff,
  pages: number,
  to: 'written' | 'unwritten',
): void {
  const end = pgoff + pages;
  const state = to === 'written' ? 1 : 0;
  const touched = firstTouching(map, pgoff);
  if (pages <= 0 || touched < 0 || startAt(map, touched) >= end) return;
  // An overwrite usually lies within one extent of this state, so test that first.
  if (endAt(map, touched) >= end && writtenOf(leafAt(map, touched), touched & slotMask) === state)
    return;
  //         pgoff       end
  //  ├─ unw ──┼──────────┼── unw ─┤    before
  //  ├─ unw ──┤├─ written ┤├ unw ─┤    after; each seam joins when both sides agree.
  splitAt(map, pgoff);
  splitAt(map, end);
  let at = following(map, floorPosition(map, pgoff - 1));
  while (at >= 0) {
    const start = startAt(map, at);
    if (start >= end) break;
    leafAt(map, at).run[(at & slotMask) * 3 + 2] = state;
    // A join moves slots, so the position is searched again by its page.
    at = following(map, joinPrevious(map, at) ? floorPosition(map, start) : at);
  }
  joinSeam(map, end);
}

/**
 * Moves every page at or after `from` by `delta` pages: insert range (delta > 0) and collapse range
 * (delta < 0, over a hole).
 */
export function shiftExtents(map: ExtentMap, from: PgOff, delta: number): void {
  //            from
  //  ├─ left ────┼── tail ─┤              before
  //  ├─ left ────┤ … hole … ├── tail ─┤   delta > 0
  splitAt(map, from);
  const left = floorPosition(map, from - 1);
  const tail = following(map, left);
  if (tail < 0) return;
  const start = startAt(map, tail) + delta;
  assert(start >= (left < 0 ? 0 : endAt(map, left)), 'a shift moves extents over a hole only');
  let index = tail >> slotBits;
  if ((tail & slotMask) !== 0) {
    const leaf = leafOf(map, index);
    for (let slot = tail & slotMask; slot < leaf.count; slot++)
      leaf.pgoff[slot] = (leaf.pgoff[slot] as number) + delta;
    index++;
  }
  for (; index < map.leaves.length; index++) {
    leafOf(map, index).base += delta;
    map.firsts[index] = (map.firsts[index] as number) + delta;
  }
  joinSeam(map, start);
}

export function checkExtentMap(map: ExtentMap): void {
  let extents = 0;
  let pages = 0;
  let end = 0;
  let at = -1;
  assert(map.firsts.length === map.leaves.length, 'every leaf has its first page in firsts');
  for (let index = 0; index < map.leaves.length; index++) {
    const leaf = leafOf(map, index);
    assert(leaf.count > 0, 'no leaf of an extent map is empty');
    assert(
      leaf.count <= leaf.pgoff.length && leaf.count <= leafCapacity,
      'a leaf holds at most 256 extents',
    );
    assert(startOf(leaf, 0) === map.firsts[index], 'firsts holds the first page of every leaf');
    for (let slot = 0; slot < leaf.count; slot++) {
      const next = index * leafCapacity + slot;
      const { pgoff, pfn, pages: mapped, written } = extentIn(leaf, slot);
      assert(
        Number.isSafeInteger(pgoff) && mapped > 0 && pfn >= 0,
        'an extent maps whole pages to real blocks',
      );
      assert(pgoff >= end, 'extents are sorted and do not overlap');
      assert(
        at < 0 || !joins(map, at, pgoff, pfn, written ? 1 : 0),
        'neighbours that could be one extent are one extent',
      );
      end = pgoff + mapped;
      pages += mapped;
      extents++;
      at = next;
    }
  }
  assert(extents === map.extents, 'the count of extents is right');
  assert(pages === map.pages, 'the count of mapped pages is right');
}

/** The last extent that begins at or before `pgoff`. */
function floorPosition(map: ExtentMap, pgoff: number): number {
  const firsts = map.firsts;
  let low = 0;
  let high = firsts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((firsts[middle] as number) <= pgoff) low = middle + 1;
    else high = middle;
  }
  const index = low - 1;
  if (index < 0) return -1;
  const leaf = leafOf(map, index);
  const keys = leaf.pgoff;
  const key = pgoff - leaf.base;
  low = 1;
  high = leaf.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as number) <= key) low = middle + 1;
    else high = middle;
  }
  return index * leafCapacity + low - 1;
}

/** The extent that covers `pgoff`, or the first one after it. */
function firstTouching(map: ExtentMap, pgoff: number): number {
  const at = floorPosition(map, pgoff);
  return at >= 0 && endAt(map, at) > pgoff ? at : following(map, at);
}

function following(map: ExtentMap, at: number): number {
  if (at < 0) return map.leaves.length > 0 ? 0 : -1;
  if ((at & slotMask) + 1 < leafAt(map, at).count) return at + 1;
  const index = (at >> slotBits) + 1;
  return index < map.leaves.length ? index * leafCapacity : -1;
}

function preceding(map: ExtentMap, at: number): number {
  if ((at & slotMask) > 0) return at - 1;
  const index = (at >> slotBits) - 1;
  return index < 0 ? -1 : index * leafCapacity + leafOf(map, index).count - 1;
}

// Callers below pass positions of existing slots, so the reads are in range.
const leafOf = (map: ExtentMap, index: number): ExtentLeaf => map.leaves[index] as ExtentLeaf;
const leafAt = (map: ExtentMap, at: number): ExtentLeaf => map.leaves[at >> slotBits] as ExtentLeaf;
const startOf = (leaf: ExtentLeaf, slot: number): number =>
  leaf.base + (leaf.pgoff[slot] as number);
const startAt = (map: ExtentMap, at: number): number => startOf(leafAt(map, at), at & slotMask);
const pfnOf = (leaf: ExtentLeaf, slot: number): number => leaf.run[slot * 3] as number;
const pagesOf = (leaf: ExtentLeaf, slot: number): number => leaf.run[slot * 3 + 1] as number;
const writtenOf = (leaf: ExtentLeaf, slot: number): number => leaf.run[slot * 3 + 2] as number;
const pagesAt = (map: ExtentMap, at: number): number => pagesOf(leafAt(map, at), at & slotMask);
const extentAt = (map: ExtentMap, at: number): Extent => extentIn(leafAt(map, at), at & slotMask);
const extentOrNull = (map: ExtentMap, at: number): Extent | null =>
  at < 0 ? null : extentAt(map, at);
const endAt = (map: ExtentMap, at: number): number => startAt(map, at) + pagesAt(map, at);

function extentIn(leaf: ExtentLeaf, slot: number): Extent {
  const pgoff = toPgOff(startOf(leaf, slot));
  return {
    pgoff,
    pfn: toPfn(pfnOf(leaf, slot)),
    pages: pagesOf(leaf, slot),
    written: writtenOf(leaf, slot) === 1,
  };
}

/** True if an extent with these values continues the extent at `at`. */
function joins(map: ExtentMap, at: number, pgoff: number, pfn: number, written: number): boolean {
  const leaf = leafAt(map, at);
  const slot = at & slotMask;
  const pages = pagesOf(leaf, slot);
  return (
    startOf(leaf, slot) + pages === pgoff &&
    pfnOf(leaf, slot) + pages === pfn &&
    writtenOf(leaf, slot) === written
  );
}

function lengthen(map: ExtentMap, at: number, pages: number): void {
  const leaf = leafAt(map, at);
  leaf.run[(at & slotMask) * 3 + 1] = pagesOf(leaf, at & slotMask) + pages;
}

/**
 * Cuts the extent that contains `pgoff`, if it begins before. The parts stay unjoined until the
 * caller has changed one of them.
 */
function splitAt(map: ExtentMap, pgoff: number): void {
  const at = floorPosition(map, pgoff);
  if (at < 0) return;
  const kept = pgoff - startAt(map, at);
  const cut = pagesAt(map, at) - kept;
  if (kept === 0 || cut <= 0) return;
  lengthen(map, at, -cut);
  const leaf = leafAt(map, at);
  const slot = at & slotMask;
  insertAfter(map, at, pgoff, pfnOf(leaf, slot) + kept, cut, writtenOf(leaf, slot));
}

/** Makes the extent at `at` part of the one before it if they are contiguous. */
function joinPrevious(map: ExtentMap, at: number): boolean {
  const before = preceding(map, at);
  const { pgoff, pfn, pages, written } = extentAt(map, at);
  if (before < 0 || !joins(map, before, pgoff, pfn, written ? 1 : 0)) return false;
  lengthen(map, before, pages);
  removeSlots(map, at >> slotBits, at & slotMask, (at & slotMask) + 1);
  return true;
}

function joinSeam(map: ExtentMap, pgoff: number): void {
  const at = floorPosition(map, pgoff);
  if (at >= 0 && startAt(map, at) === pgoff) joinPrevious(map, at);
}

function createLeaf(base: number, capacity: number): ExtentLeaf {
  return { base, count: 0, pgoff: new Float64Array(capacity), run: new Int32Array(capacity * 3) };
}

/**
 * Inserts a record after position `at`; -1 inserts it first. Does not count its pages, because a
 * split maps nothing new.
 */
function insertAfter(
  map: ExtentMap,
  at: number,
  pgoff: number,
  pfn: number,
  pages: number,
  written: number,
): void {
  if (map.leaves.length === 0) insertLeaf(map, 0, createLeaf(pgoff, smallestLeaf));
  let index = at < 0 ? 0 : at >> slotBits;
  let slot = at < 0 ? 0 : (at & slotMask) + 1;
  let leaf = leafOf(map, index);
  if (leaf.count === leafCapacity) {
    // A file that grows at its end opens a new leaf, so that the leaves before it stay full.
    // Elsewhere the leaf is halved.
    const appends = slot === leafCapacity && index === map.leaves.length - 1;
    const kept = appends ? leafCapacity : leafCapacity / 2;
    const right = createLeaf(appends ? pgoff : leaf.base, leafCapacity);
    copySlots(leaf, kept, right);
    leaf.count = kept;
    insertLeaf(map, index + 1, right);
    if (slot > kept || appends) {
      leaf = right;
      index++;
      slot -= kept;
    }
  }
  reserve(leaf, leaf.count + 1);
  if (slot < leaf.count) moveSlots(leaf, slot, slot + 1);
  leaf.pgoff[slot] = pgoff - leaf.base;
  leaf.run[slot * 3] = pfn;
  leaf.run[slot * 3 + 1] = pages;
  leaf.run[slot * 3 + 2] = written;
  leaf.count++;
  map.extents++;
  if (slot === 0) map.firsts[index] = pgoff;
}

/**
 * Removes the slots from `from` to `to` exclusive from a leaf. An empty leaf is dropped, and two
 * small ones are merged.
 */
function removeSlots(map: ExtentMap, index: number, from: number, to: number): void {
  const leaf = leafOf(map, index);
  if (to < leaf.count) moveSlots(leaf, to, from);
  leaf.count -= to - from;
  map.extents -= to - from;
  if (from === 0 && leaf.count > 0) map.firsts[index] = startOf(leaf, 0);
  if (leaf.count === 0) dropLeaf(map, index);
  else if (leaf.count <= leafCapacity / 2 && !absorbNext(map, index)) absorbNext(map, index - 1);
}

/**
 * Merges the next leaf into this one if together they fill at most half a leaf, so that a merge is
 * not soon followed by a split.
 */
function absorbNext(map: ExtentMap, index: number): boolean {
  const [leaf, next] = [map.leaves[index], map.leaves[index + 1]];
  if (leaf === undefined || next === undefined || leaf.count + next.count > leafCapacity / 2)
    return false;
  copySlots(next, 0, leaf);
  dropLeaf(map, index + 1);
  return true;
}

function insertLeaf(map: ExtentMap, index: number, leaf: ExtentLeaf): void {
  map.leaves.splice(index, 0, leaf);
  map.firsts.splice(index, 0, startOf(leaf, 0));
}

function dropLeaf(map: ExtentMap, index: number): void {
  map.leaves.splice(index, 1);
  map.firsts.splice(index, 1);
}

/** Appends the slots of `from` at and after `slot` to `to`. */
function copySlots(from: ExtentLeaf, slot: number, to: ExtentLeaf): void {
  reserve(to, to.count + from.count - slot);
  to.run.set(from.run.subarray(slot * 3, from.count * 3), to.count * 3);
  for (; slot < from.count; slot++, to.count++) to.pgoff[to.count] = startOf(from, slot) - to.base;
}

function moveSlots(leaf: ExtentLeaf, from: number, to: number): void {
  leaf.pgoff.copyWithin(to, from, leaf.count);
  leaf.run.copyWithin(to * 3, from * 3, leaf.count * 3);
}

function reserve(leaf: ExtentLeaf, wanted: number): void {
  let capacity = leaf.pgoff.length;
  if (wanted <= capacity) return;
  while (capacity < wanted) capacity *= 2;
  const grown = createLeaf(leaf.base, capacity);
  copySlots(leaf, 0, grown);
  Object.assign(leaf, grown);
}
