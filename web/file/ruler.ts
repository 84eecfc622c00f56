// The ruler of a file: bytes to pixels and back, ticks, extents with their holes, and lanes.

export const pageBytes = 4096;

export interface Range {
  offset: number;
  length: number;
}

/** The bytes from `from` to `to`, drawn from `left` on over `width` pixels. */
export interface Scale {
  from: number;
  to: number;
  left: number;
  width: number;
}

export const xOf = ({ from, to, left, width }: Scale, byte: number): number =>
  left + ((byte - from) / (to - from)) * width;

export const byteAt = ({ from, to, left, width }: Scale, x: number): number =>
  Math.max(from, Math.min(to, from + ((x - left) / width) * (to - from)));

const pageFloor = (byte: number): number => Math.floor(byte / pageBytes) * pageBytes;
const pageCeil = (byte: number): number => Math.ceil(byte / pageBytes) * pageBytes;

/** The pages between two points of a drag, at least one. */
export function rangeBetween(one: number, other: number): Range {
  const offset = pageFloor(Math.min(one, other));
  const end = Math.max(pageCeil(Math.max(one, other)), offset + pageBytes);
  return { offset, length: end - offset };
}

/** The border of pages that is closest to the byte. */
export const closestBorder = (byte: number): number => Math.round(byte / pageBytes) * pageBytes;

/** What the ruler shows of a file that reaches to `end`: all of it, and room to make it longer. */
export function wholeOf(end: number): { from: number; to: number } {
  const pages = Math.ceil(end / pageBytes);
  return { from: 0, to: (pages + Math.max(1, Math.ceil(pages / 8))) * pageBytes };
}

/** A window of half or twice the size around the middle, within the whole. */
export function zoomed(
  now: { from: number; to: number },
  whole: { from: number; to: number },
  factor: number,
): { from: number; to: number } {
  const size = Math.max(4 * pageBytes, Math.min(whole.to, pageCeil((now.to - now.from) * factor)));
  return moved((now.from + now.to) / 2 - size / 2, whole, size);
}

/** A window of `size` that begins near `from`, within the whole. */
export function moved(
  from: number,
  whole: { from: number; to: number },
  size: number,
): { from: number; to: number } {
  const start = pageFloor(Math.max(0, Math.min(from, whole.to - size)));
  return { from: start, to: start + Math.min(size, whole.to) };
}

/** Bytes at which the ruler has a tick: a power of two of pages, with room for the text. */
export function ticksOf({ from, to, width }: Scale, room = 72): number[] {
  let step = pageBytes;
  while (((to - from) / step) * room > width) step *= 2;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

export interface Extent extends Range {
  /** The frame of its first page. */
  pfn: number;
  state: 'written' | 'unwritten';
}

export type Piece = Extent | (Range & { pfn: null; state: 'hole' });

/** Extents and the holes between them, up to `end`, as far as they are in the window. */
export function piecesOf(
  extents: readonly Extent[],
  end: number,
  { from, to }: { from: number; to: number },
): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const add = (piece: Piece) => {
    if (piece.length > 0 && piece.offset < to && piece.offset + piece.length > from)
      pieces.push(piece);
  };
  for (const extent of extents) {
    add({ offset: at, length: extent.offset - at, pfn: null, state: 'hole' });
    add(extent);
    at = extent.offset + extent.length;
  }
  add({ offset: at, length: end - at, pfn: null, state: 'hole' });
  return pieces;
}

/** Without pieces that would be drawn over the same pixel as the one before them. */
export function drawable(pieces: readonly Piece[], scale: Scale): Piece[] {
  const shown: Piece[] = [];
  let pixel = -1;
  for (const piece of pieces) {
    const end = Math.floor(xOf(scale, piece.offset + piece.length));
    if (end === pixel) continue;
    pixel = end;
    shown.push(piece);
  }
  return shown;
}

/** Puts ranges into lanes in which none covers another; `left` did not fit into `max` lanes. */
export function lanesOf<T extends Range>(
  ranges: readonly T[],
  max: number,
): { lanes: T[][]; left: number } {
  const lanes: T[][] = [];
  const ends: number[] = [];
  let left = 0;
  for (const range of [...ranges].sort((one, other) => one.offset - other.offset)) {
    let lane = ends.findIndex((end) => end <= range.offset);
    if (lane === -1) lane = lanes.length;
    if (lane >= max) {
      left += 1;
      continue;
    }
    lanes[lane] = [...(lanes[lane] ?? []), range];
    ends[lane] = range.offset + range.length;
  }
  return { lanes, left };
}

export interface PinnedRange {
  offset: number;
  runs: readonly { pfn: number | null; pages: number }[];
}

/** How many pages of a pin the file no longer has at their place: the device sees other bytes. */
export function orphanPages(pin: PinnedRange, extents: readonly Extent[]): number {
  let orphans = 0;
  let page = pin.offset / pageBytes;
  for (const { pfn, pages } of pin.runs) {
    for (let i = 0; pfn !== null && i < pages; i += 1)
      if (frameOf(extents, (page + i) * pageBytes) !== pfn + i) orphans += 1;
    page += pages;
  }
  return orphans;
}

/** The frame that holds the byte; null in a hole. By halving, as extents ascend. */
export function frameOf(extents: readonly Extent[], byte: number): number | null {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const extent = extents[middle] as Extent;
    if (extent.offset + extent.length <= byte) low = middle + 1;
    else high = middle;
  }
  const found = extents[low];
  if (found === undefined || found.offset > byte) return null;
  return found.pfn + Math.floor((byte - found.offset) / pageBytes);
}

/** "page 2" or "pages 2 to 5": the pages that the range touches. */
export function pagesOfRange({ offset, length }: Range): string {
  const first = Math.floor(offset / pageBytes);
  const last = Math.max(first, Math.ceil((offset + length) / pageBytes) - 1);
  return first === last ? `page ${first}` : `pages ${first} to ${last}`;
}
