// The entries with which an opened bundle begins, applied while they are written to the log.
import { digestOf } from '../durable/digest.ts';
import type { Beginning, LoggedEntry } from '../durable/log.ts';
import { Slice, servingSliceMs } from '../durable/slice.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { apply } from '../kernel/kernel.ts';
import type { Kernel } from '../kernel/state.ts';

export class History {
  readonly #kernel: Kernel;
  readonly #eventsMax: number;
  /** The newest events, those of one entry together. */
  events: (readonly KernelEvent[])[] = [];
  /** Events before them. */
  dropped = 0;
  /** The digest of the results of all entries. */
  digest = 0;
  #count = 0;

  constructor(kernel: Kernel, eventsMax: number) {
    this.#kernel = kernel;
    this.#eventsMax = eventsMax;
  }

  async *run(
    batches: AsyncIterable<readonly LoggedEntry[]>,
  ): Beginning['history'] & AsyncGenerator {
    const slice = new Slice(servingSliceMs);
    for await (const entries of batches) {
      if (entries.length === 0) continue;
      yield { entries, before: { digest: this.digest, eventSeq: this.#kernel.eventSeq } };
      for (const entry of entries) {
        if (slice.isOver) await slice.rest();
        const effects = apply(this.#kernel, entry);
        this.digest = digestOf(this.digest, this.#kernel, effects);
        this.#add(effects.events);
      }
    }
  }

  #add(events: readonly KernelEvent[]): void {
    if (events.length === 0) return;
    this.events.push(events);
    this.#count += events.length;
    if (this.#count < 2 * this.#eventsMax) return;
    let first = 0;
    for (; this.#count > this.#eventsMax; first += 1) {
      const { length } = this.events[first] as readonly KernelEvent[];
      this.#count -= length;
      this.dropped += length;
    }
    this.events = this.events.slice(first);
  }
}
