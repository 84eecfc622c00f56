// The ids by which views speak of the same thing: those of the API and of the wait graph.
//   op_9  pin_1  map_1  page:2 (a pfn)  lock:a:i_rwsem  entry:a:0  ino:2 (a file)
import type { Picture } from 'pinhole/client';

export type ThingKind = 'operation' | 'pin' | 'mapping' | 'page' | 'lock' | 'entry' | 'file';

export function kindOf(id: string): ThingKind | null {
  const prefixes: [string, ThingKind][] = [
    ['op_', 'operation'],
    ['pin_', 'pin'],
    ['map_', 'mapping'],
    ['page:', 'page'],
    ['lock:', 'lock'],
    ['entry:', 'entry'],
    ['ino:', 'file'],
  ];
  return prefixes.find(([prefix]) => id.startsWith(prefix))?.[1] ?? null;
}

export const pageId = (pfn: number): string => `page:${pfn}`;
export const fileId = (ino: number): string => `ino:${ino}`;
/** The frame of a page id. */
export const pfnOf = (id: string): number => Number(id.slice('page:'.length));
export const inoOf = (id: string): number => Number(id.slice('ino:'.length));

/** The node of the wait graph that an operation sleeps on; null if it does not sleep. */
export function sleepsOn(picture: Picture, id: string): string | null {
  const sleep = picture.operations.get(id)?.sleepingOn ?? null;
  if (sleep === null) return null;
  if (sleep.on === 'page') return sleep.pfn === undefined ? null : pageId(sleep.pfn);
  const name = sleep.ino === null ? '' : (picture.files.get(sleep.ino)?.name ?? '');
  return sleep.on === 'lock' ? `lock:${name}:${sleep.lock}` : `entry:${name}:${sleep.pgoff}`;
}

/** How many frames of one pin are listed as related. A pin may have 65,536. */
const framesMax = 512;

/** Everything that belongs to the thing, itself included: what lights up with it. */
export function relatedTo(picture: Picture, id: string): Set<string> {
  const related = new Set([id]);
  const add = {
    operation: () => addOperation(picture, id, related),
    pin: () => addPin(picture, id, related),
    mapping: () => addFileOf(picture.mappings.get(id)?.ino, related),
    page: () => addPage(picture, pfnOf(id), related),
    lock: () => addWaiters(picture, new Set([id]), related),
    entry: () => addWaiters(picture, new Set([id]), related),
    file: () => addPartsOf(picture, inoOf(id), related),
  };
  const kind = kindOf(id);
  if (kind !== null) add[kind]();
  return related;
}

function addFileOf(ino: number | null | undefined, to: Set<string>): void {
  if (ino !== null && ino !== undefined) to.add(fileId(ino));
}

function addOperation(picture: Picture, id: string, to: Set<string>): void {
  const on = sleepsOn(picture, id);
  if (on === null) return;
  to.add(on);
  addFileOf(picture.operations.get(id)?.sleepingOn?.ino, to);
  if (kindOf(on) === 'page') for (const pin of pinsOf(picture, pfnOf(on))) to.add(pin);
}

function addPin(picture: Picture, id: string, to: Set<string>): void {
  const pin = picture.pins.get(id);
  if (pin === undefined) return;
  addFileOf(pin.ino, to);
  const frames = new Set<string>();
  for (const { pfn, pages } of pin.runs)
    for (let i = 0; pfn !== null && i < pages && frames.size < framesMax; i += 1)
      frames.add(pageId(pfn + i));
  for (const frame of frames) to.add(frame);
  addWaiters(picture, frames, to);
}

function addPage(picture: Picture, pfn: number, to: Set<string>): void {
  addWaiters(picture, new Set([pageId(pfn)]), to);
  for (const id of pinsOf(picture, pfn)) {
    to.add(id);
    addFileOf(picture.pins.get(id)?.ino, to);
  }
}

/** In one pass, because 10,000 operations may sleep while a pin has 512 frames. */
function addWaiters(picture: Picture, nodes: ReadonlySet<string>, to: Set<string>): void {
  for (const { id, state } of picture.operations.values())
    if (state === 'sleeping' && nodes.has(sleepsOn(picture, id) ?? '')) to.add(id);
}

function addPartsOf(picture: Picture, ino: number, to: Set<string>): void {
  for (const { id, ino: of } of picture.mappings.values()) if (of === ino) to.add(id);
  for (const { id, ino: of } of picture.pins.values()) if (of === ino) to.add(id);
  for (const { id, sleepingOn } of picture.operations.values())
    if (sleepingOn?.ino === ino) to.add(id);
}

/** The pins that hold a reference to the frame. */
export function pinsOf(picture: Picture, pfn: number): string[] {
  const holds = ({ runs }: { runs: { pfn: number | null; pages: number }[] }) =>
    runs.some((run) => run.pfn !== null && pfn >= run.pfn && pfn < run.pfn + run.pages);
  return [...picture.pins.values()].filter(holds).map(({ id }) => id);
}
