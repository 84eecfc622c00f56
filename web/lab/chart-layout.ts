// Where the parts of a chart stand, in CSS pixels. Labels are HTML beside the canvas, so both ask here.
import type { Chart } from './chart.ts';

/** 1, or more with larger type. */
export const typeScale = (): number =>
  Math.max(1, Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 15);

/** Around the plot; `scale` is that of the type. */
export const margins = (scale: number) => ({
  left: 76 * scale,
  right: 24,
  top: 12,
  bottom: 46 * scale,
});

const labelHeight = 20;

/**
 * The middle of the label of each line, from the top of the plot: at the height where the line
 * ends, or as near to it as other labels allow. `undefined` for a line without points.
 */
export function placesOfLabels(
  { lines, y }: Chart,
  height: number,
  scale: number,
): (number | undefined)[] {
  const ends = lines.flatMap(({ ys, strategies }, line) => {
    const last = ys.findLast((value) => value !== null);
    if (last === undefined || last === null) return [];
    const room = strategies.length * labelHeight * scale;
    return [{ line, room, at: (1 - (last - y.from) / (y.to - y.from)) * height }];
  });
  ends.sort((one, other) => one.at - other.at);
  // Downwards so that none covers the one above it, then upwards from the bottom.
  let free = -labelHeight * scale * 0.5;
  for (const end of ends) {
    end.at = Math.max(end.at, free + end.room / 2);
    free = end.at + end.room / 2;
  }
  free = height + labelHeight * scale;
  for (const end of ends.toReversed()) {
    end.at = Math.min(end.at, free - end.room / 2);
    free = end.at - end.room / 2;
  }
  const places: (number | undefined)[] = lines.map(() => undefined);
  for (const { line, at } of ends) places[line] = at;
  return places;
}
