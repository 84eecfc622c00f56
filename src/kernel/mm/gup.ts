// get_user_pages and its opposite. A pin names frames, not "file F at offset O", so a change of the
// layout cannot redirect it. That is the conflict that Pinhole simulates.
import { emit, fileOfEvent } from '../emit.ts';
import { type EventData, listedMax } from '../events.ts';
import { assert } from '../panic.ts';
import { removeTimer } from '../sched/timers.ts';
import type { Kernel, Pin, Task } from '../state.ts';
import { byteOf, type Pfn, type PgOff, type PinId, pageSize, pinId, toPgOff } from '../units.ts';
import { getAnon, isAnon, putAnon } from './anon.ts';
import { getPage, putPage } from './page.ts';

/**
 * Adds the next page to a pin. Only a frame of the device gets a record in `holders`, because
 * nobody can wait for the zero page or for an anonymous page.
 */
export function pinPage(k: Kernel, pin: Pin, pfn: Pfn): void {
  // Most pins have one page: a literal has room for it, a push would make room for seventeen.
  if (pin.pfns.length === 0) pin.pfns = [pfn];
  else pin.pfns.push(pfn);
  if (isAnon(pfn)) getAnon(k, pfn);
  if (pfn < 0) return;
  getPage(k, pfn);
  const held = k.holders.get(pfn);
  if (held === undefined) k.holders.set(pfn, pin.id);
  else if (typeof held === 'number') k.holders.set(pfn, [held, pin.id]);
  else held.push(pin.id);
}

function dropHolder(k: Kernel, pfn: Pfn, id: PinId): void {
  const held = k.holders.get(pfn);
  if (held === id) {
    k.holders.delete(pfn);
    return;
  }
  assert(Array.isArray(held), 'a pinned frame knows its holders');
  held.splice(held.indexOf(id), 1);
  if (held.length === 1) k.holders.set(pfn, held[0] as PinId);
}

/**
 * The file page of the frame when it was pinned; null if only another frame of its folio is pinned.
 */
export function pinnedAs(k: Kernel, pfn: Pfn): PgOff | null {
  const held = k.holders.get(pfn);
  const pin =
    held === undefined ? undefined : k.pins.get(Array.isArray(held) ? (held[0] as PinId) : held);
  return pin === undefined ? null : toPgOff(pin.first + pin.pfns.indexOf(pfn));
}

/** Records a new pin, which has no page yet. */
export function beginPin(k: Kernel, pin: Pin): void {
  k.pins.set(pin.id, pin);
  k.counts.pins += 1;
  countOwner(k, pin, 1);
}

function countOwner(k: Kernel, { owner }: Pin, delta: number): void {
  if (owner === null) return;
  const pins = (k.pinsOf.get(owner) ?? 0) + delta;
  if (pins === 0) k.pinsOf.delete(owner);
  else k.pinsOf.set(owner, pins);
}

/** Lists the frames of a pin as runs in the data of an event about it. */
function withRuns<Data extends Pick<EventData<'page.pinned'>, 'runs' | 'more'>>(
  data: Data,
  pfns: readonly number[],
): Data {
  for (let at = 0; at < pfns.length; ) {
    if (data.runs.length === listedMax) {
      data.more = true;
      break;
    }
    const pfn = pfns[at] as number;
    let pages = 1;
    if (pfn < 0) while ((pfns[at + pages] ?? 0) < 0) pages += 1;
    else while (pfns[at + pages] === pfn + pages) pages += 1;
    const run = { pfn: pfn < 0 ? null : pfn, pages };
    if (at === 0) data.runs = [run];
    else data.runs.push(run);
    at += pages;
  }
  return data;
}

/** Call this when a pin has all its pages and get_user_pages returns. */
export function recordPin(k: Kernel, pin: Pin): void {
  pin.task = 0;
  k.counts.pinsAcquired += pin.pfns.length;
  emit(k, 'page.pinned', fileOfEvent(k, pin.ino), aboutPin(pin));
}

/**
 * Tells which pages an unfinished get_user_pages holds, so that a picture shows who has the page
 * that another task waits for.
 */
export function tellCollected(k: Kernel, { id, pin: pinned }: Task): void {
  const pin = pinned === 0 ? undefined : k.pins.get(pinned);
  if (pin?.task !== id || pin.pfns.length === 0) return;
  emit(k, 'page.collected', fileOfEvent(k, pin.ino), aboutPin(pin));
}

/** How many pages an unfinished get_user_pages holds. */
export function pagesCollected(k: Kernel, { id, pin: pinned }: Task): number {
  const pin = pinned === 0 ? undefined : k.pins.get(pinned);
  return pin?.task === id ? pin.pfns.length : 0;
}

function aboutPin(pin: Pin): EventData<'page.pinned'> {
  const data = {
    pin: pinId(pin.id),
    owner: pin.owner,
    kind: pin.kind,
    offset: byteOf(pin.first),
    length: pin.pfns.length * pageSize,
    pages: pin.pfns.length,
    access: pin.access,
    runs: [],
  };
  return withRuns(data, pin.pfns);
}

/**
 * Drops every reference of a pin, in ascending page order, and deletes the pin. Takes no lock,
 * because it may run in interrupt context.
 */
export function releasePin(k: Kernel, pin: Pin): void {
  k.pins.delete(pin.id);
  k.counts.pins -= 1;
  countOwner(k, pin, -1);
  if (pin.untilMs !== 0) removeTimer(k, { atMs: pin.untilMs, kind: 'pin', id: pin.id });
  if (pin.task === 0) {
    k.counts.pinsReleased += pin.pfns.length;
    const data = {
      pin: pinId(pin.id),
      pages: pin.pfns.length,
      heldMs: k.nowMs - pin.createdMs,
      runs: [],
    };
    emit(k, 'page.unpinned', fileOfEvent(k, pin.ino), withRuns(data, pin.pfns));
  } else if (pin.pfns.length > 0) {
    const data = { pin: pinId(pin.id), pages: pin.pfns.length, runs: [] };
    emit(k, 'page.dropped', fileOfEvent(k, pin.ino), withRuns(data, pin.pfns));
  }
  for (const pfn of pin.pfns) {
    if (isAnon(pfn)) putAnon(k, pfn as Pfn);
    if (pfn < 0) continue;
    dropHolder(k, pfn as Pfn, pin.id);
    putPage(k, pfn as Pfn);
  }
}
