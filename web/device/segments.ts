// The frames of the device as segments, each with one state, owner and set of flags: the map that
// the server has answered, corrected by the picture, which the events keep newer.
import type { Schemas } from '../api/schemas.ts';

export type Run = Schemas['Map']['runs'][number];
export type FrameState = Run['state'];
export type Flag = NonNullable<Run['flags']>[number];

export interface Segment {
  pfn: number;
  /** The frame after the last one. */
  end: number;
  state: FrameState;
  /** The inode that owns the frames or that they left; null if none is known. */
  ino: number | null;
  /** The page of the file in the first frame; null if the file does not own them. */
  pgoff: number | null;
  flags: readonly Flag[];
}

export interface Interval {
  pfn: number;
  end: number;
}

export interface DeviceMap {
  /** Frames of the device. */
  pages: number;
  /** The frames that the map reaches: on a large and fragmented device a part of it. */
  first: number;
  end: number;
  segments: readonly Segment[];
  pinned: readonly Interval[];
  waited: ReadonlySet<number>;
  ownersOmitted: boolean;
}

/** What it takes of a picture of pinhole/client. */
interface LeftRuns {
  busy: ReadonlyMap<number, number>;
  detached: ReadonlyMap<number, number>;
  incomplete: readonly string[];
}
interface Pinned {
  pins: ReadonlyMap<string, { runs: readonly { pfn: number | null; pages: number }[] }>;
}
interface Waiting {
  operations: ReadonlyMap<string, { state: string; sleepingOn: { pfn?: number } | null }>;
}

type Left = Interval & { state: 'busy' | 'detached' };
const noFlags: readonly Flag[] = [];

/** `runs` as they were answered. */
export const segmentsOf = (runs: readonly Run[]): Segment[] =>
  runs.map(({ pfn, pages, state, ino, pgoff, flags }) => ({
    pfn,
    end: pfn + pages,
    state,
    ino: ino ?? null,
    pgoff: pgoff ?? null,
    flags: flags ?? noFlags,
  }));

/** The segments with the busy and the detached runs of a picture that is newer than them. */
export function corrected(
  segments: readonly Segment[],
  { busy, detached, incomplete }: LeftRuns,
): Segment[] {
  const left = leftRuns(busy, detached);
  const known = { busy: true, detached: !incomplete.includes('detachedExtents') };
  const all: Segment[] = [];
  let next = 0;
  for (const segment of segments) {
    while ((left[next]?.end ?? Number.POSITIVE_INFINITY) <= segment.pfn) next += 1;
    let at = segment.pfn;
    for (let i = next; at < segment.end; i += 1) {
      const run = left[i];
      const stop = Math.min(segment.end, Math.max(at, run?.pfn ?? segment.end));
      if (stop > at) all.push(withoutRun(partOf(segment, at, stop), known));
      at = stop;
      if (run === undefined || run.pfn >= segment.end) break;
      const end = Math.min(segment.end, run.end);
      if (end > at) all.push(asLeft(partOf(segment, at, end), run.state));
      at = Math.max(at, end);
    }
  }
  return all;
}

function leftRuns(busy: ReadonlyMap<number, number>, detached: ReadonlyMap<number, number>) {
  const left: Left[] = [];
  for (const [pfn, pages] of busy) left.push({ pfn, end: pfn + pages, state: 'busy' });
  for (const [pfn, pages] of detached) left.push({ pfn, end: pfn + pages, state: 'detached' });
  return left.sort((one, other) => one.pfn - other.pfn);
}

function partOf(segment: Segment, pfn: number, end: number): Segment {
  const pgoff = segment.pgoff === null ? null : segment.pgoff + (pfn - segment.pfn);
  return { ...segment, pfn, end, pgoff };
}

/** Frames that are on no list now: what was busy or detached has become free. */
function withoutRun(segment: Segment, known: Record<'busy' | 'detached', boolean>): Segment {
  const { state } = segment;
  if ((state !== 'busy' && state !== 'detached') || !known[state]) return segment;
  return { ...segment, state: 'free', ino: null, pgoff: null, flags: noFlags };
}

const asLeft = (segment: Segment, state: Left['state']): Segment =>
  segment.state === state ? segment : { ...segment, state, pgoff: null };

/** The segment of a frame; null if the map does not reach it. By halving, as they ascend. */
export function segmentAt(segments: readonly Segment[], pfn: number): Segment | null {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const segment = segments[middle] as Segment;
    if (segment.end <= pfn) low = middle + 1;
    else high = middle;
  }
  const found = segments[low];
  return found !== undefined && found.pfn <= pfn ? found : null;
}

/** The frames that pins hold, ascending. Pins may hold the same frames, so intervals may overlap. */
export function pinnedIntervals({ pins }: Pinned): Interval[] {
  const intervals: Interval[] = [];
  for (const { runs } of pins.values())
    for (const { pfn, pages } of runs) if (pfn !== null) intervals.push({ pfn, end: pfn + pages });
  return intervals.sort((one, other) => one.pfn - other.pfn);
}

/** The frames for which an operation waits. */
export function waitedFrames({ operations }: Waiting): Set<number> {
  const frames = new Set<number>();
  for (const { state, sleepingOn } of operations.values())
    if (state === 'sleeping' && sleepingOn?.pfn !== undefined) frames.add(sleepingOn.pfn);
  return frames;
}
