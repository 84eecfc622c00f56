// The only reader of the clock. Everything else is told what time it is.

export type Cancel = () => void;

/** What the engine needs of time, so that a test can bring its own. */
export interface Clock {
  /** Whole milliseconds since the epoch; never goes back while the process lives. */
  nowMs(): number;
  /** Calls once, not before `atMs`; gives back a way to call it off. */
  at(atMs: number, call: () => void): Cancel;
}

/** setTimeout holds a signed 32-bit number of milliseconds. */
const delayMaxMs = 2 ** 31 - 1;

export function systemClock(): Clock {
  // The wall clock may be set back; the monotonic one, counted from the start of the process, may not.
  const originMs = Date.now() - performance.now();
  const nowMs = () => Math.floor(originMs + performance.now());
  const at = (atMs: number, call: () => void): Cancel => {
    let timer: NodeJS.Timeout;
    const arm = () => {
      timer = setTimeout(() => (nowMs() >= atMs ? call() : arm()), Math.min(Math.max(atMs - nowMs(), 1), delayMaxMs));
    };
    arm();
    return () => clearTimeout(timer);
  };
  return { nowMs, at };
}

/** One alarm that moves: a filesystem has one, set to the earliest timer of its kernel. */
export class Alarm {
  #atMs: number | null = null;
  #cancel: Cancel | null = null;
  readonly #clock: Clock;
  readonly #ring: () => void;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  set(atMs: number | null): void {
    if (atMs === this.#atMs) return;
    this.#cancel?.();
    this.#atMs = atMs;
    this.#cancel =
      atMs === null
        ? null
        : this.#clock.at(atMs, () => {
            this.#atMs = null;
            this.#ring();
          });
  }
}
