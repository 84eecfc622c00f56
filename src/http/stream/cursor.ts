// A cursor is the id of the last event that a reader has seen; reading continues after it. Sequence
// 0 is before the first event.
import { z } from 'zod';
import type { EventRing } from '../../engine/event-ring.ts';

interface Cursor {
  epoch: string;
  seq: number;
}

export const cursorOf = (epoch: string, seq: number): string => `${epoch}.${seq}`;

/**
 * The position of a state that is read now. Events are in the ring as soon as they are applied, so
 * those after this cursor are exactly those that the state does not show yet.
 */
export const cursorNow = (ring: EventRing): string => cursorOf(ring.epoch, ring.nextSeq - 1);

export const zCursor = z
  .string()
  .describe(
    'The position in the event stream at which the answer was true. The events after it, read ' +
      'with `from`, are exactly those that the answer does not show yet.',
  );

export const cursorForm = /^([0-9A-Za-z]{1,64})\.(0|[1-9]\d{0,14})$/;

export function parseCursor(text: string): Cursor | null {
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
