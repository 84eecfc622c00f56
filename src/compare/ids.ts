// The ids of mappings, pins and operations in runs of the same commands under other strategies.
// An id counts what was made before it, so where a pin fails, later pins have other numbers. The
// commands name the ids of the reference run; each run translates them to its own.
import type { Kernel, Reply, Target } from '../kernel/state.ts';
import { type Numbered, numberOf, type TaskId } from '../kernel/units.ts';

/** An id that no object has. */
const nobody = 10 ** 15 - 1;

const kinds = ['mapping', 'pin', 'operation'] as const satisfies readonly Numbered[];

/** What each command of a run has made: numbers by the index of the command. */
export class Made {
  /** The first numbers that the commands can make; smaller ones existed before. */
  readonly #first: Record<Numbered, number>;
  readonly #numbers: Record<Numbered, Map<number, number>>;
  readonly #makers: Record<Numbered, Map<number, number>>;

  constructor(k: Kernel) {
    this.#first = { mapping: k.nextMapping, pin: k.nextPin, operation: k.nextTask };
    this.#numbers = { mapping: new Map(), pin: new Map(), operation: new Map() };
    this.#makers = { mapping: new Map(), pin: new Map(), operation: new Map() };
  }

  #note(kind: Numbered, index: number, number: number): void {
    // unpin and munmap answer with the id too, but they have made nothing.
    if (this.#makers[kind].has(number)) return;
    this.#numbers[kind].set(index, number);
    this.#makers[kind].set(number, index);
  }

  began(k: Kernel, index: number, task: number): void {
    this.#note('operation', index, task);
    this.#notePin(k, task);
  }

  /** get_user_pages has its pin before it ends, and a device may already be refused by its id. */
  #notePin(k: Kernel, task: number): void {
    const index = this.#makers.operation.get(task);
    const pin = k.tasks.get(task as TaskId)?.pin ?? 0;
    if (index !== undefined && pin >= this.#first.pin) this.#note('pin', index, pin);
  }

  ended({ task, outcome }: Reply): void {
    const index = this.#makers.operation.get(task);
    if (index === undefined || !outcome.ok) return;
    const { id } = outcome.result as { id?: unknown };
    for (const kind of ['mapping', 'pin'] as const) {
      const number = typeof id === 'string' ? numberOf(kind, id) : null;
      if (number !== null && number >= this.#first[kind]) this.#note(kind, index, number);
    }
  }

  indexOf(kind: Numbered, number: number): number | undefined {
    return this.#makers[kind].get(number);
  }

  numberAt(kind: Numbered, index: number): number | undefined {
    return this.#numbers[kind].get(index);
  }

  /** The number in this run of what has `number` in the reference run. */
  numberFor(reference: Made, kind: Numbered, number: number): number {
    if (number < this.#first[kind]) return number;
    const index = reference.indexOf(kind, number);
    return (index === undefined ? undefined : this.numberAt(kind, index)) ?? nobody;
  }

  /** The pin that a command of this run has made. */
  pinMadeAt(index: number): Target {
    return { pin: this.numberAt('pin', index) ?? nobody };
  }

  targetFor(reference: Made, target: Target): Target {
    const own: Target = target.file === undefined ? {} : { file: target.file };
    for (const kind of kinds) {
      const number = target[kind];
      if (number !== undefined) own[kind] = this.numberFor(reference, kind, number);
    }
    return own;
  }
}
