// A disk that the test controls, in place of LevelDB under the store of src/journal: a flush waits
// until the test lets it succeed, fails it, finds no space for it, or cuts the power. A cut leaves
// any part of the flush in flight.
import type { Level } from '../../src/journal/sealed.ts';

type Op = [key: string, value: Uint8Array | null];

interface Flush {
  ops: readonly Op[];
  resolve(): void;
  reject(error: Error): void;
}

interface Range {
  gte?: string;
  lt?: string;
}

/** Of a flush: all of it, nothing, or so many of its changes. */
export type Left = 'all' | 'nothing' | number;

export class FakeDisk {
  #kept = new Map<string, Uint8Array>();
  #before: ReadonlyMap<string, Uint8Array> = this.#kept;
  /** At most one: the store has one flush on its way. */
  #flight: Flush | null = null;
  #calledDone = false;
  /** Ends with the power. */
  #generation = 0;

  get busy(): boolean {
    return this.#flight !== null;
  }

  /** It is on its way to a snapshot. */
  get writesSnapshot(): boolean {
    return this.#flight?.ops.some(([key]) => key.startsWith('s/') || key.startsWith('c/')) === true;
  }

  /** What would be forgotten is something that somebody was told of. */
  get lastWasCalledDone(): boolean {
    return this.#calledDone;
  }

  get changesInFlight(): number {
    return this.#flight?.ops.length ?? 0;
  }

  /** The flush reached the medium. */
  complete(): void {
    const flush = this.#end('all');
    this.#calledDone = flush !== null;
    flush?.resolve();
  }

  /** It did not, or so it says. */
  fail(left: Left): void {
    this.#end(left)?.reject(new Error('IO error: Input/output error'));
  }

  /** There was no room for it, or not even for saying that it is there. */
  refuse(left: Left): void {
    this.#end(left)?.reject(new Error('IO error: No space left on device'));
  }

  /** The power goes. Who had the disk open writes nothing more. */
  cut(left: Left): void {
    this.#generation += 1;
    this.#end(left)?.reject(new Error('the power is gone'));
  }

  /** The disk lied: the last flush that it called done is not there. */
  forget(): void {
    this.#kept = new Map(this.#before);
  }

  #end(left: Left): Flush | null {
    const flush = this.#flight;
    this.#flight = null;
    if (flush === null || left === 'nothing') return flush;
    this.#before = new Map(this.#kept);
    this.#calledDone = false;
    for (const [key, value] of left === 'all' ? flush.ops : flush.ops.slice(0, left)) {
      if (value === null) this.#kept.delete(key);
      else this.#kept.set(key, value);
    }
    return flush;
  }

  /** How often the power went. Who was there before cannot open it. */
  get generation(): number {
    return this.#generation;
  }

  open(generation: number): Level {
    if (generation !== this.#generation) throw new Error('the power is gone');
    const sorted = ({ gte = '', lt = '\uffff' }: Range): [string, Uint8Array][] =>
      [...this.#kept]
        .filter(([key]) => key >= gte && key < lt)
        .sort(([a], [b]) => (a < b ? -1 : 1));
    const some = <T>(left: T[], keyOf: (one: T) => string) => ({
      nextv: async (size: number) => left.splice(0, size),
      seek: (target: string) => {
        while (left.length > 0 && keyOf(left[0] as T) < target) left.shift();
      },
      close: async () => {},
    });
    const write = (ops: readonly Op[]): Promise<void> =>
      new Promise((resolve, reject) => {
        // A process that is gone writes nothing.
        if (generation === this.#generation) this.#flight = { ops, resolve, reject };
        else reject(new Error('the power is gone'));
      });
    const level = {
      get: async (key: string) => this.#kept.get(key),
      iterator: (range: Range) => some(sorted(range), ([key]) => key),
      keys: (range: Range) =>
        some(
          sorted(range).map(([key]) => key),
          (key) => key,
        ),
      batch: () => {
        const ops: Op[] = [];
        return {
          put: (key: string, value: Uint8Array) => void ops.push([key, value.slice()]),
          del: (key: string) => void ops.push([key, null]),
          write: () => write(ops),
        };
      },
      close: async () => {},
    };
    return level as unknown as Level;
  }
}
