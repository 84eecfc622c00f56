/** Resources that were opened one after the other. They are closed in the opposite order. */
export class Opened {
  readonly #closers: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** The caller closes the last one itself from now on. */
  handOver(): void {
    this.#closers.pop();
  }

  /** Closes all, whatever one of them throws; then throws the first that was thrown. */
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
