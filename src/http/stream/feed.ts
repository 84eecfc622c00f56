// The readers of one log. Readers at the same position with the same filter share their frames.
import type { EventRing } from '../../engine/event-ring.ts';
import { cursorOf } from './cursor.ts';
import type { Encoding } from './encoding.ts';
import { envelope } from './envelope.ts';
import { type Filter, shows } from './filter.ts';

export interface FrameLimits {
  eventsMax: number;
  bytesMax: number;
}

export interface Frame {
  /**
   * The frames of whole commands, in the form of the wire. Empty if the filter hides all events
   * that were read.
   */
  messages: readonly Buffer[];
  bytes: number;
  events: number;
  /** The sequence number of the next event to read. */
  nextSeq: number;
}

/** The encoding and the filter of a subscription. */
export interface FrameStyle {
  key: string;
  id: string;
  encoding: Encoding;
  filter: Filter | null;
}

/** How many frames are cached: enough for readers at different positions in one slice. */
const cachedMax = 64;
const stylesMax = 64;

export class Feed<Reader, Subscription> {
  readonly ring: EventRing;
  readonly readers = new Set<Reader>();
  /** The subscriptions of all clients of this log. */
  readonly subscriptions = new Set<Subscription>();
  readonly #limits: FrameLimits;
  /** Cached frames, by the position of the first event, then by style. */
  readonly #frames = new Map<number, Map<string, Frame>>();
  #cached = 0;
  readonly #styles = new Map<string, FrameStyle>();
  /** The frame of the last reader. The next reader is mostly at the same position. */
  #last: { fromSeq: number; style: FrameStyle; frame: Frame } | null = null;

  constructor(ring: EventRing, limits: FrameLimits) {
    this.ring = ring;
    this.#limits = limits;
  }

  /** Returns the same object for equal styles, unless the cache was cleared since. */
  style(id: string, encoding: Encoding, filter: Filter | null): FrameStyle {
    const key = JSON.stringify([encoding.key, id, filter?.key]);
    let style = this.#styles.get(key);
    if (style === undefined) {
      if (this.#styles.size >= stylesMax) this.#styles.clear();
      style = { key, id, encoding, filter };
      this.#styles.set(key, style);
    }
    return style;
  }

  /**
   * The next frame of a reader at `fromSeq`; null if its events are no longer stored. There must be
   * something to read.
   */
  frame(fromSeq: number, style: FrameStyle): Frame | null {
    const last = this.#last;
    if (last !== null && last.fromSeq === fromSeq && last.style === style) return last.frame;
    const frame = this.#frame(fromSeq, style);
    if (frame !== null) this.#last = { fromSeq, style, frame };
    return frame;
  }

  #frame(fromSeq: number, style: FrameStyle): Frame | null {
    if (fromSeq < this.ring.oldestSeq || fromSeq > this.ring.nextSeq) return null;
    let here = this.#frames.get(fromSeq);
    const known = here?.get(style.key);
    if (known !== undefined) return known;
    const frame = this.#build(fromSeq, style);
    if (frame === null) return null;
    if (this.#cached >= cachedMax) {
      this.forgetFrames();
      here = undefined;
    }
    if (here === undefined) {
      here = new Map();
      this.#frames.set(fromSeq, here);
    }
    here.set(style.key, frame);
    this.#cached += 1;
    return frame;
  }

  /** Cached frames never become wrong; they are dropped to free memory. */
  forgetFrames(): void {
    this.#frames.clear();
    this.#cached = 0;
    this.#last = null;
  }

  #build(fromSeq: number, { id, encoding, filter }: FrameStyle): Frame | null {
    const { ring } = this;
    const { eventsMax, bytesMax } = this.#limits;
    const read = ring.read(fromSeq, eventsMax);
    if (read.kind === 'gap') return null;
    const parts: string[] = [];
    let bytes = 0;
    let seq = read.firstSeq;
    for (const record of read.records) {
      if (filter === null || shows(filter, record.event)) {
        const part = envelope(record, ring.epoch, seq);
        parts.push(part);
        bytes += part.length;
      }
      seq += 1;
      // A frame ends only between two commands.
      if (bytes >= bytesMax && record.last) break;
    }
    if (parts.length === 0) return { messages: [], bytes: 0, events: 0, nextSeq: seq };
    const messages = encoding.events(id, cursorOf(ring.epoch, seq - 1), parts).map(encoding.pack);
    const total = messages.reduce((sum, { length }) => sum + length, 0);
    return { messages, bytes: total, events: parts.length, nextSeq: seq };
  }
}
