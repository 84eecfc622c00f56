// The order in which the filesystems of one tenant apply what the log has taken. A turn may let
// others have the event loop in its middle; another filesystem of the tenant waits for its end all
// the same, because a restart tells the events of the tenant in the order of the log.
export class Turns {
  #taken = false;
  #waiting: (() => void)[] = [];

  /** Calls at once, or when those before have left. Whoever was called leaves once. */
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
