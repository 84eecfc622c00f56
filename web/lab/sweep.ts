// A sweep of one value as lines: a figure of each strategy against the swept value.
import { type Axis, type Chart, type Line, merged, scaleFor } from './chart.ts';
import { type Figure, shown, spreadText } from './figures.ts';
import { type LabResult, pointsOf, sweptPaths, type Value, valueText } from './result.ts';

/** null without a sweep of exactly one value, or if nobody has the figure. */
export function sweepChart(result: LabResult, figure: Figure): Chart | null {
  const [path, second] = sweptPaths(result);
  if (path === undefined || second !== undefined) return null;
  const points = pointsOf(result);
  const strategies = (points[0]?.strategies ?? []).map(({ strategy }) => strategy);
  const figuresOf = strategies.map((strategy) =>
    points.map(
      (point) => point.strategies.find((row) => row.strategy === strategy)?.figures[figure.name],
    ),
  );
  const values: Value[] = figuresOf
    .flat()
    .flatMap((one) => (one === undefined ? [] : [one.median, one.low, one.high]));
  if (values.length === 0) return null;
  const scale = scaleFor(values, figure.unit);
  const swept = points.map(({ at }) => at[path]);
  const x = sweptAxis(swept, path);
  const lines: Line[] = strategies.map((strategy, row) => ({
    strategies: [strategy],
    ys: (figuresOf[row] ?? []).map((one) => (one === undefined ? null : scale.place(one.median))),
    spread: (figuresOf[row] ?? []).map((one) =>
      one === undefined || one.low === one.high
        ? null
        : [scale.place(one.low), scale.place(one.high)],
    ),
  }));
  return {
    title: `${figure.title ?? figure.name} against ${path}`,
    about: `${figure.doc} Medians of the seeds, with the interval of 95 % of each.`,
    x: x.axis,
    y: scale.axis(figure.title ?? figure.name),
    xs: x.xs,
    lines: merged(lines),
    textOfX: (index) => valueText(swept[index]),
    textOfY: (y) => shown(scale.valueAt(y), figure.unit),
    table: {
      columns: ['strategy', ...swept.map(valueText)],
      rows: strategies.map((strategy, row) => [
        strategy,
        ...(figuresOf[row] ?? []).map((one) => {
          if (one === undefined) return '-';
          const spread = spreadText(one, figure.unit);
          return `${shown(one.median, figure.unit)}${spread === '' ? '' : ` (${spread})`}`;
        }),
      ]),
    },
    marks: true,
  };
}

/** Logarithmic if the values are positive and far apart; side by side if they are no numbers. */
function sweptAxis(values: readonly unknown[], label: string): { axis: Axis; xs: number[] } {
  const numbers = values.filter((value): value is number => typeof value === 'number');
  const isAscending = numbers.every((value, at) => at === 0 || value > (numbers[at - 1] as number));
  const place =
    numbers.length < values.length || !isAscending
      ? (_: unknown, at: number) => at
      : numbers.every((value) => value > 0) && (numbers.at(-1) ?? 1) / (numbers[0] ?? 1) >= 20
        ? (value: unknown) => Math.log10(value as number)
        : (value: unknown) => value as number;
  const xs = values.map(place);
  const width = (xs.at(-1) as number) - (xs[0] as number) || 1;
  return {
    xs,
    axis: {
      label,
      from: (xs[0] as number) - width * 0.03,
      to: (xs.at(-1) as number) + width * 0.03,
      ticks: xs.map((at, index) => ({ at, text: valueText(values[index]) })),
    },
  };
}
