// The device: its contents and which cache lines of it a CPU still holds dirty. Memory is taken on first touch, a chunk at a time.
// Stores through a mapping dirty lines; write(2) and DMA go past the cache, as they do on real pmem (non-temporal stores, bus master).
import type { Kernel, Pmem } from '../state.ts';
import { type Pfn, pageSize } from '../units.ts';

const chunkPages = 64;
const chunkBytes = chunkPages * pageSize;
const lineBytes = 64;
const linesPerPage = pageSize / lineBytes;

export function createPmem(): Pmem {
  return { chunks: [], dirty: [], dirtyLines: 0 };
}

function chunkAt(pmem: Pmem, pfn: Pfn): Uint8Array {
  const index = Math.floor(pfn / chunkPages);
  let chunk = pmem.chunks[index];
  if (chunk === undefined) {
    chunk = new Uint8Array(chunkBytes);
    pmem.chunks[index] = chunk;
  }
  return chunk;
}

/** Copies `length` bytes of page `pfn` from `offset` into `out` at `at`. The range stays inside the page. */
export function readPage(k: Kernel, pfn: Pfn, offset: number, length: number, out: Uint8Array, at: number): void {
  const chunk = k.pmem.chunks[Math.floor(pfn / chunkPages)];
  if (chunk === undefined) {
    out.fill(0, at, at + length);
    return;
  }
  const from = (pfn % chunkPages) * pageSize + offset;
  out.set(chunk.subarray(from, from + length), at);
}

/** Copies `bytes` into page `pfn` at `offset`. `cached`: through the CPU cache, so the lines are dirty until flushed. */
export function writePage(k: Kernel, pfn: Pfn, offset: number, bytes: Uint8Array, cached: boolean): void {
  chunkAt(k.pmem, pfn).set(bytes, (pfn % chunkPages) * pageSize + offset);
  if (cached) markDirty(k.pmem, pfn, offset, bytes.length);
}

export function zeroPage(k: Kernel, pfn: Pfn, offset: number, length: number): void {
  const chunk = k.pmem.chunks[Math.floor(pfn / chunkPages)];
  if (chunk === undefined) return;
  const from = (pfn % chunkPages) * pageSize + offset;
  chunk.fill(0, from, from + length);
}

function markDirty(pmem: Pmem, pfn: Pfn, offset: number, length: number): void {
  if (length === 0) return;
  const index = Math.floor(pfn / chunkPages);
  let bits = pmem.dirty[index];
  if (bits === undefined) {
    bits = new Uint8Array((chunkPages * linesPerPage) / 8);
    pmem.dirty[index] = bits;
  }
  const base = (pfn % chunkPages) * linesPerPage;
  const last = base + Math.floor((offset + length - 1) / lineBytes);
  for (let line = base + Math.floor(offset / lineBytes); line <= last; line++) {
    const bit = 1 << (line & 7);
    const byte = bits[line >> 3] as number;
    if ((byte & bit) === 0) {
      bits[line >> 3] = byte | bit;
      pmem.dirtyLines += 1;
    }
  }
}

/** clwb and a fence over a range inside one page. Returns how many lines were dirty. */
export function flushPage(k: Kernel, pfn: Pfn, offset: number, length: number): number {
  const bits = k.pmem.dirty[Math.floor(pfn / chunkPages)];
  if (bits === undefined || length === 0) return 0;
  const base = (pfn % chunkPages) * linesPerPage;
  const last = base + Math.floor((offset + length - 1) / lineBytes);
  let flushed = 0;
  for (let line = base + Math.floor(offset / lineBytes); line <= last; line++) {
    const bit = 1 << (line & 7);
    const byte = bits[line >> 3] as number;
    if ((byte & bit) === 0) continue;
    bits[line >> 3] = byte & ~bit;
    flushed += 1;
  }
  k.pmem.dirtyLines -= flushed;
  return flushed;
}
