// What each cell of the map shows: the frames in it, counted by state, and their marks.
import type { Flag, FrameState, Interval, Segment } from './segments.ts';

const states = ['free', 'metadata', 'used', 'busy', 'detached'] as const;

const marked = [
  'unwritten',
  'poisoned',
  'delayed-free',
  'stop-new-refs',
] as const satisfies readonly Flag[];
export const marks = [...marked, 'pinned', 'waited'] as const;
export type Mark = (typeof marks)[number];
const bits = Object.fromEntries(marks.map((mark, i) => [mark, 1 << i])) as Record<Mark, number>;

export const has = (mask: number, mark: Mark): boolean => (mask & bits[mark]) !== 0;

/** Arrays, an element for each cell, because a large map has 10,000 of them. */
export interface Cells {
  /** The frame with which the first cell begins. */
  first: number;
  per: number;
  count: number;
  /** Frames of each cell by state. Those that the map does not reach are in none. */
  pages: Record<FrameState, Float64Array>;
  /** The file of most of its frames; 0: none. */
  ino: Float64Array;
  /** The page of the file in its first frame; -1: none. */
  pgoff: Float64Array;
  marks: Uint8Array;
}

export interface Shown {
  segments: readonly Segment[];
  pinned: readonly Interval[];
  waited: Iterable<number>;
}

interface Window {
  /** The frame with which the first cell begins. */
  first: number;
  per: number;
  count: number;
}

export function cellsOf({ segments, pinned, waited }: Shown, window: Window): Cells {
  const { count } = window;
  const cells: Cells = {
    ...window,
    pages: {
      free: new Float64Array(count),
      metadata: new Float64Array(count),
      used: new Float64Array(count),
      busy: new Float64Array(count),
      detached: new Float64Array(count),
    },
    ino: new Float64Array(count),
    pgoff: new Float64Array(count).fill(-1),
    marks: new Uint8Array(count),
  };
  /** Frames of the file in `ino`. */
  const ofFile = new Float64Array(count);
  for (let i = firstFrom(segments, window.first); i < segments.length; i += 1) {
    const segment = segments[i] as Segment;
    if (segment.pfn >= window.first + window.per * count) break;
    addSegment(cells, ofFile, segment);
  }
  for (const interval of pinned)
    eachCell(window, interval, (cell) => mark(cells, cell, bits.pinned));
  for (const pfn of waited)
    eachCell(window, { pfn, end: pfn + 1 }, (cell) => mark(cells, cell, bits.waited));
  return cells;
}

function mark({ marks }: Cells, cell: number, mask: number): void {
  marks[cell] = (marks[cell] ?? 0) | mask;
}

function addSegment(cells: Cells, ofFile: Float64Array, segment: Segment): void {
  const mask = maskOf(segment.flags);
  const pages = cells.pages[segment.state];
  eachCell(cells, segment, (cell, overlap, from) => {
    pages[cell] = (pages[cell] ?? 0) + overlap;
    mark(cells, cell, mask);
    if (segment.ino === null || overlap <= (ofFile[cell] ?? 0)) return;
    ofFile[cell] = overlap;
    cells.ino[cell] = segment.ino;
    cells.pgoff[cell] = segment.pgoff === null ? -1 : segment.pgoff + (from - segment.pfn);
  });
}

function maskOf(flags: readonly Flag[]): number {
  let mask = 0;
  for (const mark of marked) if (flags.includes(mark)) mask |= bits[mark];
  return mask;
}

/** The first segment that ends after the frame. */
function firstFrom(segments: readonly Segment[], pfn: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle] as Segment).end <= pfn) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Calls back for the cells that the interval meets, with the frames of it in each. */
function eachCell(
  { first, per, count }: Window,
  { pfn, end }: Interval,
  each: (cell: number, overlap: number, from: number) => void,
): void {
  const from = Math.max(pfn, first);
  const to = Math.min(end, first + per * count);
  for (let at = from; at < to; ) {
    const cell = Math.floor((at - first) / per);
    const stop = Math.min(to, first + (cell + 1) * per);
    each(cell, stop - at, at);
    at = stop;
  }
}

/** The state of most of the frames that are not free; null if the map does not reach the cell. */
export function stateOf(cells: Cells, cell: number): FrameState | null {
  let best: FrameState | null = null;
  let most = 0;
  for (const state of states) {
    const pages = cells.pages[state][cell] ?? 0;
    if (pages === 0 || (best !== null && best !== 'free' && pages <= most)) continue;
    best = state;
    most = pages;
  }
  return best;
}

/** The part of the cell that is not free, from 0 to 1. */
export function fullness(cells: Cells, cell: number): number {
  let known = 0;
  for (const state of states) known += cells.pages[state][cell] ?? 0;
  return known === 0 ? 0 : 1 - (cells.pages.free[cell] ?? 0) / known;
}

/** Whether the cell shows something else than before, both drawn in the same window. */
export function differs(one: Cells, other: Cells, cell: number): boolean {
  return (
    one.marks[cell] !== other.marks[cell] ||
    one.ino[cell] !== other.ino[cell] ||
    one.pgoff[cell] !== other.pgoff[cell] ||
    states.some((state) => one.pages[state][cell] !== other.pages[state][cell])
  );
}

export const sameWindow = (one: Cells, other: Cells): boolean =>
  one.first === other.first && one.per === other.per && one.count === other.count;
