// The event log of one filesystem or of one tenant, with a bounded size. Readers hold a cursor and
// read from there; the ring has no queue for each reader.
import { type Batch, bytesOf, type EventBudget, leastBytes } from '../durable/event-batch.ts';
import type { StreamEvent } from '../durable/lab-events.ts';

/** How many bytes one ring may use. */
export interface RingBytes {
  max: number;
  budget: EventBudget;
  /** Called with every change of its size in bytes, if that is not counted elsewhere. */
  onBytes?(delta: number): void;
}

/** One event as a reader sees it. */
export class EventRecord {
  readonly #batch: Batch;
  readonly #index: number;

  constructor(batch: Batch, index: number) {
    this.#batch = batch;
    this.#index = index;
  }

  get tenant(): string {
    return this.#batch.tenant;
  }

  get filesystem(): string {
    return this.#batch.filesystem;
  }

  get event(): StreamEvent {
    return this.#batch.events[this.#index] as StreamEvent;
  }

  /** True on the last event of its command. A message may end only there. */
  get last(): boolean {
    return this.#index === this.#batch.events.length - 1;
  }

  /**
   * The serialised event. The first reader stores it here, and all other readers of both rings
   * reuse it.
   */
  get json(): string | null {
    return this.#batch.json?.[this.#index] ?? null;
  }

  set json(text: string) {
    this.#batch.json ??= new Array<string | null>(this.#batch.events.length).fill(null);
    this.#batch.json[this.#index] = text;
  }
}

/**
 * A filesystem of a tenant that has stopped, and the position in the tenant's log at which it
 * stopped.
 */
export interface Stop {
  readonly filesystem: string;
  readonly seq: number;
}

export type ReadResult =
  | {
      kind: 'events';
      records: readonly EventRecord[];
      /** The number of the first record; the others have the next numbers, without a gap. */
      firstSeq: number;
      /** Where reading continues. */
      nextSeq: number;
    }
  | { kind: 'gap'; oldestSeq: number };

const smallest = 16;
const unlimited: RingBytes = {
  max: Number.POSITIVE_INFINITY,
  budget: { used: 0, max: () => Number.POSITIVE_INFINITY },
};

export class EventRing {
  /**
   * Identifies one continuous history. After a break the ring gets a new epoch, so that old cursors
   * are rejected.
   */
  readonly epoch: string;
  readonly #capacity: number;
  // Three circular arrays of the same size, a power of two: each batch, the number of its first
  // event, and its bytes.
  #batches: (Batch | undefined)[] = new Array(smallest).fill(undefined);
  #firsts: number[] = new Array(smallest).fill(0);
  #sizes: number[] = new Array(smallest).fill(0);
  #bytes = 0;
  readonly #limit: RingBytes;
  #head = 0;
  #count = 0;
  #oldest: number;
  #next: number;
  #closed = false;
  #stopped = false;
  #moved = false;
  #unreadable = false;
  #stops: readonly Stop[] = [];
  #dirty = false;
  readonly #subscribers = new Set<() => void>();

  /** `capacity` is in events; `next` is the number of the first event. */
  constructor(epoch: string, capacity: number, next = 1, limit: RingBytes = unlimited) {
    this.epoch = epoch;
    this.#limit = limit;
    this.#capacity = capacity;
    this.#oldest = next;
    this.#next = next;
  }

  /**
   * The ring of a filesystem whose journal could not be read. Nobody may read it, because it is
   * unknown which cursors are valid.
   */
  static unreadable(epoch: string): EventRing {
    const ring = new EventRing(epoch, 0);
    ring.#unreadable = true;
    ring.stop();
    return ring;
  }

  /** The cursor of an event: the id under which a reader has seen it. */
  cursorAt(seq: number): string {
    return `${this.epoch}.${seq}`;
  }

  get unreadable(): boolean {
    return this.#unreadable;
  }

  /** Bytes that its events take. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The number of the oldest event that can still be read; equal to `nextSeq` when there is none.
   */
  get oldestSeq(): number {
    return this.#oldest;
  }

  /** The number that the next event will get: reading from here means "from now on". */
  get nextSeq(): number {
    return this.#next;
  }

  /**
   * True if no event will be added any more, because the filesystem was removed or has stopped. The
   * stored events can still be read.
   */
  get closed(): boolean {
    return this.#closed;
  }

  /** True if the ring is closed because the filesystem stopped. After a restart it may continue. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** True if the filesystem goes on at another node, under the same epoch and numbers. */
  get moved(): boolean {
    return this.#moved;
  }

  /**
   * Filesystems of the tenant that have stopped. A stop is not an event, because no journal records
   * it. Each change creates a new array, so that readers can compare references.
   */
  get stops(): readonly Stop[] {
    return this.#stops;
  }

  noteStop(filesystem: string): void {
    this.#stops = [...this.#stops, { filesystem, seq: this.#next }];
    this.#dirty = true;
  }

  /** The filesystem was removed, not only stopped. */
  forgetStop(filesystem: string): void {
    if (this.#stops.some((stop) => stop.filesystem === filesystem))
      this.#stops = this.#stops.filter((stop) => stop.filesystem !== filesystem);
  }

  /** Counts events that are not stored. Readers get a gap. */
  skip(count: number): void {
    while (this.#count > 0) this.#forgetOldest();
    this.#next += count;
    this.#oldest = this.#next;
    this.#dirty = true;
  }

  /** Adds the events of one command, and first discards the oldest commands until they fit. */
  append(batch: Batch): void {
    const { length } = batch.events;
    this.#dirty = true;
    const end = this.#next + length;
    const bytes = bytesOf(batch);
    while (this.#count > 0 && (end - this.#oldest > this.#capacity || this.#isOver(bytes)))
      this.#forgetOldest();
    if (length > this.#capacity || bytes > this.#limit.max) {
      // A command is never split. This one does not fit at all, so readers get a gap.
      this.#next = end;
      this.#oldest = end;
      return;
    }
    if (this.#count === this.#batches.length) this.#grow();
    const at = (this.#head + this.#count) & (this.#batches.length - 1);
    this.#batches[at] = batch;
    this.#firsts[at] = this.#next;
    this.#sizes[at] = bytes;
    this.#take(bytes);
    this.#count += 1;
    this.#next = end;
  }

  /** Calls the subscribers if events were added since the last call. */
  notify(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    for (const call of this.#subscribers) call();
  }

  /**
   * Reads whole commands from `fromSeq` on, until at least `limit` events are read or none is left.
   */
  read(fromSeq: number, limit: number): ReadResult {
    if (fromSeq < this.#oldest || fromSeq > this.#next)
      return { kind: 'gap', oldestSeq: this.#oldest };
    const records: EventRecord[] = [];
    const mask = this.#batches.length - 1;
    let seq = fromSeq;
    for (let i = this.#find(fromSeq); i < this.#count && records.length < limit; i += 1) {
      const at = (this.#head + i) & mask;
      const batch = this.#batches[at] as Batch;
      const from = seq - (this.#firsts[at] as number);
      for (let index = from; index < batch.events.length; index += 1)
        records.push(new EventRecord(batch, index));
      seq += batch.events.length - from;
    }
    return { kind: 'events', records, firstSeq: fromSeq, nextSeq: seq };
  }

  /**
   * `call` is called when there are new events or the ring was closed; it must be cheap and
   * synchronous. Returns a function that unsubscribes.
   */
  subscribe(call: () => void): () => void {
    this.#subscribers.add(call);
    return () => this.#subscribers.delete(call);
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  #isOver(more: number): boolean {
    const { max, budget } = this.#limit;
    const bytes = this.#bytes + more;
    return bytes > max || (bytes > leastBytes && budget.used + more > budget.max());
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    this.#limit.budget.used += bytes;
    this.#limit.onBytes?.(bytes);
  }

  /** No longer counts its memory, because its filesystem or tenant was removed. */
  drop(): void {
    this.#take(-this.#bytes);
  }

  close(): void {
    this.#closed = true;
    this.#dirty = true;
    this.notify();
  }

  stop(): void {
    this.#stopped = true;
    this.close();
  }

  move(): void {
    this.#moved = true;
    this.close();
  }

  #forgetOldest(): void {
    const batch = this.#batches[this.#head] as Batch;
    this.#batches[this.#head] = undefined;
    this.#take(-(this.#sizes[this.#head] as number));
    this.#head = (this.#head + 1) & (this.#batches.length - 1);
    this.#count -= 1;
    this.#oldest += batch.events.length;
  }

  /**
   * The index of the batch that contains `seq`, counted from the head; the number of batches if
   * `seq` is not there yet.
   */
  #find(seq: number): number {
    const mask = this.#batches.length - 1;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = (this.#head + middle) & mask;
      const end = (this.#firsts[at] as number) + (this.#batches[at] as Batch).events.length;
      if (end <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const order = (i: number) => (this.#head + i) & (this.#batches.length - 1);
    const batches = Array.from({ length: this.#count }, (_, i) => this.#batches[order(i)]);
    const firsts = Array.from({ length: this.#count }, (_, i) => this.#firsts[order(i)] as number);
    const sizes = Array.from({ length: this.#count }, (_, i) => this.#sizes[order(i)] as number);
    this.#batches = [...batches, ...new Array<undefined>(this.#count).fill(undefined)];
    this.#firsts = [...firsts, ...new Array<number>(this.#count).fill(0)];
    this.#sizes = [...sizes, ...new Array<number>(this.#count).fill(0)];
    this.#head = 0;
  }
}
