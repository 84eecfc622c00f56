/** What was opened, one behind the other, and has to be closed again: the last one first. */
export class Opened {
  readonly #closers: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** From now on somebody else closes the last one. */
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
