// struct page: the state of each frame of the device, in chunks of 512 that are made at first use.
// Only pins and mappings are counted; Linux's two reference counts are derived from them: classic
// (to 6.14) `1 + pins`, modern (from 6.15) `pins + mapcount`. With folioGranularity the frames
// under a 2 MiB mapping entry are one folio, which is pinned, waited for and released as a whole.
import { emit, fileOfEvent } from '../emit.ts';
import { assert } from '../panic.ts';
import { hasWaiters, wakePage } from '../sched/waitqueue.ts';
import type { Folio, Kernel } from '../state.ts';
import { type Ino, type Pfn, type PgOff, toPfn } from '../units.ts';

/** Frames of a chunk, and pages of a 2 MiB entry, so that each folio is one chunk. */
export const framesPerChunk = 512;
/**
 * Int32 fields of a frame: 20 bytes. A chunk has one more field after the last frame, which counts
 * its pinned frames.
 */
const fields = 5;
const pinnedAt = framesPerChunk * fields;
const pinsField = 0;
const mapcountField = 1;
const inoField = 2;
const indexField = 3;
/** Flags in the low 8 bits, the high bits of the index above them. */
const flagsField = 4;

const delayedFree = 1;

function chunkOf(k: Kernel, pfn: Pfn): Int32Array {
  const index = Math.floor(pfn / framesPerChunk);
  let chunk = k.frames[index];
  if (chunk === undefined) {
    assert(pfn >= 0 && pfn < k.geometry.blocks, 'a pfn names a frame of the device');
    chunk = new Int32Array(pinnedAt + 1);
    k.frames[index] = chunk;
    k.counts.frameChunks += 1;
  }
  return chunk;
}

function read(k: Kernel, pfn: Pfn, field: number): number {
  const chunk = k.frames[Math.floor(pfn / framesPerChunk)];
  return chunk === undefined ? 0 : (chunk[(pfn % framesPerChunk) * fields + field] as number);
}

function add(k: Kernel, pfn: Pfn, field: number, delta: number): number {
  const chunk = chunkOf(k, pfn);
  const at = (pfn % framesPerChunk) * fields + field;
  const value = (chunk[at] as number) + delta;
  chunk[at] = value;
  return value;
}

export const pinsOf = (k: Kernel, pfn: Pfn): number => read(k, pfn, pinsField);
export const mapcountOf = (k: Kernel, pfn: Pfn): number => read(k, pfn, mapcountField);
/** The block left its file under a pin: its last put queues work for the release worker. */
export const isDelayedFree = (k: Kernel, pfn: Pfn): boolean =>
  (read(k, pfn, flagsField) & delayedFree) !== 0;

export function setDelayedFree(k: Kernel, pfn: Pfn): void {
  const at = (pfn % framesPerChunk) * fields + flagsField;
  (chunkOf(k, pfn)[at] as number) |= delayedFree;
}

export function unsetDelayedFree(k: Kernel, pfn: Pfn): void {
  const at = (pfn % framesPerChunk) * fields + flagsField;
  (chunkOf(k, pfn)[at] as number) &= ~delayedFree;
}

/** dax_associate_entry: page->mapping and page->index. */
export function setOwner(k: Kernel, pfn: Pfn, ino: Ino, pgoff: PgOff): void {
  const chunk = chunkOf(k, pfn);
  const at = (pfn % framesPerChunk) * fields;
  chunk[at + inoField] = ino;
  chunk[at + indexField] = pgoff % 2 ** 32;
  chunk[at + flagsField] =
    ((chunk[at + flagsField] as number) & 0xff) | (Math.floor(pgoff / 2 ** 32) << 8);
}

/** dax_disassociate_entry: does nothing if the frame belongs to another page by now. */
export function clearOwner(k: Kernel, pfn: Pfn, ino: Ino, pgoff: PgOff): void {
  const chunk = chunkOf(k, pfn);
  const at = (pfn % framesPerChunk) * fields;
  const flags = chunk[at + flagsField] as number;
  const isSame =
    chunk[at + inoField] === ino &&
    (chunk[at + indexField] as number) >>> 0 === pgoff % 2 ** 32 &&
    flags >>> 8 === Math.floor(pgoff / 2 ** 32);
  if (!isSame) return;
  chunk[at + inoField] = 0;
  chunk[at + indexField] = 0;
  chunk[at + flagsField] = flags & 0xff;
}

/**
 * The file page that this frame was last faulted in for; null when no mapping entry points at it.
 */
export function ownerOf(k: Kernel, pfn: Pfn): { ino: Ino; pgoff: PgOff } | null {
  const ino = read(k, pfn, inoField);
  if (ino === 0) return null;
  const high = read(k, pfn, flagsField) >>> 8;
  return { ino: ino as Ino, pgoff: (high * 2 ** 32 + (read(k, pfn, indexField) >>> 0)) as PgOff };
}

/** The folio of 2 MiB that a frame is in; there are none without folioGranularity. */
export const folioOf = (k: Kernel, pfn: Pfn): Folio | undefined =>
  k.folios.size === 0 ? undefined : k.folios.get(Math.floor(pfn / framesPerChunk));

/** The page that a sleeper on this page queues for: the first of its folio, or itself. */
export const headOf = (k: Kernel, pfn: Pfn): Pfn =>
  folioOf(k, pfn) === undefined ? pfn : toPfn(pfn - (pfn % framesPerChunk));

/** The pins that keep this page busy: its own, or those of its whole folio. */
export const pinsOver = (k: Kernel, pfn: Pfn): number => folioOf(k, pfn)?.pins ?? pinsOf(k, pfn);
export const classicRefcount = (k: Kernel, pfn: Pfn): number => 1 + pinsOver(k, pfn);
export const modernRefcount = (k: Kernel, pfn: Pfn): number =>
  pinsOver(k, pfn) + (folioOf(k, pfn)?.mapcount ?? mapcountOf(k, pfn));

/** dax_page_is_idle under the rule in force. A sleeper waits until this is true. */
export function isIdle(k: Kernel, pfn: Pfn): boolean {
  switch (k.idleRule) {
    case 'classic':
      return classicRefcount(k, pfn) === 1;
    case 'modern':
      return modernRefcount(k, pfn) === 0;
    case 'fixed':
      return pinsOver(k, pfn) === 0;
  }
}

/**
 * The first frame of [from, end) with pins over it, or `end`. A chunk without pinned frames costs
 * one lookup, so a scan of a whole device is cheap.
 */
export function nextPinned(k: Kernel, from: number, end: number): number {
  if (k.counts.pinnedPages === 0) return end;
  let at = from;
  while (at < end) {
    const index = Math.floor(at / framesPerChunk);
    const stop = Math.min(end, (index + 1) * framesPerChunk);
    const chunk = k.frames[index];
    if (chunk === undefined || chunk[pinnedAt] === 0) {
      at = stop;
      continue;
    }
    const isPlain = k.folios.size === 0;
    for (; at < stop; at++) {
      const own = chunk[(at % framesPerChunk) * fields + pinsField] as number;
      if ((isPlain ? own : pinsOver(k, toPfn(at))) > 0) return at;
    }
  }
  return end;
}

/** The first frame of [from, end) in a chunk that was ever touched, or `end`. */
export function nextTouched(k: Kernel, from: number, end: number): number {
  let at = from;
  while (at < end && k.frames[Math.floor(at / framesPerChunk)] === undefined)
    at += framesPerChunk - (at % framesPerChunk);
  return Math.min(at, end);
}

/** The end of the pinned run that begins at `from`, at most `end`. */
export function nextUnpinned(k: Kernel, from: number, end: number): number {
  let at = from;
  while (at < end && pinsOver(k, toPfn(at)) > 0) at++;
  return at;
}

function countPinned(k: Kernel, pfn: Pfn, delta: number): void {
  k.counts.pinnedPages += delta;
  const chunk = chunkOf(k, pfn);
  chunk[pinnedAt] = (chunk[pinnedAt] as number) + delta;
}

/** The first frame of each chunk that was ever touched, and how many of its frames are pinned. */
export const pinnedInChunks = ({ frames }: Kernel): [first: number, pinned: number][] =>
  frames.flatMap((chunk, index) =>
    chunk === undefined ? [] : [[index * framesPerChunk, chunk[pinnedAt] as number]],
  );

export function getPage(k: Kernel, pfn: Pfn): void {
  if (add(k, pfn, pinsField, 1) === 1) countPinned(k, pfn, 1);
  const folio = folioOf(k, pfn);
  if (folio !== undefined) folio.pins += 1;
}

/**
 * put_page: drops one reference. If the page becomes idle, wakes the tasks that wait for it. Takes
 * no lock and frees nothing: a page whose block has left its file is queued for the release worker.
 */
export function putPage(k: Kernel, pfn: Pfn): void {
  const pins = add(k, pfn, pinsField, -1);
  assert(pins >= 0, 'a page is not put more often than it was got');
  if (pins === 0) countPinned(k, pfn, -1);
  const folio = folioOf(k, pfn);
  if (folio !== undefined) folio.pins -= 1;
  if ((folio?.pins ?? pins) > 0) return;
  const head = headOf(k, pfn);
  if (isIdle(k, head)) wakeIdle(k, head);
  else if (hasWaiters(k, head)) tellNotIdle(k, head);
  for (let page: number = head; page < head + (folio === undefined ? 1 : framesPerChunk); page++) {
    if (!isDelayedFree(k, toPfn(page))) continue;
    k.workqueue.push(toPfn(page));
    emit(k, 'page.worker_queued', null, { pfn: page });
  }
  if (folio?.entry !== false) return;
  k.folios.delete(Math.floor(pfn / framesPerChunk));
  // The folio ends here, so its pages are counted one by one, and some may be mapped. A task that
  // slept on the folio wakes, because it must now sleep on one page or not at all.
  if (hasWaiters(k, head)) wakePage(k, head);
}

/** Only the modern rule comes here: the mappings of the page keep its waiters asleep (S06). */
function tellNotIdle(k: Kernel, pfn: Pfn): void {
  const owner = ownerOf(k, pfn);
  emit(k, 'page.not_idle', owner === null ? null : fileOfEvent(k, owner.ino), {
    pfn,
    pgoff: owner?.pgoff ?? null,
    mappings: modernRefcount(k, pfn),
  });
}

function wakeIdle(k: Kernel, pfn: Pfn): void {
  emit(k, 'page.idle', null, { pfn });
  wakePage(k, pfn);
}

/**
 * Call this for a new page-table entry of the frame. mapFolio() counts a 2 MiB entry in the folio.
 */
export function mapPage(k: Kernel, pfn: Pfn, entry: 'pte' | 'pmd' = 'pte'): void {
  add(k, pfn, mapcountField, 1);
  const folio = folioOf(k, pfn);
  if (folio !== undefined && entry === 'pte') folio.mapcount += 1;
}

/**
 * Call this when a page-table entry is cleared. Under the modern rule a mapping is a reference, so
 * the page can become idle here too.
 */
export function unmapPage(k: Kernel, pfn: Pfn, entry: 'pte' | 'pmd' = 'pte'): void {
  const mapcount = add(k, pfn, mapcountField, -1);
  assert(mapcount >= 0, 'a page is not unmapped more often than it was mapped');
  if (folioOf(k, pfn) === undefined) wakeUnmapped(k, pfn);
  else if (entry === 'pte') unmapFolio(k, pfn);
}

export function mapFolio(k: Kernel, pfn: Pfn): void {
  const folio = folioOf(k, pfn);
  if (folio !== undefined) folio.mapcount += 1;
}

export function unmapFolio(k: Kernel, pfn: Pfn): void {
  const folio = folioOf(k, pfn);
  if (folio === undefined) return;
  folio.mapcount -= 1;
  assert(folio.mapcount >= 0, 'a folio is not unmapped more often than it was mapped');
  wakeUnmapped(k, headOf(k, pfn));
}

function wakeUnmapped(k: Kernel, pfn: Pfn): void {
  if (k.pageWaiters.size === 0) return;
  if (k.idleRule === 'modern' && modernRefcount(k, pfn) === 0 && hasWaiters(k, pfn))
    wakeIdle(k, pfn);
}

/**
 * Makes one folio of the frames from `head` on, after a 2 MiB mapping entry was made for them. None
 * of them is mapped yet.
 */
export function makeFolio(k: Kernel, head: Pfn): void {
  if (!k.geometry.folioGranularity) return;
  const folio = folioOf(k, head);
  if (folio !== undefined) {
    folio.entry = true;
    return;
  }
  let pins = 0;
  for (let page = 0; page < framesPerChunk; page++) pins += pinsOf(k, toPfn(head + page));
  k.folios.set(head / framesPerChunk, { pins, mapcount: 0, entry: true });
  // A task that sleeps on one of the pages wakes, because it must now sleep on the folio.
  for (let page = 0; pins > 0 && page < framesPerChunk; page++) wakePage(k, toPfn(head + page));
}

/**
 * Call this when a 2 MiB mapping entry is deleted, after all its pages were unmapped. A pinned
 * folio stays until its last put.
 */
export function splitFolio(k: Kernel, head: Pfn): void {
  const folio = folioOf(k, head);
  if (folio === undefined) return;
  folio.entry = false;
  if (folio.pins === 0) k.folios.delete(head / framesPerChunk);
}
