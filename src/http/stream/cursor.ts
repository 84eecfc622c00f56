// A cursor is the id of the last event that a reader has seen; reading continues after it. Sequence
// 0 is before the first event.
import type { EventRing } from '../../engine/event-ring.ts';

interface Cursor {
  epoch: string;
  seq: number;
}

export const cursorOf = (epoch: string, seq: number): string => `${epoch}.${seq}`;

export const cursorForm = /^([0-9A-Za-z]{1,64})\.(0|[1-9]\d{0,14})$/;

function parseCursor(text: string): Cursor | null {
  const [, epoch, seq] = cursorForm.exec(text) ?? [];
  return epoch === undefined ? null : { epoch, seq: Number(seq) };
}

/**
 * The sequence number of the next event for `now`, `oldest` or a cursor. Null if that event is no
 * longer stored, or the cursor is of another epoch.
 */
export function placeOf(ring: EventRing, from: string): number | null {
  if (from === 'now') return ring.nextSeq;
  if (from === 'oldest') return ring.oldestSeq;
  const cursor = parseCursor(from);
  if (cursor === null || cursor.epoch !== ring.epoch) return null;
  const next = cursor.seq + 1;
  return next < ring.oldestSeq || next > ring.nextSeq ? null : next;
}

/** The cursor before the oldest event that is stored. */
export const oldestCursor = (ring: EventRing): string => cursorOf(ring.epoch, ring.oldestSeq - 1);
