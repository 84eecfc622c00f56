// The events that a list has, in order, and the holes between them: events that the page has not
// read, or that the server no longer keeps. Pure, so that its tests need no browser.
import type { PinholeEvent } from 'pinhole/client';
import { sentenceText } from './sentence.ts';

export interface Hole {
  hole: true;
  epoch: string;
  /** The first and the last missing event, by their numbers. */
  from: number;
  to: number;
  /** No longer kept by the server; otherwise the page has only not read them. */
  lost: boolean;
}
export type Row = PinholeEvent | Hole;
export const isHole = (row: Row): row is Hole => 'hole' in row;

export interface EventFilter {
  /** A type without `pinhole.`, or a family: `page.*`. */
  type: string | null;
  file: string | null;
  /** The name or the id of an operation. */
  op: string | null;
  text: string | null;
}

export const seqOf = (cursor: string): number => Number(cursor.slice(cursor.lastIndexOf('.') + 1));
export const typeOf = ({ type }: PinholeEvent): string => type.slice('pinhole.'.length);
const subjectOf = ({ subject = '' }: PinholeEvent): string =>
  subject.slice(subject.indexOf('/') + 1);

function passes(event: PinholeEvent, { type, file, op, text }: EventFilter): boolean {
  if (type !== null) {
    const own = typeOf(event);
    if (type.endsWith('.*') ? !own.startsWith(type.slice(0, -1)) : own !== type) return false;
  }
  if (file !== null && subjectOf(event) !== file) return false;
  if (op !== null && event.operation !== op && event.op !== op) return false;
  if (text === null) return true;
  const wanted = text.toLowerCase();
  return (
    JSON.stringify(event).toLowerCase().includes(wanted) ||
    sentenceText(event).toLowerCase().includes(wanted)
  );
}

/** More would be about 12 MB; the oldest quarter is dropped at once. */
export const keptMax = 25_000;

export class EventRows {
  #all: PinholeEvent[] = [];
  #rows: Row[] = [];
  #shown = 0;
  #filter: EventFilter;
  /** Where the page began to listen; events up to there are read only on request. */
  #begin: { epoch: string; seq: number } | null = null;
  /** Ranges that the server no longer has, by epoch. */
  readonly #lost: { epoch: string; from: number; to: number }[] = [];

  constructor(filter: EventFilter) {
    this.#filter = filter;
  }

  /** How many events pass the filter. */
  get shown(): number {
    return this.#shown;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  get events(): readonly PinholeEvent[] {
    return this.#all;
  }

  setFilter(filter: EventFilter): void {
    this.#filter = filter;
    this.#rebuild();
  }

  beginAfter(cursor: string): void {
    this.#begin = { epoch: cursor.slice(0, cursor.lastIndexOf('.')), seq: seqOf(cursor) };
    this.#rebuild();
  }

  /** Returns how many rows were dropped at the beginning. */
  append(events: readonly PinholeEvent[]): number {
    const before = this.#all.at(-1);
    const hasEndHole = before === undefined || before.seq < (this.#begin?.seq ?? 0);
    for (const event of events) {
      const last = this.#all.at(-1);
      if (last?.epoch === event.epoch && event.seq <= last.seq) continue;
      this.#rows.push(...this.#holesBetween(last, event));
      this.#all.push(event);
      this.#show(event);
    }
    if (hasEndHole && events.length > 0) this.#rebuild();
    if (this.#all.length <= keptMax) return 0;
    const rows = this.#rows.length;
    this.#all = this.#all.slice(keptMax / 4);
    this.#rebuild();
    return rows - this.#rows.length;
  }

  /** Adds events that were read later, in their places. */
  insert(events: readonly PinholeEvent[]): void {
    const known = new Set(this.#all.map(({ id }) => id));
    const news = events.filter(({ id }) => !known.has(id));
    const [first] = news;
    if (first === undefined) return;
    const epochs = [...new Set(this.#all.map(({ epoch }) => epoch))];
    if (!epochs.includes(first.epoch)) epochs.unshift(first.epoch);
    this.#all = [...this.#all, ...news].sort(
      (a, b) => epochs.indexOf(a.epoch) - epochs.indexOf(b.epoch) || a.seq - b.seq,
    );
    this.#rebuild();
  }

  /** The server no longer has the events of this range. */
  lose(epoch: string, from: number, to: number): void {
    if (from > to) return;
    this.#lost.push({ epoch, from, to });
    this.#rebuild();
  }

  /** The row of the event, or the one before which it would stand. */
  indexOf(seq: number): number {
    const at = this.#rows.findIndex((row) => (isHole(row) ? row.to : row.seq) >= seq);
    return at === -1 ? this.#rows.length - 1 : at;
  }

  #show(event: PinholeEvent): void {
    if (!passes(event, this.#filter)) return;
    this.#rows.push(event);
    this.#shown += 1;
  }

  #rebuild(): void {
    this.#rows = [];
    this.#shown = 0;
    let last: PinholeEvent | undefined;
    for (const event of this.#all) {
      this.#rows.push(...this.#holesBetween(last, event));
      this.#show(event);
      last = event;
    }
    if (this.#begin === null || (last !== undefined && last.epoch !== this.#begin.epoch)) return;
    this.#rows.push(...this.#split(this.#begin.epoch, (last?.seq ?? 0) + 1, this.#begin.seq));
  }

  /** Before the first event everything from 1 on is missing. */
  #holesBetween(last: PinholeEvent | undefined, { epoch, seq }: PinholeEvent): Hole[] {
    // Another epoch is another history; nothing is known about what is between the two.
    if (last !== undefined && last.epoch !== epoch) return [];
    return this.#split(epoch, (last?.seq ?? 0) + 1, seq - 1);
  }

  /** The range as holes: what is lost, and what was only not read. */
  #split(epoch: string, from: number, to: number): Hole[] {
    const holes: Hole[] = [];
    const add = (first: number, last: number, lost: boolean) => {
      if (first <= last) holes.push({ hole: true, epoch, from: first, to: last, lost });
    };
    let at = from;
    for (const lost of [...this.#lost].sort((a, b) => a.from - b.from)) {
      if (lost.epoch !== epoch || lost.to < at || lost.from > to) continue;
      add(at, lost.from - 1, false);
      add(Math.max(at, lost.from), Math.min(to, lost.to), true);
      at = Math.max(at, lost.to + 1);
    }
    add(at, to, false);
    return holes;
  }
}
