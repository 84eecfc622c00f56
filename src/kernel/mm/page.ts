// struct page: what the machine knows of each frame of the device, in chunks of 512 made on first touch. Only pins and mappings are
// counted; Linux's two reference counts are derived from them: classic (to 6.14) `1 + pins`, modern (from 6.15) `pins + mapcount`.
import { emit } from '../events.ts';
import { assert } from '../panic.ts';
import { hasWaiters, wakePage } from '../sched/waitqueue.ts';
import type { Kernel } from '../state.ts';
import type { Ino, Pfn, PgOff } from '../units.ts';

const framesPerChunk = 512;
/** Int32 fields of a frame: 20 bytes. */
const fields = 5;
const pinsField = 0;
const mapcountField = 1;
const inoField = 2;
const indexField = 3;
/** Flags in the low 8 bits, the high bits of the index above them. */
const flagsField = 4;

export const pageFlags = { delayedFree: 1, stopNewRefs: 2 } as const;
type PageFlag = (typeof pageFlags)[keyof typeof pageFlags];

function chunkOf(k: Kernel, pfn: Pfn): Int32Array {
  const index = Math.floor(pfn / framesPerChunk);
  let chunk = k.frames[index];
  if (chunk === undefined) {
    assert(pfn >= 0 && pfn < k.geometry.blocks, 'a pfn names a frame of the device');
    chunk = new Int32Array(framesPerChunk * fields);
    k.frames[index] = chunk;
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
export const hasFlag = (k: Kernel, pfn: Pfn, flag: PageFlag): boolean => (read(k, pfn, flagsField) & flag) !== 0;

export function setFlag(k: Kernel, pfn: Pfn, flag: PageFlag, on: boolean): void {
  const chunk = chunkOf(k, pfn);
  const at = (pfn % framesPerChunk) * fields + flagsField;
  const value = chunk[at] as number;
  chunk[at] = on ? value | flag : value & ~flag;
}

/** dax_associate_entry: page->mapping and page->index. */
export function setOwner(k: Kernel, pfn: Pfn, ino: Ino, pgoff: PgOff): void {
  const chunk = chunkOf(k, pfn);
  const at = (pfn % framesPerChunk) * fields;
  chunk[at + inoField] = ino;
  chunk[at + indexField] = pgoff % 2 ** 32;
  chunk[at + flagsField] = ((chunk[at + flagsField] as number) & 0xff) | (Math.floor(pgoff / 2 ** 32) << 8);
}

export function clearOwner(k: Kernel, pfn: Pfn): void {
  setOwner(k, pfn, 0 as Ino, 0 as PgOff);
}

/** The file page that this frame was last faulted in for; null when no mapping entry points at it. */
export function ownerOf(k: Kernel, pfn: Pfn): { ino: Ino; pgoff: PgOff } | null {
  const ino = read(k, pfn, inoField);
  if (ino === 0) return null;
  const high = read(k, pfn, flagsField) >>> 8;
  return { ino: ino as Ino, pgoff: (high * 2 ** 32 + (read(k, pfn, indexField) >>> 0)) as PgOff };
}

export const classicRefcount = (k: Kernel, pfn: Pfn): number => 1 + pinsOf(k, pfn);
export const modernRefcount = (k: Kernel, pfn: Pfn): number => pinsOf(k, pfn) + mapcountOf(k, pfn);

/** dax_page_is_idle, under the rule in force: what a sleeper waits for. */
export function isIdle(k: Kernel, pfn: Pfn): boolean {
  switch (k.idleRule) {
    case 'classic':
      return classicRefcount(k, pfn) === 1;
    case 'modern':
      return modernRefcount(k, pfn) === 0;
    case 'fixed':
      return pinsOf(k, pfn) === 0;
  }
}

export function getPage(k: Kernel, pfn: Pfn): void {
  if (add(k, pfn, pinsField, 1) === 1) k.counts.pinnedPages += 1;
}

/**
 * put_page: drops one reference. When the count reaches the idle value it wakes whoever waits for this page. It takes no lock and frees
 * nothing: a page whose block has left its file is queued for the release worker.
 */
export function putPage(k: Kernel, pfn: Pfn): void {
  const pins = add(k, pfn, pinsField, -1);
  assert(pins >= 0, 'a page is not put more often than it was got');
  if (pins > 0) return;
  k.counts.pinnedPages -= 1;
  if (isIdle(k, pfn)) {
    emit(k, 'page.idle', null, { pfn });
    wakePage(k, pfn);
  }
  if (hasFlag(k, pfn, pageFlags.delayedFree)) {
    k.workqueue.push(pfn);
    emit(k, 'page.worker_queued', null, { pfn });
  }
}

/** A page-table entry points at the frame. */
export function mapPage(k: Kernel, pfn: Pfn): void {
  add(k, pfn, mapcountField, 1);
}

/** A page-table entry is gone. Under the modern rule a mapping is a reference, so this too can be the drop to idle. */
export function unmapPage(k: Kernel, pfn: Pfn): void {
  const mapcount = add(k, pfn, mapcountField, -1);
  assert(mapcount >= 0, 'a page is not unmapped more often than it was mapped');
  if (k.idleRule !== 'modern' || mapcount > 0 || pinsOf(k, pfn) > 0 || !hasWaiters(k, pfn)) return;
  emit(k, 'page.idle', null, { pfn });
  wakePage(k, pfn);
}
