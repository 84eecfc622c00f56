// Somebody else who works on the filesystem under an open page: pins and unpins without a break.
export class Traffic {
  readonly #base: string;
  readonly #workers: Promise<void>[] = [];
  #over = false;
  #rounds = 0;

  /** `base` is the URL of a filesystem with a mapping `map_1`. */
  constructor(base: string, workers: number) {
    this.#base = base;
    for (let n = 0; n < workers; n += 1) this.#workers.push(this.#work(n));
  }

  /** Pins that were released again. Each round is about eight events. */
  get rounds(): number {
    return this.#rounds;
  }

  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#workers);
  }

  async #work(n: number): Promise<void> {
    while (!this.#over) {
      try {
        await this.#round(n);
      } catch {
        // The server is gone, or was killed while it answered.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async #round(n: number): Promise<void> {
    const response = await fetch(`${this.#base}/mappings/map_1/pins`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ offset: 4096 * n, length: 4096, access: 'write', owner: `w${n}` }),
    });
    const { id } = (await response.json()) as { id: string };
    await fetch(`${this.#base}/pins/${id}`, { method: 'DELETE' });
    this.#rounds += 1;
  }
}
