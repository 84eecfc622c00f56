// A cursor is the id of the last event that a reader has: reading goes on behind it. Sequence 0 is before the first event.

export interface Cursor {
  epoch: string;
  seq: number;
}

export const cursorOf = (epoch: string, seq: number): string => `${epoch}.${seq}`;

export const cursorForm = /^([0-9A-Za-z]{1,64})\.(0|[1-9]\d{0,14})$/;

export function parseCursor(text: string): Cursor | null {
  const [, epoch, seq] = cursorForm.exec(text) ?? [];
  return epoch === undefined ? null : { epoch, seq: Number(seq) };
}
