// The bytes of reads that ended when their caller had gone with a 202. The machine keeps the record
// of such an operation without them, so they are kept here, beside it: a bounded number of bytes a
// filesystem, the oldest read goes first, and none outlives its record. They are not in a snapshot:
// after a restart those are there again whose read is done again from the journal.
import type { Effects, Kernel } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';

export class KeptReads {
  /** In the order in which they ended, which is that of the records. */
  readonly #byTask = new Map<TaskId, Uint8Array>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Call it after each entry with what that ended. */
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
