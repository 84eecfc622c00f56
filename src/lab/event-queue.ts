/** What happens next: a binary heap of times, first come first served at the same time. */
export class EventQueue {
  readonly #us: number[] = [];
  readonly #order: number[] = [];
  readonly #who: number[] = [];
  #given = 0;

  /** The time of the next event; Infinity if there is none. */
  get nextUs(): number {
    return this.#us[0] ?? Number.POSITIVE_INFINITY;
  }

  add(us: number, who: number): void {
    const order = this.#given;
    this.#given += 1;
    let at = this.#us.length;
    this.#us.push(us);
    this.#order.push(order);
    this.#who.push(who);
    // The newest event is never before one of the same time.
    for (
      let parent = (at - 1) >> 1;
      at > 0 && (this.#us[parent] as number) > us;
      parent = (at - 1) >> 1
    ) {
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, us, order, who);
  }

  /** Removes the next event and returns whose it is. There must be one. */
  take(): number {
    const first = this.#who[0] as number;
    const us = this.#us.pop() as number;
    const order = this.#order.pop() as number;
    const who = this.#who.pop() as number;
    const size = this.#us.length;
    if (size === 0) return first;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (
        child + 1 < size &&
        this.#isBefore(child + 1, this.#us[child] as number, this.#order[child] as number)
      )
        child += 1;
      if (!this.#isBefore(child, us, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, us, order, who);
    return first;
  }

  #isBefore(at: number, us: number, order: number): boolean {
    const own = this.#us[at] as number;
    return own < us || (own === us && (this.#order[at] as number) < order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#us[from] as number, this.#order[from] as number, this.#who[from] as number);
  }

  #put(at: number, us: number, order: number, who: number): void {
    this.#us[at] = us;
    this.#order[at] = order;
    this.#who[at] = who;
  }
}
