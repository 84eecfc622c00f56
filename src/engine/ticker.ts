// The only reader of the clocks of the machine. Everything else is told what time it is.

export type Cancel = () => void;

/** What the engine needs of time, so that a test can bring its own. */
export interface Clock {
  /**
   * Whole milliseconds since the epoch; never goes back, not even over a restart, see atLeast().
   */
  nowMs(): number;
  /** Calls once, not before `atMs`; gives back a way to call it off. */
  at(atMs: number, call: () => void): Cancel;
}

/** How the wall clock of the machine was set while the server ran. */
export interface Jumps {
  forward: number;
  backward: number;
}

/** The clock of the process. */
export interface SystemClock extends Clock {
  /** What an earlier process told already: time goes on from there. */
  atLeast(ms: number): void;
  readonly jumps: Readonly<Jumps>;
  /** How far this clock is before that of the machine, in milliseconds. */
  aheadMs(): number;
  stop(): void;
}

/** setTimeout holds a signed 32-bit number of milliseconds. */
const delayMaxMs = 2 ** 31 - 1;
/**
 * A wall clock that moves by more than this against the monotonic one was set; less is how NTP
 * disciplines it.
 */
const jumpMs = 500;
const lookMs = 1000;

/**
 * The wall clock where it goes forward, the monotonic clock where it does not. Set back, whatever
 * was told stays true and time goes on from there at its own pace; set forward, or resumed after a
 * suspend, which no monotonic clock counts, time jumps along, and timers with it.
 */
export function systemClock(onJump: (byMs: number) => void = () => {}): SystemClock {
  const jumps: Jumps = { forward: 0, backward: 0 };
  const armed = new Set<() => void>();
  /** Wall clock less monotonic clock, as last seen. */
  let wallMs = Date.now() - performance.now();
  /** The same of the time that is told. */
  let offsetMs = wallMs;

  const look = (): void => {
    const seenMs = Date.now() - performance.now();
    const byMs = seenMs - wallMs;
    wallMs = seenMs;
    offsetMs = Math.max(offsetMs, seenMs);
    if (Math.abs(byMs) < jumpMs) return;
    jumps[byMs > 0 ? 'forward' : 'backward'] += 1;
    onJump(Math.round(byMs));
    // What was to happen in an hour may be due.
    for (const arm of [...armed]) arm();
  };
  const watch = setInterval(look, lookMs);
  watch.unref();

  const nowMs = (): number => {
    look();
    return Math.floor(offsetMs + performance.now());
  };
  const at = (atMs: number, call: () => void): Cancel => {
    let timer: NodeJS.Timeout | undefined;
    const cancel = () => {
      clearTimeout(timer);
      armed.delete(arm);
    };
    const arm = () => {
      clearTimeout(timer);
      timer = setTimeout(ring, Math.min(Math.max(atMs - nowMs(), 1), delayMaxMs));
    };
    const ring = () => {
      if (nowMs() < atMs) {
        arm();
        return;
      }
      cancel();
      call();
    };
    arm();
    armed.add(arm);
    return cancel;
  };
  return {
    nowMs,
    at,
    atLeast(ms) {
      offsetMs = Math.max(offsetMs, ms - performance.now());
    },
    jumps,
    aheadMs: () => Math.max(0, Math.round(offsetMs - (Date.now() - performance.now()))),
    stop: () => clearInterval(watch),
  };
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
