// What happens by itself at a time: pins that let go, operations that time out. Ascending by time; equal times keep their order.
import type { Kernel, Timer } from '../state.ts';

/** The place of the first timer after `atMs`, or at it too where `before` is set. */
function placeOf(k: Kernel, atMs: number, before: boolean): number {
  let low = 0;
  let high = k.timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = (k.timers[middle] as Timer).atMs;
    if (before ? at < atMs : at <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function addTimer(k: Kernel, timer: Timer): void {
  k.timers.splice(placeOf(k, timer.atMs, false), 0, timer);
}

/** Takes a timer back that has not fired yet; one that has is gone already. */
export function removeTimer(k: Kernel, { atMs, kind, id }: Timer): void {
  for (let at = placeOf(k, atMs, true); at < k.timers.length; at++) {
    const timer = k.timers[at] as Timer;
    if (timer.atMs > atMs) return;
    if (timer.kind !== kind || timer.id !== id) continue;
    k.timers.splice(at, 1);
    return;
  }
}
