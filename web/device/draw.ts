// Draws the cells of the map. State by fill, file by tint and letter, marks by dots and hatches, so
// that nothing is told by colour alone.
import type { FileMark } from '../state/file-marks.ts';
import { type Cells, fullness, has, stateOf } from './cells.ts';
import type { Layout } from './layout.ts';
import { type Palette, readableOn } from './palette.ts';
import type { FrameState } from './segments.ts';

export interface Drawing {
  canvas: CanvasRenderingContext2D;
  layout: Layout;
  /** How far the rows are scrolled, in pixels. */
  top: number;
  cells: Cells;
  palette: Palette;
  fileMark: (ino: number) => FileMark;
}

interface Place {
  x: number;
  y: number;
  size: number;
}

export function drawCells(given: Drawing): void {
  const drawing = { ...given, fileMark: remembered(given.fileMark), outlines: new Path2D() };
  const { canvas, layout, top, cells } = drawing;
  const { width, height, cell, columns, left, per } = layout;
  canvas.clearRect(0, 0, width, height);
  drawRowNumbers(drawing);
  const gap = cell >= 40 ? 3 : cell >= 14 ? 2 : 1;
  const firstRow = Math.floor(cells.first / per / columns);
  for (let i = 0; i < cells.count; i += 1) {
    const row = Math.floor(i / columns);
    const x = left + (i - row * columns) * cell;
    const y = (firstRow + row) * cell - top;
    drawCell(drawing, i, { x, y, size: cell - gap });
  }
  canvas.strokeStyle = drawing.palette.colours.line;
  canvas.lineWidth = 1;
  canvas.stroke(drawing.outlines);
}

/** A map has 10,000 cells and a few files. */
function remembered(fileMark: (ino: number) => FileMark): (ino: number) => FileMark {
  const known = new Map<number, FileMark>();
  return (ino) => {
    const mark = known.get(ino) ?? fileMark(ino);
    known.set(ino, mark);
    return mark;
  };
}

function drawRowNumbers({ canvas, layout, top, palette }: Drawing): void {
  const { cell, columns, per, left, height, rows } = layout;
  // Rows may be lower than the type: then some of them have no number.
  const step = Math.max(1, Math.ceil((14 * palette.scale) / cell));
  canvas.fillStyle = palette.colours['text-soft'];
  canvas.font = `${Math.round(11 * palette.scale)}px ${palette.mono}`;
  canvas.textAlign = 'right';
  canvas.textBaseline = 'middle';
  const first = Math.floor(top / cell / step) * step;
  for (let row = first; row < rows && row * cell - top < height; row += step)
    canvas.fillText(String(row * columns * per), left - 8, Math.max(7, (row + 0.5) * cell - top));
}

/** `outlines`: of cells that are empty or only partly filled, drawn at once because they are many. */
function drawCell(drawing: Drawing & { outlines: Path2D }, i: number, place: Place): void {
  const { canvas, cells, palette, fileMark, outlines } = drawing;
  const { x, y, size } = place;
  const state = stateOf(cells, i);
  if (state === null) {
    drawUnread(drawing, place);
    return;
  }
  const ino = cells.ino[i] ?? 0;
  const mask = cells.marks[i] ?? 0;
  const fill = fillOf(palette, state, ino === 0 ? null : fileMark(ino));
  if (state === 'free' || cells.per > 1) outlines.rect(x + 0.5, y + 0.5, size - 1, size - 1);
  if (state !== 'free') {
    // A cell of many frames is filled from below, as far as its frames are in use.
    const part = cells.per === 1 ? 1 : Math.max(0.2, fullness(cells, i));
    const high = Math.max(1, Math.round(size * part));
    canvas.fillStyle = fill;
    canvas.fillRect(x, y + size - high, size, high);
    drawPattern(drawing, { x, y: y + size - high, size }, high, state, mask);
  }
  if (has(mask, 'poisoned')) drawStripe(drawing, place);
  if (cells.per === 1) drawTexts(drawing, i, place, fill);
  if (has(mask, 'pinned') || has(mask, 'waited')) drawPin(drawing, place, mask);
}

/** The map does not reach these frames. */
function drawUnread({ canvas, palette }: Drawing, { x, y, size }: Place): void {
  canvas.fillStyle = palette.colours.raised;
  canvas.fillRect(x, y, size, size);
}

function fillOf({ colours }: Palette, state: FrameState, file: FileMark | null): string {
  if (state === 'busy' || state === 'detached' || state === 'metadata') return colours[state];
  if (state === 'free') return colours.ground;
  return file === null ? colours.line : colours[`file-${file.tint}` as 'file-0'];
}

function drawPattern(
  drawing: Drawing,
  place: Place,
  high: number,
  state: FrameState,
  mask: number,
): void {
  const { canvas, palette } = drawing;
  const { x, y, size } = place;
  const ink = { busy: 'rgb(0 0 0 / 35%)', detached: 'rgb(255 255 255 / 75%)' };
  if (state === 'busy') drawHatch(canvas, { ...place, high, ink: ink.busy, slope: 1 });
  if (state === 'detached') drawDots(canvas, { ...place, high, ink: ink.detached });
  const soft = palette.colours['text-soft'];
  if (has(mask, 'delayed-free')) drawHatch(canvas, { ...place, high, ink: soft, slope: -1 });
  if (has(mask, 'stop-new-refs')) drawHatch(canvas, { ...place, high, ink: soft, slope: 0 });
  if (has(mask, 'unwritten') && size >= 5) {
    // Hollow, because nothing was written there.
    const edge = Math.max(2, Math.round(size * 0.12));
    canvas.fillStyle = palette.colours.ground;
    canvas.fillRect(x + edge, y + edge, size - 2 * edge, Math.max(0, high - 2 * edge));
  }
}

interface Hatch extends Place {
  high: number;
  ink: string;
  /** 1 rises, -1 falls, 0 is level. */
  slope: -1 | 0 | 1;
}

function drawHatch(canvas: CanvasRenderingContext2D, hatch: Hatch): void {
  const { x, y, size, high, ink, slope } = hatch;
  const step = size >= 20 ? 7 : 4;
  canvas.save();
  canvas.beginPath();
  canvas.rect(x, y, size, high);
  canvas.clip();
  canvas.strokeStyle = ink;
  canvas.lineWidth = size >= 20 ? 1.5 : 1;
  canvas.beginPath();
  if (slope === 0)
    for (let at = step / 2; at < high; at += step) {
      canvas.moveTo(x, y + at);
      canvas.lineTo(x + size, y + at);
    }
  else
    for (let at = -high; at < size + high; at += step) {
      canvas.moveTo(x + at, slope === 1 ? y + high : y);
      canvas.lineTo(x + at + high, slope === 1 ? y : y + high);
    }
  canvas.stroke();
  canvas.restore();
}

function drawDots(
  canvas: CanvasRenderingContext2D,
  { x, y, size, high, ink }: Place & { high: number; ink: string },
): void {
  const step = size >= 20 ? 7 : 4;
  const dot = size >= 20 ? 2 : 1;
  canvas.fillStyle = ink;
  for (let down = step / 2; down + dot <= high; down += step)
    for (let right = step / 2; right + dot <= size; right += step)
      canvas.fillRect(x + right, y + down, dot, dot);
}

/** A media error: a stripe across the frame. */
function drawStripe({ canvas, palette }: Drawing, { x, y, size }: Place): void {
  canvas.strokeStyle = palette.colours.poisoned;
  canvas.lineWidth = Math.max(2, size * 0.14);
  canvas.beginPath();
  canvas.moveTo(x, y + size);
  canvas.lineTo(x + size, y);
  canvas.stroke();
}

/** The letter, then the page of the file, then the number of the frame, as far as they fit. */
function drawTexts(drawing: Drawing, i: number, { x, y, size }: Place, fill: string): void {
  const { canvas, cells, palette, fileMark } = drawing;
  const { scale, mono, colours } = palette;
  const [small, large] = [11 * scale, Math.min(22, Math.max(11, size * 0.26)) * scale];
  if (size < 15 * scale) return;
  const state = stateOf(cells, i);
  const ino = cells.ino[i] ?? 0;
  const pgoff = cells.pgoff[i] ?? -1;
  const letter = ino === 0 ? (state === 'metadata' ? 'M' : '') : fileMark(ino).letter;
  const hollow = has(cells.marks[i] ?? 0, 'unwritten');
  const on = hollow || state === 'free' ? colours.ground : fill;
  const ink = readableOn(on, colours.text, colours.ground);
  const page = pgoff >= 0 && size >= 30 * scale ? ` ${pgoff}` : '';
  const withFrame = size >= 50 * scale;
  write(canvas, `${letter}${page}`, {
    font: `600 ${Math.round(large)}px ${mono}`,
    x: x + size / 2,
    y: y + size * (withFrame ? 0.5 : size >= 30 ? 0.64 : 0.54),
    wide: size - 4,
    ink,
    on,
  });
  if (!withFrame) return;
  const first = cells.first + i;
  const soft = state === 'free' ? colours['text-soft'] : ink;
  const font = `${Math.round(small)}px ${mono}`;
  write(canvas, String(first), {
    font,
    x: x + size / 2,
    y: y + size * 0.84,
    wide: size - 4,
    ink: soft,
    on,
  });
}

interface Writing {
  font: string;
  x: number;
  y: number;
  wide: number;
  ink: string;
  /** The fill, which surrounds the letters so that a hatch does not cross them. */
  on: string;
}

function write(canvas: CanvasRenderingContext2D, text: string, writing: Writing): void {
  if (text === '') return;
  canvas.font = writing.font;
  canvas.textAlign = 'center';
  canvas.textBaseline = 'middle';
  canvas.lineJoin = 'round';
  canvas.lineWidth = 4;
  canvas.strokeStyle = writing.on;
  canvas.strokeText(text, writing.x, writing.y, writing.wide);
  canvas.fillStyle = writing.ink;
  canvas.fillText(text, writing.x, writing.y, writing.wide);
}

/** A dot for a pin, and a ring if somebody waits for the frame. */
function drawPin({ canvas, palette }: Drawing, { x, y, size }: Place, mask: number): void {
  const { colours } = palette;
  const radius = Math.max(1.5, Math.min(6, size * (size >= 30 ? 0.09 : 0.14)));
  const at = size >= 30 ? { x: x + size - radius - 4, y: y + radius + 4 } : corner(x, y, size);
  const circle = (reach: number) => {
    canvas.beginPath();
    canvas.arc(at.x, at.y, reach, 0, 2 * Math.PI);
  };
  canvas.fillStyle = colours.ground;
  circle(radius + 1.5);
  canvas.fill();
  if (has(mask, 'pinned')) {
    canvas.fillStyle = colours.text;
    circle(radius);
    canvas.fill();
  }
  if (!has(mask, 'waited')) return;
  canvas.strokeStyle = colours['sleep-d'];
  canvas.lineWidth = Math.max(1.5, radius * 0.45);
  circle(radius + Math.max(2, radius * 0.6));
  canvas.stroke();
}

/** In a small cell that has a letter, beside it; in a cell without one, in the middle. */
function corner(x: number, y: number, size: number): { x: number; y: number } {
  return size >= 15 ? { x: x + size - 3.5, y: y + 3.5 } : { x: x + size / 2, y: y + size / 2 };
}
