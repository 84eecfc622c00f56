// The names of things in words, by their ids of state/ids.ts: as text for sentences and chips.
import type { Picture } from 'pinhole/client';
import { inoOf, kindOf, pfnOf } from '../state/ids.ts';

export interface ThingWords {
  /** What identifies it: op_9, pin_1, page 2. */
  name: string;
  /** What it is: punch-hole by T. Empty if the picture does not have it. */
  is: string;
}

/** How the thing is named in a chip: "op_9" and "punch-hole by T". */
export function thingWords(picture: Picture | null, id: string): ThingWords {
  const kind = kindOf(id);
  if (kind === null) return { name: id, is: '' };
  const words: Record<typeof kind, () => ThingWords> = {
    operation: () => ({ name: id, is: operationIs(picture, id) }),
    pin: () => ({ name: id, is: pinIs(picture, id) }),
    mapping: () => ({ name: id, is: mappingIs(picture, id) }),
    page: () => pageWords(picture, pfnOf(id)),
    lock: () => lockWords(id),
    entry: () => ({ name: `entry ${entryText(id)}`, is: '' }),
    file: () => fileWords(picture, inoOf(id)),
  };
  return words[kind]();
}

/** "op_9 (punch-hole by T)", "page 2 = a[0]", "invalidate_lock of a": for a sentence. */
export function thingText(picture: Picture | null, id: string): string {
  const { name, is } = thingWords(picture, id);
  if (is === '') return name;
  const kind = kindOf(id);
  if (kind === 'page') return `${name} ${is}`;
  return kind === 'lock' ? `${name} ${is}` : `${name} (${is})`;
}

/** In a sentence: "page 2 of a", "op_9 (punch-hole by T)", "invalidate_lock of a". */
export function nounOf(picture: Picture | null, id: string): string {
  if (kindOf(id) !== 'page') return thingText(picture, id);
  const { name, is } = thingWords(picture, id);
  return is === '' ? name : `${name} of ${is.replace(/^= /, '').replace(/\[\d+\]$/, '')}`;
}

function operationIs(picture: Picture | null, id: string): string {
  const operation = picture?.operations.get(id);
  if (operation === undefined) return '';
  return operation.owner === null ? operation.op : `${operation.op} by ${operation.owner}`;
}

function pinIs(picture: Picture | null, id: string): string {
  const pin = picture?.pins.get(id);
  if (pin === undefined) return '';
  return pin.owner === null ? pin.kind : `by ${pin.owner}`;
}

function mappingIs(picture: Picture | null, id: string): string {
  const mapping = picture?.mappings.get(id);
  return mapping === undefined ? '' : `of ${nameOfFile(picture, mapping.ino)}`;
}

/** The name of the file; `#7` if the picture does not have it or it is unlinked. */
function nameOfFile(picture: Picture | null, ino: number): string {
  const file = picture?.files.get(ino);
  return file === undefined || file.unlinked ? `#${ino}` : file.name;
}

function fileWords(picture: Picture | null, ino: number): ThingWords {
  const file = picture?.files.get(ino);
  if (file === undefined) return { name: `#${ino}`, is: '' };
  return { name: file.name, is: file.unlinked ? 'unlinked' : '' };
}

function pageWords(picture: Picture | null, pfn: number): ThingWords {
  const at = picture === null ? null : placeOfPage(picture, pfn);
  return { name: `page ${pfn}`, is: at === null ? '' : `= ${at}` };
}

let known: { picture: Picture; cursor: string; places: Map<number, [number, number]> } | null =
  null;

/**
 * The file and page of a frame, as `a[0]`. A picture has no extents, so only a pin on the frame or a
 * sleeper that waits for it tells. null if neither is there.
 */
function placeOfPage(picture: Picture, pfn: number): string | null {
  // Found once for each change, because a view may name hundreds of pages.
  if (known?.picture !== picture || known.cursor !== picture.cursor)
    known = { picture, cursor: picture.cursor, places: placesOf(picture) };
  const place = known.places.get(pfn);
  return place === undefined ? null : `${nameOfFile(picture, place[0])}[${place[1]}]`;
}

/** A pin may have 65,536 frames; the first ones are enough for a name. */
const framesMax = 512;

/** Inode and page of the file, by the frame. */
function placesOf({ operations, pins }: Picture): Map<number, [number, number]> {
  const places = new Map<number, [number, number]>();
  for (const { ino, offset, runs } of pins.values()) {
    let page = offset / 4096;
    for (const { pfn, pages } of runs) {
      for (let i = 0; pfn !== null && i < Math.min(pages, framesMax); i += 1)
        places.set(pfn + i, [ino, page + i]);
      page += pages;
    }
  }
  for (const { sleepingOn } of operations.values()) {
    const { ino = null, pfn, pgoff } = sleepingOn ?? {};
    if (ino !== null && pfn !== undefined && pgoff !== undefined) places.set(pfn, [ino, pgoff]);
  }
  return places;
}

/** The parts of `lock:NAME:WHICH` or `entry:NAME:WHICH`; a name may contain colons. */
function partsOf(id: string): { file: string; which: string } {
  const [from, to] = [id.indexOf(':') + 1, id.lastIndexOf(':')];
  return { file: id.slice(from, Math.max(from, to)), which: id.slice(to + 1) };
}

function lockWords(id: string): ThingWords {
  const { file, which } = partsOf(id);
  return { name: which, is: file === '' ? '' : `of ${file}` };
}

function entryText(id: string): string {
  const { file, which } = partsOf(id);
  return `${file}[${which}]`;
}

/** Whether the picture has the thing now. Pages, locks and entries are always there. */
export function isThere(picture: Picture, id: string): boolean {
  const kind = kindOf(id);
  if (kind === 'operation') return picture.operations.has(id);
  if (kind === 'pin') return picture.pins.has(id);
  if (kind === 'mapping') return picture.mappings.has(id);
  return kind === 'file' ? picture.files.has(inoOf(id)) : kind !== null;
}
