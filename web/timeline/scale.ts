// The axis of the timeline. Each event has a place in units; idle time is folded.
import type { PinholeEvent } from 'pinhole/client';

export type Axis = 'time' | 'event';

export interface Fold {
  /** Between this event and the one before. */
  before: number;
  idleMs: number;
}

export interface Scale {
  axis: Axis;
  /** The place of each event, ascending; each event takes at least one unit. */
  units: number[];
  folds: Fold[];
  /** One unit after the last event: now. */
  end: number;
}

/** A manual clock may stand still for 30 events: then the number of the event says more. */
export function axisFor(events: readonly PinholeEvent[]): Axis {
  let moves = 0;
  for (let i = 1; i < events.length; i += 1)
    if (events[i]?.time !== events[i - 1]?.time) moves += 1;
  return moves * 8 >= events.length ? 'time' : 'event';
}

/** No gap is wider than so many events. */
const gapUnits = 12;

export function scaleOf(events: readonly PinholeEvent[], axis: Axis): Scale {
  const times = events.map(({ time }) => Date.parse(time));
  const gaps = times.map((time, at) => (at === 0 ? 0 : time - (times[at - 1] ?? time)));
  const positive = gaps.filter((gap) => gap > 0).sort((a, b) => a - b);
  // So many ms are one unit: half of the gaps are shorter than three units.
  const unitMs = Math.max(1, (positive[Math.floor(positive.length / 2)] ?? 1) / 3);
  const units: number[] = [];
  const folds: Fold[] = [];
  let unit = 0;
  for (const [at, gap] of gaps.entries()) {
    const wanted = axis === 'time' ? gap / unitMs : 0;
    if (at > 0) unit += 1 + Math.min(wanted, gapUnits);
    if (wanted > gapUnits) folds.push({ before: at, idleMs: gap });
    units.push(unit);
  }
  return { axis, units, folds, end: unit + 1 };
}

/** The place of an event; one before the first event is at the left edge. */
export const unitOf = ({ units, end }: Scale, at: number | null): number =>
  at === null ? end : at < 0 ? -1 : (units[at] ?? end);

/** The last event that is not after the place. */
export function eventAt({ units }: Scale, unit: number): number {
  let [low, high] = [0, units.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((units[middle] ?? 0) <= unit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The events that are labelled: evenly, at most `count`. */
export function ticksOf(
  scale: Scale,
  range: { from: number; to: number },
  count: number,
): number[] {
  const ticks: number[] = [];
  const step = (range.to - range.from) / Math.max(1, count);
  let next = Math.max(0, range.from);
  for (const [at, unit] of scale.units.entries()) {
    if (unit < next || unit > range.to) continue;
    ticks.push(at);
    next = unit + step;
  }
  return ticks;
}
