// The order in which the filesystems of one tenant apply their logged batches. A turn can yield the
// event loop in the middle. Other filesystems of the same tenant must still wait for its end,
// because a restart replays the events of the tenant in the order of the log.
export class Turns {
  #taken = false;
  #waiting: (() => void)[] = [];

  /** Calls `call` now, or after all earlier turns have left. Each turn must leave exactly once. */
  enter(call: () => void): void {
    if (this.#taken) {
      this.#waiting.push(call);
      return;
    }
    this.#taken = true;
    call();
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}
