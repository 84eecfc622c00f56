// When a batch is big enough: a flush costs about the same for one command as for fifty, so more is
// waited for as long as it comes.
import type { Clock } from './ticker.ts';

/** Turns of the event loop differ in length. */
const gatherMs = 2;

/**
 * Calls `done` at the first turn of the event loop that brings nothing more, at `max`, or after 2
 * ms; never at once.
 */
export function gather(clock: Clock, count: () => number, max: number, done: () => void): void {
  const untilMs = clock.nowMs() + gatherMs;
  let before = 0;
  const look = (): void => {
    const now = count();
    if (now > before && now < max && clock.nowMs() < untilMs) {
      before = now;
      setImmediate(look);
    } else done();
  };
  setImmediate(look);
}
