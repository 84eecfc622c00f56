// Timers: pins with holdMs, and timeouts of operations. Timers of one millisecond fire in the order
// in which they were set. Thousands may share a millisecond, and most are removed before they fire,
// so a removal must not search: a heap has the times, and for each time a map finds a timer by its
// key.
import type { Kernel, Timer, Timers } from '../state.ts';

export const createTimers = (): Timers => ({ times: [], at: new Map() });

const keyOf = ({ kind, id }: Timer): string => `${kind} ${id}`;

/** The timer that fires next. */
export function firstTimer(k: Kernel): Timer | null {
  const [atMs] = k.timers.times;
  const timers = atMs === undefined ? undefined : k.timers.at.get(atMs);
  for (const timer of timers?.values() ?? []) return timer;
  return null;
}

/** All timers, in the order in which they fire. */
export function eachTimer({ at }: Timers): Timer[] {
  return [...at].sort(([a], [b]) => a - b).flatMap(([, timers]) => [...timers.values()]);
}

export function setTimer(timers: Timers, timer: Timer): void {
  const same = timers.at.get(timer.atMs);
  if (same !== undefined) {
    same.set(keyOf(timer), timer);
    return;
  }
  timers.at.set(timer.atMs, new Map([[keyOf(timer), timer]]));
  const { times } = timers;
  let at = times.length;
  times.push(timer.atMs);
  for (
    let parent = (at - 1) >> 1;
    at > 0 && (times[parent] as number) > timer.atMs;
    parent = (at - 1) >> 1
  ) {
    times[at] = times[parent] as number;
    at = parent;
  }
  times[at] = timer.atMs;
}

export const addTimer = (k: Kernel, timer: Timer): void => setTimer(k.timers, timer);

/** Removes a timer that has not fired yet. Otherwise does nothing. */
export function removeTimer(k: Kernel, timer: Timer): void {
  const { times, at } = k.timers;
  const same = at.get(timer.atMs);
  if (same?.delete(keyOf(timer)) !== true || same.size > 0) return;
  at.delete(timer.atMs);
  // Times without timers stay in the heap until they reach its top or make up more than half of it,
  // because a removal from the middle would need a search.
  while (times.length > 0 && !at.has(times[0] as number)) pop(times);
  // An ascending array is a heap.
  if (times.length > 2 * at.size + 16) k.timers.times = [...at.keys()].sort((a, b) => a - b);
}

function pop(times: number[]): void {
  const last = times.pop();
  if (last === undefined || times.length === 0) return;
  let at = 0;
  for (let child = 1; child < times.length; child = 2 * at + 1) {
    if (child + 1 < times.length && (times[child + 1] as number) < (times[child] as number))
      child += 1;
    if ((times[child] as number) >= last) break;
    times[at] = times[child] as number;
    at = child;
  }
  times[at] = last;
}
