// Lets others have the event loop while something long goes on.

/** How long a recovery has the event loop before it rests. A test may set it to 0. */
export const recoverySliceMs = 5;

export class Slice {
  readonly #ms: number;
  #begin = performance.now();

  constructor(ms: number) {
    this.#ms = ms;
  }

  get isOver(): boolean {
    return performance.now() - this.#begin >= this.#ms;
  }

  async rest(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#begin = performance.now();
  }
}
