// The events that the page has received, newest last: a ring, because a page may stay open for days.
import type { PinholeEvent } from 'pinhole/client';

/** About 10 MB of events. */
const logMax = 20_000;

/** A place in the log where the server no longer had the events. */
export interface Gap {
  cursor: string;
  oldest: string;
  /** The position in the log at which it is shown: before this event. */
  before: number;
}

export class EventLog {
  #events: PinholeEvent[] = [];
  #dropped = 0;
  readonly gaps: Gap[] = [];

  push(event: PinholeEvent): void {
    this.#events.push(event);
    // In one cut of many, because a shift for each event would move the whole array.
    if (this.#events.length < 1.25 * logMax) return;
    const tooMany = this.#events.length - logMax;
    this.#events = this.#events.slice(tooMany);
    this.#dropped += tooMany;
  }

  addGap(gap: Omit<Gap, 'before'>): void {
    this.gaps.push({ ...gap, before: this.received });
  }

  /** How many events were received in all. */
  get received(): number {
    return this.#dropped + this.#events.length;
  }

  /** How many of them the page has forgotten. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The events from the position on, at most as far back as they are kept. */
  since(position: number): readonly PinholeEvent[] {
    return this.#events.slice(Math.max(0, position - this.#dropped));
  }

  get events(): readonly PinholeEvent[] {
    return this.#events;
  }
}
