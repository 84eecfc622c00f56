// Where frames are drawn: rows of cells, from left to right. A cell is one frame, or on a large
// device some of them.

/** From the largest cells to the smallest; then a cell stands for more and more frames. */
const sizes = [96, 72, 56, 44, 34, 26, 20, 16, 12, 9, 7];
/** Cells that stand for several frames are a little larger, because they show how full they are. */
const ofSeveral = 9;
/** Each further level puts twice as many frames into a cell. */
const growth = 2;

export interface Level {
  /** CSS pixels, the space between cells included. */
  cell: number;
  /** Frames of one cell. */
  per: number;
}

export interface Layout extends Level {
  /** Frames of the device. */
  pages: number;
  columns: number;
  /** Rows of the whole device; `height` shows some of them. */
  rows: number;
  /** Where the first column begins: at its left are the numbers of the rows. */
  left: number;
  width: number;
  height: number;
}

export interface Area {
  pages: number;
  width: number;
  height: number;
  /** 1, or more with larger type. */
  scale: number;
}

/** The levels of zoom, the largest cells first, down to the one at which the device fits. */
export function levelsOf(area: Area): Level[] {
  const levels: Level[] = sizes.map((size) => ({ cell: Math.round(size * area.scale), per: 1 }));
  const fits = (level: Level) => heightOf(layoutOf(area, level)) <= area.height;
  for (let per = growth; !fits(levels.at(-1) as Level) && per < area.pages; per *= growth)
    levels.push({ cell: Math.round(ofSeveral * area.scale), per });
  return levels;
}

/** The level with the largest cells at which the whole device is in view. */
export function levelThatFits(area: Area): number {
  const levels = levelsOf(area);
  const found = levels.findIndex((level) => {
    const layout = layoutOf(area, level);
    return layout.columns >= Math.min(4, area.pages) && heightOf(layout) <= area.height;
  });
  return found === -1 ? levels.length - 1 : found;
}

export function layoutOf({ pages, width, height, scale }: Area, { cell, per }: Level): Layout {
  const digits = String(Math.max(0, pages - 1)).length;
  const left = Math.ceil((digits * 7 + 12) * scale);
  const columns = roundColumns(Math.max(1, Math.floor((width - left) / cell)));
  const rows = Math.ceil(Math.ceil(pages / per) / columns);
  return { cell, per, pages, columns, rows, left, width, height };
}

/** A number of columns with which the numbers of the rows are easy to read. */
function roundColumns(columns: number): number {
  const step = columns >= 64 ? 16 : columns >= 16 ? 8 : 0;
  if (step > 0) return columns - (columns % step);
  return 2 ** Math.floor(Math.log2(columns));
}

/** The height of all rows. */
export const heightOf = ({ rows, cell }: Layout): number => rows * cell;

/** How far the rows can be scrolled, in pixels. */
export const scrollMax = (layout: Layout): number => Math.max(0, heightOf(layout) - layout.height);

export interface Box {
  x: number;
  y: number;
  size: number;
}

/** The box of the cell that has the frame, for rows that are scrolled by `top` pixels. */
export function boxOf({ left, cell, per, columns }: Layout, top: number, pfn: number): Box {
  const at = Math.floor(pfn / per);
  const row = Math.floor(at / columns);
  return { x: left + (at - row * columns) * cell, y: row * cell - top, size: cell };
}

/** The first frame of the cell under a point; null beside the cells. */
export function frameAt(layout: Layout, top: number, x: number, y: number): number | null {
  const { left, cell, per, columns, pages } = layout;
  const column = Math.floor((x - left) / cell);
  if (column < 0 || column >= columns || y < 0) return null;
  const pfn = (Math.floor((y + top) / cell) * columns + column) * per;
  return pfn < pages ? pfn : null;
}

/** The cells that are in view, of which the first begins a row. */
export function cellsInView(layout: Layout, top: number): { first: number; count: number } {
  const { cell, columns, pages, per, height } = layout;
  const first = Math.floor(top / cell) * columns;
  const rows = Math.ceil((height + (top % cell)) / cell);
  return { first, count: Math.max(0, Math.min(rows * columns, Math.ceil(pages / per) - first)) };
}

/** The scroll at which the frame is in view: as it is, if it is in view already. */
export function scrollTo(layout: Layout, top: number, pfn: number): number {
  const { y } = boxOf(layout, 0, pfn);
  const lowest = y + layout.cell - layout.height;
  return Math.max(0, Math.min(scrollMax(layout), Math.max(lowest, Math.min(top, y))));
}
