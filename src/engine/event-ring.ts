// The bounded, resumable log of events of one filesystem or of one tenant. Readers hold a cursor and read; nothing is queued for them.
import type { KernelEvent } from '../kernel/events.ts';

/** One event, shared by the ring of its filesystem and the ring of its tenant. */
export interface EventRecord {
  readonly tenant: string;
  readonly filesystem: string;
  readonly event: KernelEvent;
  /** True on the last event of its command: only there may a reader stop. */
  readonly last: boolean;
  /** A place for whoever serialises it first. */
  json: string | null;
}

export type ReadResult =
  | {
      kind: 'events';
      records: readonly EventRecord[];
      /** The number of the first record in this ring; the next ones follow without a hole. */
      firstSeq: number;
      /** Where to read on. */
      nextSeq: number;
    }
  | { kind: 'gap'; oldestSeq: number };

export class EventRing {
  /** Changes when history is not continued, so that an old cursor is noticed. */
  readonly epoch: string;
  readonly #capacity: number;
  /** The event with number `s` lives at `(s - 1) % capacity`. Grows up to the capacity as events come. */
  readonly #slots: (EventRecord | undefined)[] = [];
  #oldest = 1;
  #next = 1;
  #closed = false;
  #dirty = false;
  readonly #subscribers = new Set<() => void>();

  constructor(epoch: string, capacity: number) {
    this.epoch = epoch;
    this.#capacity = capacity;
  }

  /** The number of the oldest event that can still be read; equal to `nextSeq` when there is none. */
  get oldestSeq(): number {
    return this.#oldest;
  }

  /** The number that the next event will get: reading from here means "from now on". */
  get nextSeq(): number {
    return this.#next;
  }

  /** True when nothing will be added any more: the filesystem is gone. What is there can still be read. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Adds the events of one command. The last record must have `last` set. */
  append(records: readonly EventRecord[]): void {
    const count = records.length;
    if (count === 0) return;
    this.#dirty = true;
    if (count > this.#capacity) {
      // A command is never split, and this one does not fit: readers meet a gap.
      this.#next += count;
      this.#oldest = this.#next;
      this.#slots.length = 0;
      return;
    }
    this.#evict(this.#next + count - this.#capacity);
    for (const record of records) {
      const slot = (this.#next - 1) % this.#capacity;
      if (slot > this.#slots.length) this.#growTo(slot);
      this.#slots[slot] = record;
      this.#next += 1;
    }
  }

  /** Calls the subscribers if something was added since the last call. */
  notify(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    for (const call of this.#subscribers) call();
  }

  /** From `fromSeq` on, whole commands, at least `limit` events if there are so many and at most one command more. */
  read(fromSeq: number, limit: number): ReadResult {
    if (fromSeq < this.#oldest || fromSeq > this.#next) return { kind: 'gap', oldestSeq: this.#oldest };
    const records: EventRecord[] = [];
    let seq = fromSeq;
    while (seq < this.#next) {
      const record = this.#slots[(seq - 1) % this.#capacity] as EventRecord;
      records.push(record);
      seq += 1;
      if (records.length >= limit && record.last) break;
    }
    return { kind: 'events', records, firstSeq: fromSeq, nextSeq: seq };
  }

  /** `call` is cheap and synchronous: it says that there is more, or that the ring was closed. Gives back the way to stop it. */
  subscribe(call: () => void): () => void {
    this.#subscribers.add(call);
    return () => this.#subscribers.delete(call);
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  close(): void {
    this.#closed = true;
    this.#dirty = true;
    this.notify();
  }

  /** Forgets whole commands until the oldest number is at least `seq`. */
  #evict(seq: number): void {
    while (this.#oldest < seq && this.#oldest < this.#next) {
      let record: EventRecord | undefined;
      do {
        const slot = (this.#oldest - 1) % this.#capacity;
        record = this.#slots[slot];
        this.#slots[slot] = undefined;
        this.#oldest += 1;
      } while (record !== undefined && !record.last);
    }
  }

  #growTo(length: number): void {
    // Only after the ring was emptied by an oversized command; keeps the array dense.
    while (this.#slots.length < length) this.#slots.push(undefined);
  }
}
