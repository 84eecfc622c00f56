// What happens by itself at a time: pins that let go, operations that time out. Ascending by time; equal times keep their order.
import type { Kernel, Timer } from '../state.ts';

export function addTimer(k: Kernel, timer: Timer): void {
  let low = 0;
  let high = k.timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((k.timers[middle] as Timer).atMs <= timer.atMs) low = middle + 1;
    else high = middle;
  }
  k.timers.splice(low, 0, timer);
}
