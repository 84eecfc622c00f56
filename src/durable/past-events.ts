// The newest events of a replay, from which the event rings go on.
import type { Order } from '../journal/store.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { type Batch, bytesOf, type EventBudget, leastBytes } from './event-batch.ts';

/** The events of one command, and where in the order of the whole server it was applied. */
export interface PastBatch extends Order {
  batch: Batch;
}

export interface EventLimits {
  /** Events that are worth keeping, of one filesystem. */
  eventsMax: number;
  /** Bytes that they may take, of one filesystem. */
  bytesMax: number;
  /** The same of all filesystems together. */
  budget: EventBudget;
}

export class PastEvents {
  batches: PastBatch[] = [];
  /** The place of the last batch that was forgotten. */
  since: Order | null = null;
  readonly #tenant: string;
  readonly #filesystem: string;
  readonly #limits: EventLimits;
  /** Events with smaller numbers are not even held for a while. */
  readonly #from: number;
  #events = 0;
  #bytes = 0;

  /** `eventsAtLeast` is how many events the replay will bring, as far as that is known. */
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

  /** `eventSeq` is the number of the last of them. */
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
    // Now and then, so that each batch is moved a few times at most.
    if (this.#events >= 3 * eventsMax || this.#bytes > 2 * bytesMax) this.#forget(bytesMax);
    else if (budget.used > budget.max() && this.#bytes > leastBytes) this.#forget(this.#bytes / 2);
  }

  /** Of a replay that failed nothing is held, so the others may use its part of the budget. */
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
