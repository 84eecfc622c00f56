// The only file that reads a clock. All other code gets the time as an argument.

export type Cancel = () => void;

/** The clock interface of the engine, so that tests can pass a fake one. */
export interface Clock {
  /**
   * Whole milliseconds since the epoch. It never runs backwards, not even across a restart; see
   * atLeast().
   */
  nowMs(): number;
  /** Calls once, not before `atMs`. Returns a function that cancels the call. */
  at(atMs: number, call: () => void): Cancel;
}

/** A jump of the wall clock of the host while the server ran. */
export interface Jumps {
  forward: number;
  backward: number;
}

/** The clock of the process. */
export interface SystemClock extends Clock {
  /** Time continues at least from here, the last time that an earlier process recorded. */
  atLeast(ms: number): void;
  readonly jumps: Readonly<Jumps>;
  /** How far this clock is ahead of the wall clock, in milliseconds. */
  aheadMs(): number;
  stop(): void;
}

/** setTimeout takes a signed 32-bit number of milliseconds. */
const delayMaxMs = 2 ** 31 - 1;
/**
 * A larger difference between wall clock and monotonic clock counts as a jump. Smaller ones are
 * normal corrections by NTP.
 */
const jumpMs = 500;
const lookMs = 1000;

/**
 * Follows the wall clock forwards, and the monotonic clock while the wall clock is behind. If the
 * wall clock is set back, time continues at its normal speed, because recorded times must stay in
 * the past. If it is set forward, or the host resumes from a suspend (which the monotonic clock
 * does not count), time jumps forward and timers fire.
 */
export function systemClock(onJump: (byMs: number) => void = () => {}): SystemClock {
  const jumps: Jumps = { forward: 0, backward: 0 };
  const armed = new Set<() => void>();
  /** Wall clock minus monotonic clock, when last read. */
  let wallMs = Date.now() - performance.now();
  /** The time of this clock minus monotonic clock. */
  let offsetMs = wallMs;

  const look = (): void => {
    const seenMs = Date.now() - performance.now();
    const byMs = seenMs - wallMs;
    wallMs = seenMs;
    offsetMs = Math.max(offsetMs, seenMs);
    if (Math.abs(byMs) < jumpMs) return;
    jumps[byMs > 0 ? 'forward' : 'backward'] += 1;
    onJump(Math.round(byMs));
    // After a jump forward a timer that was set for later can be due now.
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

/** One movable alarm. Each filesystem has one, set to the earliest timer of its kernel. */
export class Alarm {
  #atMs: number | null = null;
  #cancel: Cancel | null = null;
  readonly #clock: Clock;
  readonly #ring: () => void;
  readonly #behindMs: number;

  /** The times of its timers are `behindMs` behind those of the clock. */
  constructor(clock: Clock, ring: () => void, behindMs = 0) {
    this.#clock = clock;
    this.#ring = ring;
    this.#behindMs = behindMs;
  }

  set(atMs: number | null): void {
    if (atMs === this.#atMs) return;
    this.#cancel?.();
    this.#atMs = atMs;
    this.#cancel =
      atMs === null
        ? null
        : this.#clock.at(atMs + this.#behindMs, () => {
            this.#atMs = null;
            this.#ring();
          });
  }
}
