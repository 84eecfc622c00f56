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
export function nameOfFile(picture: Picture | null, ino: number): string {
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

/**
 * The file and page of a frame, as `a[0]`. A picture has no extents, so only a pin on the frame or a
 * sleeper that waits for it tells. null if neither is there.
 */
function placeOfPage(picture: Picture, pfn: number): string | null {
  for (const { sleepingOn } of picture.operations.values())
    if (sleepingOn?.pfn === pfn && sleepingOn.ino !== null && sleepingOn.pgoff !== undefined)
      return `${nameOfFile(picture, sleepingOn.ino)}[${sleepingOn.pgoff}]`;
  for (const { ino, offset, runs } of picture.pins.values()) {
    let page = offset / 4096;
    for (const run of runs) {
      if (run.pfn !== null && pfn >= run.pfn && pfn < run.pfn + run.pages)
        return `${nameOfFile(picture, ino)}[${page + pfn - run.pfn}]`;
      page += run.pages;
    }
  }
  return null;
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
