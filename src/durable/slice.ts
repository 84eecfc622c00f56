// Divides a long computation into slices, between which the event loop serves other callbacks.

/** The length of a slice of a recovery, in milliseconds. A test may set it to 0. */
export const recoverySliceMs = 5;

/** The length of a slice while the server serves others, in milliseconds. */
export const servingSliceMs = 2;

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
