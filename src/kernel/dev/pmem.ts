// The device: its contents, and which of its cache lines a CPU holds dirty. A page gets memory at
// its first write, and the memory is freed when the whole page is zeroed or its block is freed.
// Snapshots store contents in chunks of 64 pages. Stores through a mapping dirty lines; write(2),
// zeroing and DMA bypass the cache, as on real pmem (non-temporal stores, bus master). A page with
// dirty lines also stores the bytes of the medium, because a power loss may restore them.
import { pinsOf } from '../mm/page.ts';
import type { DirtyPage, Kernel, Pmem } from '../state.ts';
import { type Pfn, pageSize } from '../units.ts';
import { clearPoison, sectorsPerPage } from './badblocks.ts';

const chunkPages = 64;
const chunkBytes = chunkPages * pageSize;
const lineBytes = 64;
const wordBytes = 8;

export function createPmem(): Pmem {
  return {
    pages: new Map(),
    chunkSeqs: [],
    dirty: new Map(),
    dirtyLines: 0,
    badSectors: new Set(),
  };
}

function pageBytes(pmem: Pmem, pfn: Pfn): Uint8Array {
  let page = pmem.pages.get(pfn);
  if (page === undefined) {
    page = new Uint8Array(pageSize);
    pmem.pages.set(pfn, page);
  }
  return page;
}

const zeros = new Uint8Array(pageSize);

/**
 * A page of zeroes may or may not have memory, and that is not part of the state: a snapshot does
 * not record it. So writing zeroes over zeroes must not count as a change, or a restored machine
 * would differ from the original.
 */
const isZero = (bytes: Uint8Array): boolean =>
  Buffer.compare(bytes, zeros.subarray(0, bytes.length)) === 0;

/** A copy of a chunk for a snapshot, because the device changes while the snapshot is written. */
export function chunkOf(pmem: Pmem, index: number): Uint8Array {
  const bytes = new Uint8Array(chunkBytes);
  for (let page = 0; page < chunkPages; page++) {
    const held = pmem.pages.get((index * chunkPages + page) as Pfn);
    if (held !== undefined) bytes.set(held, page * pageSize);
  }
  return bytes;
}

/** Restores a chunk of a snapshot. Pages of zeroes get no memory. */
export function setChunk(pmem: Pmem, index: number, seq: number, bytes: Uint8Array): void {
  for (let page = 0; page < chunkPages; page++) {
    const part = bytes.subarray(page * pageSize, (page + 1) * pageSize);
    if (!isZero(part)) pmem.pages.set((index * chunkPages + page) as Pfn, part.slice());
  }
  pmem.chunkSeqs[index] = seq;
}

/**
 * Drops the contents of free blocks. Nobody can read them again, because every block is zeroed
 * before a file shows it. Pinned pages stay, because a device can read them; pages with dirty lines
 * stay, because losePower() needs them.
 */
export function discardPages(k: Kernel, pfn: Pfn, pages: number): void {
  const { pmem } = k;
  if (pmem.pages.size === 0) return;
  const end = pfn + pages;
  for (let at: number = pfn; at < end; at++) {
    if (pmem.chunkSeqs[Math.floor(at / chunkPages)] === undefined) {
      at += chunkPages - 1 - (at % chunkPages);
      continue;
    }
    const page = pmem.pages.get(at as Pfn);
    if (page === undefined || pmem.dirty.has(at as Pfn) || pinsOf(k, at as Pfn) > 0) continue;
    pmem.pages.delete(at as Pfn);
    if (!isZero(page)) changed(k, at as Pfn);
  }
}

/**
 * Copies `length` bytes of page `pfn` from `offset` into `out` at `at`. The range stays inside the
 * page.
 */
export function readPage(
  k: Kernel,
  pfn: Pfn,
  offset: number,
  length: number,
  out: Uint8Array,
  at: number,
): void {
  const page = k.pmem.pages.get(pfn);
  if (page === undefined) out.fill(0, at, at + length);
  else out.set(page.subarray(offset, offset + length), at);
}

/**
 * Copies `bytes` into page `pfn` at `offset`. A store goes through the CPU cache, so its lines are
 * dirty until flushed. The driver and a device bypass the cache, and of these two only the driver
 * repairs poison.
 */
export function writePage(
  k: Kernel,
  pfn: Pfn,
  offset: number,
  bytes: Uint8Array,
  by: 'store' | 'driver' | 'device',
): void {
  if (by === 'store') markDirty(k.pmem, pfn, offset, bytes.length);
  else if (by === 'device') flushPage(k, pfn, offset, bytes.length);
  else pastTheCache(k, pfn, offset, bytes.length);
  pageBytes(k.pmem, pfn).set(bytes, offset);
  changed(k, pfn);
}

function changed(k: Kernel, pfn: Pfn): void {
  k.pmem.chunkSeqs[Math.floor(pfn / chunkPages)] = k.seq;
}

export function zeroPage(k: Kernel, pfn: Pfn, offset: number, length: number): void {
  pastTheCache(k, pfn, offset, length);
  const page = k.pmem.pages.get(pfn);
  if (page === undefined) return;
  const same = isZero(page.subarray(offset, offset + length));
  if (length === pageSize) k.pmem.pages.delete(pfn);
  else page.fill(0, offset, offset + length);
  if (!same) changed(k, pfn);
}

/**
 * A write past the cache first writes back the lines that it covers, and repairs the poison of a
 * page that it covers as a whole.
 */
function pastTheCache(k: Kernel, pfn: Pfn, offset: number, length: number): void {
  flushPage(k, pfn, offset, length);
  if (offset === 0 && length === pageSize) clearPoison(k, pfn * sectorsPerPage, sectorsPerPage);
}

function markDirty(pmem: Pmem, pfn: Pfn, offset: number, length: number): void {
  if (length === 0) return;
  let page = pmem.dirty.get(pfn);
  if (page === undefined) {
    page = { medium: pageBytes(pmem, pfn).slice(), lines: [0, 0] };
    pmem.dirty.set(pfn, page);
  }
  for (let line = Math.floor(offset / lineBytes); line * lineBytes < offset + length; line++) {
    if (isDirty(page, line)) continue;
    setDirty(page, line);
    pmem.dirtyLines += 1;
    // The line was clean, so the medium has the same bytes.
    const from = line * lineBytes;
    page.medium.set(pageBytes(pmem, pfn).subarray(from, from + lineBytes), from);
  }
}

const isDirty = (page: DirtyPage, line: number): boolean =>
  (((page.lines[line >> 5] ?? 0) >>> (line & 31)) & 1) === 1;

function setDirty(page: DirtyPage, line: number): void {
  page.lines[line < 32 ? 0 : 1] |= 1 << (line & 31);
}

function setClean(page: DirtyPage, line: number): void {
  page.lines[line < 32 ? 0 : 1] &= ~(1 << (line & 31));
}

/** clwb and a fence over a range inside one page. Returns how many lines were dirty. */
export function flushPage(k: Kernel, pfn: Pfn, offset: number, length: number): number {
  const page = k.pmem.dirty.get(pfn);
  if (page === undefined) return 0;
  let flushed = 0;
  for (let line = Math.floor(offset / lineBytes); line * lineBytes < offset + length; line++) {
    if (!isDirty(page, line)) continue;
    setClean(page, line);
    flushed += 1;
  }
  k.pmem.dirtyLines -= flushed;
  if (page.lines[0] === 0 && page.lines[1] === 0) k.pmem.dirty.delete(pfn);
  return flushed;
}

/**
 * Power loss: for each aligned 8-byte word of every dirty line, `keeps` says whether it reached the
 * medium, because nothing larger is atomic. It is called for every word of the line, stored to or
 * not, so that a seed selects the same words in every case. A word that equals the medium is not
 * lost. Returns how many lines lost something, and their pages, ascending.
 */
export function losePower(k: Kernel, keeps: () => boolean): { lines: number; pfns: Pfn[] } {
  let lines = 0;
  const pfns: Pfn[] = [];
  const pages = [...k.pmem.dirty].sort(([a], [b]) => a - b);
  for (const [pfn, page] of pages) {
    const before = lines;
    const bytes = pageBytes(k.pmem, pfn);
    for (let line = 0; line < pageSize / lineBytes; line++) {
      if (!isDirty(page, line)) continue;
      let whole = true;
      for (let at = line * lineBytes; at < (line + 1) * lineBytes; at += wordBytes) {
        if (keeps() || sameWord(bytes, page.medium, at)) continue;
        whole = false;
        bytes.set(page.medium.subarray(at, at + wordBytes), at);
      }
      if (!whole) lines += 1;
    }
    if (lines === before) continue;
    changed(k, pfn);
    pfns.push(pfn);
  }
  k.pmem.dirty.clear();
  k.pmem.dirtyLines = 0;
  return { lines, pfns };
}

function sameWord(one: Uint8Array, other: Uint8Array, at: number): boolean {
  for (let byte = at; byte < at + wordBytes; byte++) if (one[byte] !== other[byte]) return false;
  return true;
}
