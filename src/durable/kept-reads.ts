// The bytes of reads that ended after their caller had got a 202. The machine stores the record of
// such an operation without its bytes, so they are stored here. Their total is limited for each
// filesystem; the oldest are discarded first, and none stays longer than its record. A snapshot
// does not contain them, so after a restart only reads that are replayed have their bytes.
import type { Effects, Kernel } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';

export class KeptReads {
  /** In the order in which the reads ended, which is also the order of the records. */
  readonly #byTask = new Map<TaskId, Uint8Array>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Call it after each entry with the operations that it ended. */
  keep({ ended }: Kernel, replies: Effects['replies']): void {
    for (const { task, outcome } of replies) {
      if (!outcome.ok) continue;
      const { data } = (outcome.result ?? {}) as { data?: unknown };
      if (!(data instanceof Uint8Array) || !ended.has(task) || data.length > this.#bytesMax)
        continue;
      this.#byTask.set(task, data);
      this.#bytes += data.length;
      for (const [old, { length }] of this.#byTask) {
        if (this.#bytes <= this.#bytesMax && ended.has(old)) break;
        this.#byTask.delete(old);
        this.#bytes -= length;
      }
    }
  }

  clear(): void {
    this.#byTask.clear();
    this.#bytes = 0;
  }

  of(task: number): Uint8Array | undefined {
    return this.#byTask.get(task as TaskId);
  }
}
