// A sparse index from a page offset to a non-zero int32: the entries of a mapping, and page tables. Like the kernel's xarray it has
// chunks of 512 slots. A chunk begins as a window of 8 slots and grows to 64 and 512 when an entry falls outside, because most
// mappings have a handful of pages and tens of thousands of them exist.
import { assert } from '../panic.ts';

export interface XChunk {
  /** The index of the first slot; a multiple of the window's size. */
  start: number;
  /** How many slots are not 0; a chunk with none is dropped. */
  count: number;
  /** 8, 64 or 512 of them, all within one aligned block of 512 indexes. */
  slots: Int32Array;
}

export interface XArray {
  /** Which block of 512 indexes each chunk belongs to, ascending. */
  keys: number[];
  chunks: XChunk[];
  entries: number;
}

const chunkSlots = 512;
const smallestWindow = 8;
const windowGrowth = 8;

export function createXArray(): XArray {
  return { keys: [], chunks: [], entries: 0 };
}

/** The value at `index`, 0 for none. */
export function load(xa: XArray, index: number): number {
  const key = keyOf(index);
  const at = chunkAtOrAfter(xa, key);
  if (xa.keys[at] !== key) return 0;
  const chunk = xa.chunks[at] as XChunk;
  const slot = index - chunk.start;
  return slot >= 0 && slot < chunk.slots.length ? (chunk.slots[slot] as number) : 0;
}

/** Sets the value at `index`; 0 erases it. */
export function store(xa: XArray, index: number, value: number): void {
  assert(value === (value | 0), 'an xarray holds int32 values');
  const key = keyOf(index);
  const at = chunkAtOrAfter(xa, key);
  if (xa.keys[at] !== key) {
    if (value === 0) return;
    xa.keys.splice(at, 0, key);
    xa.chunks.splice(at, 0, { start: alignDown(index, smallestWindow), count: 0, slots: new Int32Array(smallestWindow) });
  }
  const chunk = xa.chunks[at] as XChunk;
  if (!reaches(chunk, index)) {
    if (value === 0) return;
    widen(chunk, index);
  }
  const slot = index - chunk.start;
  const change = (value === 0 ? 0 : 1) - (chunk.slots[slot] === 0 ? 0 : 1);
  chunk.slots[slot] = value;
  chunk.count += change;
  xa.entries += change;
  if (chunk.count === 0) dropChunks(xa, at, 1);
}

/** A visitor says false to stop. */
// biome-ignore lint/suspicious/noConfusingVoidType: void lets a visitor that never stops be any call, and still refuses a boolean one.
export type EntryVisitor = (index: number, value: number) => void | false;

/**
 * Visits the entries from `first` to `last` inclusive, ascending. The visitor may change the array: the walk goes on behind the visited
 * index with what is there then.
 */
export function eachEntry(xa: XArray, first: number, last: number, visit: EntryVisitor): void {
  let index = first;
  while (index <= last) {
    const at = chunkAtOrAfter(xa, keyOf(index));
    const chunk = xa.chunks[at];
    if (chunk === undefined) return;
    index = Math.max(index, chunk.start);
    // The chunk is looked at again after each visit: it may have been dropped, moved or widened.
    for (; index <= last && xa.chunks[at] === chunk && reaches(chunk, index); index++) {
      const value = chunk.slots[index - chunk.start] as number;
      if (value !== 0 && visit(index, value) === false) return;
    }
    if (xa.chunks[at] === chunk) index = Math.max(index, alignDown(chunk.start, chunkSlots) + chunkSlots);
  }
}

/** Erases the entries from `first` to `last` inclusive and hands them over, ascending. `onErased` must not touch the array. */
export function eraseRange(xa: XArray, first: number, last: number, onErased?: (index: number, value: number) => void): void {
  const from = chunkAtOrAfter(xa, keyOf(first));
  let at = from;
  let emptied = 0;
  for (; at < xa.chunks.length; at++) {
    const chunk = xa.chunks[at] as XChunk;
    if (chunk.start > last) break;
    const before = chunk.count;
    const end = Math.min(last - chunk.start + 1, chunk.slots.length);
    for (let slot = Math.max(first - chunk.start, 0); slot < end; slot++) {
      const value = chunk.slots[slot] as number;
      if (value === 0) continue;
      chunk.slots[slot] = 0;
      chunk.count--;
      onErased?.(chunk.start + slot, value);
    }
    xa.entries -= before - chunk.count;
    if (chunk.count === 0) emptied++;
  }
  if (emptied === 0) return;
  //  first            last
  //  ├─ kept ─┤├─ empty ─┤├─ empty ─┤├─ kept ─┤   only the chunks at the two ends can keep entries.
  dropChunks(xa, xa.chunks[from]?.count === 0 ? from : from + 1, emptied);
}

export function checkXArray(xa: XArray): void {
  let entries = 0;
  assert(xa.keys.length === xa.chunks.length, 'every chunk of an xarray has a key');
  for (let at = 0; at < xa.chunks.length; at++) {
    const { start, count, slots } = xa.chunks[at] as XChunk;
    assert(at === 0 || (xa.keys[at - 1] as number) < (xa.keys[at] as number), 'the chunks of an xarray are sorted');
    assert([8, 64, chunkSlots].includes(slots.length), 'a chunk has 8, 64 or 512 slots');
    assert(start >= 0 && start === alignDown(start, slots.length), 'a chunk begins at a multiple of its size');
    assert(keyOf(start) === xa.keys[at], 'a chunk lies in the block of its key');
    let used = 0;
    for (const value of slots) if (value !== 0) used++;
    assert(count === used, 'the count of a chunk is right');
    assert(count > 0, 'no chunk of an xarray is empty');
    entries += used;
  }
  assert(entries === xa.entries, 'the count of entries is right');
}

// Indexes reach 2^41, so no bit shifts.
const keyOf = (index: number): number => Math.floor(index / chunkSlots);
const alignDown = (index: number, size: number): number => Math.floor(index / size) * size;
const reaches = (chunk: XChunk, index: number): boolean => index >= chunk.start && index < chunk.start + chunk.slots.length;

/** Where the chunk of `key` is, or the first one after it would be. */
function chunkAtOrAfter(xa: XArray, key: number): number {
  const { keys } = xa;
  // A file mapped from its beginning, or one region of an address space, has its chunks in a row.
  const guess = keys.length === 0 ? 0 : key - (keys[0] as number);
  if (guess <= 0) return 0;
  if (guess < keys.length && keys[guess] === key) return guess;
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Grows the window of a chunk until it reaches `index`. */
function widen(chunk: XChunk, index: number): void {
  let size = chunk.slots.length;
  let start = chunk.start;
  //            ├ 8 ┤        index
  //  ├──────── 64 ────────┤   ·          until the aligned window holds both.
  while (index < start || index >= start + size) {
    size *= windowGrowth;
    start = alignDown(start, size);
  }
  const slots = new Int32Array(size);
  slots.set(chunk.slots, chunk.start - start);
  chunk.start = start;
  chunk.slots = slots;
}

function dropChunks(xa: XArray, at: number, count: number): void {
  xa.keys.splice(at, count);
  xa.chunks.splice(at, count);
}
