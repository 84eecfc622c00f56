/** Resources that were opened one after the other. close() closes them in the opposite order. */
export class Opened {
  readonly #closers: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** From now on the caller closes the resource that was added last. */
  handOver(): void {
    this.#closers.pop();
  }

  /** Closes all of them even if one throws, and then throws the first error. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
