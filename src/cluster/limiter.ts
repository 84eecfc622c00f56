// Runs a few tasks at a time. A task that somebody waits for can go before the others.
interface Waiting {
  name: string;
  begin(): void;
}

export class Limiter {
  readonly #max: number;
  #running = 0;
  #waiting: Waiting[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** `first` puts the task before those that wait already. */
  async run<T>(name: string, { first }: { first: boolean }, task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max)
      await new Promise<void>((begin) => {
        if (first) this.#waiting.unshift({ name, begin });
        else this.#waiting.push({ name, begin });
      });
    else this.#running += 1;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next.begin();
    }
  }

  /** Puts a task that still waits before the others. */
  hurry(name: string): void {
    const at = this.#waiting.findIndex((waiting) => waiting.name === name);
    if (at > 0) this.#waiting.unshift(...this.#waiting.splice(at, 1));
  }
}
