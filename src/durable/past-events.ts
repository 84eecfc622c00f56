// The newest events of a replay. The event rings continue from them.
import type { Order } from '../journal/store.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { type Batch, bytesOf, type EventBudget, leastBytes } from './event-batch.ts';

/** The events of one command, and the position of its batch in the order of the whole server. */
export interface PastBatch extends Order {
  batch: Batch;
}

export interface EventLimits {
  /** How many events of one filesystem are stored. */
  eventsMax: number;
  /** How many bytes they may use, for one filesystem. */
  bytesMax: number;
  /** The same for all filesystems together. */
  budget: EventBudget;
}

export class PastEvents {
  batches: PastBatch[] = [];
  /** The position of the last batch that was discarded. */
  since: Order | null = null;
  readonly #tenant: string;
  readonly #filesystem: string;
  readonly #limits: EventLimits;
  /** Events with smaller numbers are not stored at all, because later ones would replace them. */
  readonly #from: number;
  #events = 0;
  #bytes = 0;

  /** `eventsAtLeast` is a lower bound of the number of the last event of the replay. */
  constructor(
    names: { tenant: string; filesystem: string },
    limits: EventLimits,
    eventsAtLeast: number,
  ) {
    this.#tenant = names.tenant;
    this.#filesystem = names.filesystem;
    this.#limits = limits;
    this.#from = eventsAtLeast - limits.eventsMax;
  }

  /** `eventSeq` is the number of the last event. */
  add({ group, position }: Order, events: readonly KernelEvent[], eventSeq: number): void {
    if (events.length === 0) return;
    if (eventSeq < this.#from) {
      this.since = { group, position };
      return;
    }
    const batch: Batch = { tenant: this.#tenant, filesystem: this.#filesystem, events, json: null };
    this.batches.push({ group, position, batch });
    this.#events += events.length;
    this.#count(bytesOf(batch));
    const { eventsMax, bytesMax, budget } = this.#limits;
    // Not after every batch, so that each batch is moved only a few times.
    if (this.#events >= 3 * eventsMax || this.#bytes > 2 * bytesMax) this.#forget(bytesMax);
    else if (budget.used > budget.max() && this.#bytes > leastBytes) this.#forget(this.#bytes / 2);
  }

  /**
   * Discards the events of a replay that failed, so that other filesystems can use its part of the
   * budget.
   */
  release(): void {
    this.batches = [];
    this.#events = 0;
    this.#count(-this.#bytes);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#limits.budget.used += bytes;
  }

  #forget(bytesMax: number): void {
    let count = 0;
    for (const { group, position, batch } of this.batches) {
      const { length } = batch.events;
      if (this.#events - length < this.#limits.eventsMax && this.#bytes <= bytesMax) break;
      this.#events -= length;
      this.#count(-bytesOf(batch));
      this.since = { group, position };
      count += 1;
    }
    this.batches = this.batches.slice(count);
  }
}
