// Draws the lines of a chart with uPlot. Loaded with the first chart.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { cssColours } from '../parts/css-colours.ts';
import type { Chart, Line, Tick } from './chart.ts';
import { margins, placesOfLabels, typeScale } from './chart-layout.ts';
import { lookOf } from './strategy-look.ts';

export interface Frame {
  width: number;
  height: number;
  /** Whether labels stand at the right, so that each line leads to its own. */
  labelled: boolean;
  /** The index of the point under the pointer; null outside. */
  onPoint(index: number | null): void;
}

/** Draws it, and returns how to remove it. */
export function drawChart(holder: HTMLElement, chart: Chart, frame: Frame): () => void {
  const colours = coloursOf(chart);
  const scale = typeScale();
  const sans = getComputedStyle(document.documentElement).getPropertyValue('--sans');
  const font = `${12 * scale}px ${sans || 'sans-serif'}`;
  const { left, right, top, bottom } = margins(scale);
  const plotWidth = frame.width - left - right;
  const plotHeight = frame.height - top - bottom;
  const axis = (own: Chart['x'], length: number, space: number): uPlot.Axis => {
    const ticks = spaced(own.ticks, (space * scale * (own.to - own.from)) / length);
    return {
      label: own.label,
      font,
      labelFont: font,
      labelSize: 20 * scale,
      labelGap: 0,
      stroke: colours.soft,
      grid: { stroke: colours.line, width: 1 },
      ticks: { stroke: colours.line, size: 4 },
      splits: () => ticks.map(({ at }) => at),
      values: () => ticks.map(({ text }) => text),
    };
  };
  const plot = new uPlot(
    {
      width: frame.width,
      height: frame.height,
      padding: [top, right, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: false, range: [chart.x.from, chart.x.to] },
        y: { range: [chart.y.from, chart.y.to] },
      },
      axes: [
        { ...axis(chart.x, plotWidth, 52), size: bottom - 20 * scale },
        { ...axis(chart.y, plotHeight, 18), size: left - 20 * scale },
      ],
      series: [
        {},
        ...chart.lines.map((line, at): uPlot.Series => {
          const stroke = colours.lines[at] ?? colours.soft;
          return {
            stroke,
            width: 2,
            dash: [...lookOf(line.strategies[0] ?? '').dash],
            points: { show: chart.marks, size: 6, fill: stroke, stroke },
          };
        }),
      ],
      hooks: {
        setCursor: [(self) => frame.onPoint(self.cursor.idx ?? null)],
        draw: [
          (self) => {
            drawSpreads(self, chart, colours.lines);
            if (frame.labelled) drawLeaders(self, chart, colours.lines);
          },
        ],
      },
    },
    [[...chart.xs], ...chart.lines.map(({ ys }) => [...ys])],
    holder,
  );
  return () => plot.destroy();
}

function coloursOf({ lines }: Chart) {
  const names = lines.map(({ strategies }) => lookOf(strategies[0] ?? '').colour);
  const all = cssColours(['text-soft', 'line', ...names]);
  return {
    soft: all['text-soft'] as string,
    line: all.line as string,
    lines: names.map((name) => all[name] as string),
  };
}

/** Leaves out ticks whose texts would touch; the first and the last are more important. */
function spaced(ticks: readonly Tick[], distance: number): Tick[] {
  const kept: Tick[] = [];
  for (const [index, tick] of ticks.entries()) {
    const isLast = index === ticks.length - 1;
    const tooNear = (): boolean => {
      const before = kept.at(-1);
      return before !== undefined && tick.at - before.at < distance;
    };
    if (isLast) while (kept.length > 1 && tooNear()) kept.pop();
    if (isLast || !tooNear()) kept.push(tick);
  }
  return kept;
}

/** A line up and down at each point: the interval of its median. */
function drawSpreads(plot: uPlot, { lines, xs }: Chart, strokes: readonly string[]): void {
  const { ctx } = plot;
  ctx.save();
  ctx.lineWidth = uPlot.pxRatio;
  for (const [at, { spread }] of lines.entries()) {
    ctx.strokeStyle = strokes[at] ?? '';
    for (const [index, range] of (spread ?? []).entries()) {
      if (range === null) continue;
      const x = plot.valToPos(xs[index] ?? 0, 'x', true);
      ctx.beginPath();
      ctx.moveTo(x, plot.valToPos(range[0], 'y', true));
      ctx.lineTo(x, plot.valToPos(range[1], 'y', true));
      ctx.stroke();
    }
  }
  ctx.restore();
}

/** From the end of each line to its label. */
function drawLeaders(plot: uPlot, chart: Chart, strokes: readonly string[]): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const places = placesOfLabels(chart, bbox.height / ratio, typeScale());
  ctx.save();
  ctx.lineWidth = ratio;
  ctx.setLineDash([ratio, 2 * ratio]);
  for (const [at, line] of chart.lines.entries()) {
    const end = lastPoint(line);
    const place = places[at];
    if (end === null || place === undefined) continue;
    const edge = bbox.left + bbox.width;
    ctx.strokeStyle = strokes[at] ?? '';
    ctx.beginPath();
    ctx.moveTo(
      plot.valToPos(chart.xs[end] ?? 0, 'x', true),
      plot.valToPos(line.ys[end] ?? 0, 'y', true),
    );
    ctx.lineTo(edge, plot.valToPos(line.ys[end] ?? 0, 'y', true));
    ctx.lineTo(edge + 20 * ratio, bbox.top + place * ratio);
    ctx.stroke();
  }
  ctx.restore();
}

function lastPoint({ ys }: Line): number | null {
  const at = ys.findLastIndex((y) => y !== null);
  return at < 0 ? null : at;
}
