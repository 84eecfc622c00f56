// Draws what lies over the map: what is under the pointer, selected or related, and what glows
// because it has changed.
import type { Cells } from './cells.ts';
import { type Box, boxOf, type Layout } from './layout.ts';
import type { Palette } from './palette.ts';

/** How long a change glows. */
export const glowMs = 1200;

export interface Over {
  canvas: CanvasRenderingContext2D;
  layout: Layout;
  top: number;
  palette: Palette;
  lit: Iterable<number>;
  selected: number | null;
  /** The frame that the arrow keys have reached; null without the focus. */
  cursor: number | null;
  /** When frames have changed. */
  glowing: ReadonlyMap<number, number>;
  nowMs: number;
}

export function drawOver(over: Over): void {
  const { canvas, layout, top, palette, lit, selected, cursor } = over;
  const { colours } = palette;
  canvas.clearRect(0, 0, layout.width, layout.height);
  for (const [pfn, sinceMs] of over.glowing) {
    canvas.globalAlpha = Math.max(0, 1 - (over.nowMs - sinceMs) / glowMs) * 0.9;
    outline(canvas, boxOf(layout, top, pfn), colours.accent, 3);
  }
  canvas.globalAlpha = 1;
  for (const pfn of lit) outline(canvas, boxOf(layout, top, pfn), colours.accent, 1.5);
  if (selected !== null) outline(canvas, boxOf(layout, top, selected), colours.accent, 3);
  if (cursor === null) return;
  canvas.setLineDash([4, 3]);
  outline(canvas, boxOf(layout, top, cursor), colours.text, 2);
  canvas.setLineDash([]);
}

/** Around the cell, so that it hides nothing of it. */
function outline(
  canvas: CanvasRenderingContext2D,
  { x, y, size }: Box,
  colour: string,
  width: number,
): void {
  canvas.strokeStyle = colour;
  canvas.lineWidth = width;
  const above = Math.max(1, y - 1);
  canvas.strokeRect(x - 1, above, size, size - (above - (y - 1)));
}

/** The frames whose cells differ, at most so many that their glow does not cost a frame. */
export function changedFrames(
  before: Cells,
  now: Cells,
  differs: (one: Cells, other: Cells, cell: number) => boolean,
): number[] {
  const changed: number[] = [];
  for (let cell = 0; cell < now.count && changed.length < 1000; cell += 1)
    if (differs(before, now, cell)) changed.push(now.first + cell * now.per);
  return changed;
}
