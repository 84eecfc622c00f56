// Decides when to flush a batch. A flush takes about the same time for one command as for fifty, so
// the lane waits as long as more commands arrive.
import type { Clock } from './ticker.ts';

/** The longest wait, in milliseconds. Needed because turns of the event loop differ in length. */
const gatherMs = 2;

/**
 * Calls `done` at the first turn of the event loop without a new command, or at `max` commands, or
 * after 2 ms. It never calls at once.
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
