// A sparse index from a page offset to a non-zero int32: the entries of a mapping, and page tables.
// Like the kernel's xarray it has chunks of 512 slots. A chunk begins as a window of 8 slots and
// grows to 64 and 512 when an entry falls outside, because most mappings have a handful of pages
// and tens of thousands of them exist. The chunks are listed in leaves of up to 128.
import { assert } from '../panic.ts';

export interface XChunk {
  /** The index of the first slot; a multiple of the window's size. */
  start: number;
  /** How many slots are not 0; a chunk with none is dropped. */
  count: number;
  /** 8, 64 or 512 slots, all within one aligned block of 512 indexes. */
  slots: Int32Array;
}

export interface XLeaf {
  /** Which block of 512 indexes each chunk belongs to, ascending. */
  keys: number[];
  chunks: XChunk[];
}

export interface XArray {
  leaves: XLeaf[];
  entries: number;
  /** Memory of the chunks. */
  heapBytes: number;
}

const chunkSlots = 512;
const smallestWindow = 8;
const windowGrowth = 8;
const leafCapacity = 128;
// The place of a chunk is leaf * 256 + position in the leaf. A leaf has at most 128 chunks, so the
// place after a full leaf differs from the first place of the next leaf.
const placeBits = 8;
const placeMask = 255;

export function createXArray(): XArray {
  return { leaves: [], entries: 0, heapBytes: 0 };
}

/** The value at `index`, 0 for none. */
export function load(xa: XArray, index: number): number {
  const chunk = findChunk(xa, index);
  return chunk !== undefined && reaches(chunk, index)
    ? (chunk.slots[index - chunk.start] as number)
    : 0;
}

/** Sets the value at `index`; 0 erases it. */
export function store(xa: XArray, index: number, value: number): void {
  assert(value === (value | 0), 'an xarray holds int32 values');
  let chunk = findChunk(xa, index);
  if (value === 0 && (chunk === undefined || !reaches(chunk, index))) return;
  chunk ??= insertChunk(xa, index);
  if (!reaches(chunk, index)) widen(xa, chunk, index);
  const slot = index - chunk.start;
  const change = (value === 0 ? 0 : 1) - (chunk.slots[slot] === 0 ? 0 : 1);
  chunk.slots[slot] = value;
  chunk.count += change;
  xa.entries += change;
  if (chunk.count === 0) dropChunk(xa, placeOf(xa, keyOf(index)));
}

/** A visitor returns false to stop. */
// biome-ignore lint/suspicious/noConfusingVoidType: a visitor may return nothing, but no true.
export type EntryVisitor = (index: number, value: number) => void | false;

/**
 * Visits the entries from `first` to `last` inclusive, ascending. The visitor may change the array:
 * the walk continues after the visited index with the entries that are there then.
 */
export function eachEntry(xa: XArray, first: number, last: number, visit: EntryVisitor): void {
  let index = first;
  let place = placeAtOrAfter(xa, keyOf(index));
  while (index <= last) {
    const chunk = chunkAt(xa, place);
    if (chunk === undefined) return;
    index = Math.max(index, chunk.start);
    // The chunk is looked up again after each visit, because the visitor may have dropped, moved or
    // widened it.
    for (; index <= last && chunkAt(xa, place) === chunk && reaches(chunk, index); index++) {
      const value = chunk.slots[index - chunk.start] as number;
      if (value !== 0 && visit(index, value) === false) return;
    }
    if (chunkAt(xa, place) === chunk) {
      index = Math.max(index, endOf(chunk));
      place = settled(xa, place + 1);
    } else {
      place = placeAtOrAfter(xa, keyOf(index));
    }
  }
}

/**
 * Erases the entries from `first` to `last` inclusive and calls `onErased` with each, ascending.
 * `onErased` must not change the array.
 */
export function eraseRange(
  xa: XArray,
  first: number,
  last: number,
  onErased?: (index: number, value: number) => void,
): void {
  let index = first;
  while (index <= last) {
    const place = placeAtOrAfter(xa, keyOf(index));
    const chunk = chunkAt(xa, place);
    if (chunk === undefined || chunk.start > last) return;
    const { start, slots } = chunk;
    const end = Math.min(last - start + 1, slots.length);
    for (let slot = Math.max(first - start, 0); slot < end && chunk.count > 0; slot++) {
      const value = slots[slot] as number;
      if (value === 0) continue;
      slots[slot] = 0;
      chunk.count--;
      xa.entries--;
      onErased?.(start + slot, value);
    }
    if (chunk.count === 0) dropChunk(xa, place);
    index = endOf(chunk);
  }
}

export function checkXArray(xa: XArray): void {
  let entries = 0;
  let bytes = 0;
  let previous = -1;
  for (const { keys, chunks } of xa.leaves) {
    assert(keys.length === chunks.length, 'every chunk of an xarray has a key');
    assert(
      keys.length > 0 && keys.length <= leafCapacity,
      'a leaf of an xarray lists 1 to 128 chunks',
    );
    for (const [at, { start, count, slots }] of chunks.entries()) {
      const key = keys[at] as number;
      assert(previous < key, 'the chunks of an xarray are sorted');
      assert([8, 64, chunkSlots].includes(slots.length), 'a chunk has 8, 64 or 512 slots');
      assert(
        start >= 0 && start === alignDown(start, slots.length),
        'a chunk begins at a multiple of its size',
      );
      assert(keyOf(start) === key, 'a chunk lies in the block of its key');
      let used = 0;
      for (const value of slots) if (value !== 0) used++;
      assert(count === used, 'the count of a chunk is right');
      assert(count > 0, 'no chunk of an xarray is empty');
      entries += used;
      bytes += slots.length * 4 + 160;
      previous = key;
    }
  }
  assert(entries === xa.entries, 'the count of entries is right');
  assert(bytes === xa.heapBytes, 'the count of bytes is right');
}

/** The memory of the slots, and an estimate for the objects around them. */
const bytesOf = ({ slots }: XChunk): number => slots.length * 4 + 160;

// Indexes reach 2^41, so no bit shifts.
const keyOf = (index: number): number => Math.floor(index / chunkSlots);
const alignDown = (index: number, size: number): number => Math.floor(index / size) * size;
const reaches = (chunk: XChunk, index: number): boolean =>
  index >= chunk.start && index < chunk.start + chunk.slots.length;

const endOf = (chunk: XChunk): number => alignDown(chunk.start, chunkSlots) + chunkSlots;
const chunkAt = (xa: XArray, place: number): XChunk | undefined =>
  xa.leaves[place >> placeBits]?.chunks[place & placeMask];

function findChunk(xa: XArray, index: number): XChunk | undefined {
  const key = keyOf(index);
  const place = placeOf(xa, key);
  const leaf = xa.leaves[place >> placeBits];
  return leaf !== undefined && leaf.keys[place & placeMask] === key
    ? leaf.chunks[place & placeMask]
    : undefined;
}

/** The place where the chunk of `key` is or belongs, which can be after the last one of a leaf. */
function placeOf(xa: XArray, key: number): number {
  const { leaves } = xa;
  const head = leaves[0];
  if (head === undefined) return 0;
  // A file that was mapped from its beginning has consecutive chunks in full leaves, so the first
  // guess is right.
  const rank = key - (head.keys[0] as number);
  if (rank <= 0) return 0;
  const guess = Math.floor(rank / leafCapacity);
  const inLeaf = rank % leafCapacity;
  if (guess < leaves.length && (leaves[guess] as XLeaf).keys[inLeaf] === key)
    return (guess << placeBits) + inLeaf;
  let low = 1;
  let high = leaves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (((leaves[middle] as XLeaf).keys[0] as number) <= key) low = middle + 1;
    else high = middle;
  }
  const index = low - 1;
  const { keys } = leaves[index] as XLeaf;
  low = 0;
  high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return (index << placeBits) + low;
}

/** The place of the chunk of `key`, or else of the first one after it. */
function placeAtOrAfter(xa: XArray, key: number): number {
  return settled(xa, placeOf(xa, key));
}

/** Changes a place after the last chunk of a leaf to the first place of the next leaf. */
function settled(xa: XArray, place: number): number {
  const leaf = xa.leaves[place >> placeBits];
  return leaf !== undefined && (place & placeMask) === leaf.keys.length
    ? ((place >> placeBits) + 1) << placeBits
    : place;
}

/** Grows the window of a chunk until it reaches `index`. */
function widen(xa: XArray, chunk: XChunk, index: number): void {
  let size = chunk.slots.length;
  xa.heapBytes -= bytesOf(chunk);
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
  xa.heapBytes += bytesOf(chunk);
}

function insertChunk(xa: XArray, index: number): XChunk {
  const chunk = {
    start: alignDown(index, smallestWindow),
    count: 0,
    slots: new Int32Array(smallestWindow),
  };
  xa.heapBytes += bytesOf(chunk);
  const key = keyOf(index);
  const place = placeOf(xa, key);
  const at = place >> placeBits;
  const leaf = xa.leaves[at];
  if (leaf === undefined) {
    // A literal allocates room for one element; a push would allocate room for seventeen.
    xa.leaves = [{ keys: [key], chunks: [chunk] }];
    return chunk;
  }
  leaf.keys.splice(place & placeMask, 0, key);
  leaf.chunks.splice(place & placeMask, 0, chunk);
  if (leaf.keys.length > leafCapacity) {
    // An array that grows at its end leaves full leaves before it. Elsewhere the leaf is halved.
    const appends = (place & placeMask) === leafCapacity && at === xa.leaves.length - 1;
    const kept = appends ? leafCapacity : leafCapacity / 2;
    xa.leaves.splice(at + 1, 0, { keys: leaf.keys.splice(kept), chunks: leaf.chunks.splice(kept) });
  }
  return chunk;
}

function dropChunk(xa: XArray, place: number): void {
  const at = place >> placeBits;
  const leaf = xa.leaves[at] as XLeaf;
  xa.heapBytes -= bytesOf(leaf.chunks[place & placeMask] as XChunk);
  leaf.keys.splice(place & placeMask, 1);
  leaf.chunks.splice(place & placeMask, 1);
  if (leaf.keys.length === 0) xa.leaves.splice(at, 1);
  else if (leaf.keys.length <= leafCapacity / 2 && !absorbNext(xa, at)) absorbNext(xa, at - 1);
}

/**
 * Merges the next leaf into this one if together they fill at most half a leaf, so that a merge is
 * not soon followed by a split.
 */
function absorbNext(xa: XArray, at: number): boolean {
  const leaf = xa.leaves[at];
  const next = xa.leaves[at + 1];
  if (
    leaf === undefined ||
    next === undefined ||
    leaf.keys.length + next.keys.length > leafCapacity / 2
  )
    return false;
  leaf.keys.push(...next.keys);
  leaf.chunks.push(...next.chunks);
  xa.leaves.splice(at + 1, 1);
  return true;
}
