// A chart as data: the page and the report draw it with uPlot, the docs as SVG, and the table behind
// it has the same figures.
import { shown, type Unit } from './figures.ts';
import type { Value } from './result.ts';

export interface Tick {
  at: number;
  text: string;
}

export interface Axis {
  label: string;
  ticks: readonly Tick[];
  from: number;
  to: number;
}

export interface Line {
  /** More than one if their points are the same. */
  strategies: readonly string[];
  /** As many as the chart has `xs`; null where the line has ended. In the units of the axis. */
  ys: readonly (number | null)[];
  /** The interval of each point. */
  spread?: readonly ([low: number, high: number] | null)[];
}

export interface ChartTable {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

export interface Chart {
  title: string;
  /** One sentence on how to read it. */
  about: string;
  x: Axis;
  y: Axis;
  xs: readonly number[];
  lines: readonly Line[];
  /** What stands at `xs[i]`, for the readout. */
  textOfX(index: number): string;
  /** What a value of a line says. */
  textOfY(y: number): string;
  table: ChartTable;
  /** Points are marked where there are few of them. */
  marks: boolean;
}

/** Lines with the same points become one, because one would hide the other. */
export function merged(lines: readonly Line[]): Line[] {
  const groups = new Map<string, Line>();
  for (const line of lines) {
    const key = JSON.stringify([line.ys, line.spread]);
    const same = groups.get(key);
    groups.set(
      key,
      same === undefined ? line : { ...same, strategies: [...same.strategies, ...line.strategies] },
    );
  }
  return [...groups.values()];
}

/** Maps values to places on an axis. */
export interface Scale {
  place(value: Value): number;
  valueAt(place: number): Value;
  axis(label: string): Axis;
}

/** A band for 0 below the first power of ten, and one for `never` above the last. */
const band = 0.7;

/**
 * A logarithmic scale with a place for 0 and one for `never`, because most strategies have one of
 * both somewhere. `values` are all that it must show.
 */
function logScale(values: readonly Value[], unit: Unit): Scale {
  const positive = values.filter(
    (value): value is number => typeof value === 'number' && value > 0,
  );
  const low = Math.floor(Math.log10(Math.min(...positive)) + 1e-9);
  const top = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive)) - 1e-9));
  const hasZero = values.includes(0);
  const hasNever = values.includes('never');
  const place = (value: Value): number => {
    if (typeof value !== 'number') return value === 'never' ? top + band : low - band;
    return value <= 0 ? low - band : Math.max(low - band / 2, Math.log10(value));
  };
  return {
    place,
    valueAt: (at) => (at > top + band / 2 ? 'never' : at < low - band / 2 ? 0 : 10 ** at),
    axis: (label) => ({
      label,
      from: hasZero ? low - band : low,
      to: hasNever ? top + band : top,
      ticks: [
        ...(hasZero ? [{ at: low - band, text: '0' }] : []),
        ...powers(low, top).map((power) => ({ at: power, text: shown(10 ** power, unit) })),
        ...(hasNever ? [{ at: top + band, text: 'never' }] : []),
      ],
    }),
  };
}

/** At most eight, so that their texts do not touch. */
function powers(low: number, top: number): number[] {
  const all = Array.from({ length: top - low + 1 }, (_, at) => low + at);
  const every = Math.ceil(all.length / 8);
  return all.filter((_, at) => at % every === 0);
}

function linearScale(values: readonly Value[], unit: Unit): Scale {
  const most = Math.max(0, ...values.filter((value): value is number => typeof value === 'number'));
  const step = stepOf(most === 0 ? 1 : most, unit);
  const top = Math.max(1, Math.ceil(most / step - 1e-9)) * step;
  const hasNever = values.includes('never');
  const never = top * 1.15;
  return {
    place: (value) => (typeof value === 'number' ? value : value === 'never' ? never : 0),
    valueAt: (at) => (hasNever && at > top * 1.07 ? 'never' : at),
    axis: (label) => ({
      label,
      from: 0,
      to: hasNever ? never : top,
      ticks: [
        ...Array.from({ length: Math.round(top / step) + 1 }, (_, at) => ({
          at: at * step,
          text: shown(at * step, unit),
        })),
        ...(hasNever ? [{ at: never, text: 'never' }] : []),
      ],
    }),
  };
}

const isBinary = (unit: Unit): boolean => unit === 'bytes' || unit === 'byte-seconds';

/** About five steps; of bytes, a power of two. */
function stepOf(most: number, unit: Unit): number {
  const rough = most / 5;
  if (isBinary(unit)) return 2 ** Math.ceil(Math.log2(rough));
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((one) => one * power >= rough - 1e-12) ?? 10);
}

/** Logarithmic for times, and for others whose values are far apart. */
export function scaleFor(values: readonly Value[], unit: Unit): Scale {
  const positive = values.filter(
    (value): value is number => typeof value === 'number' && value > 0,
  );
  if (positive.length === 0) return linearScale(values, unit);
  const ratio = Math.max(...positive) / Math.min(...positive);
  const isLog = unit === 'ms' || (ratio > 200 && !isBinary(unit));
  return isLog ? logScale(values, unit) : linearScale(values, unit);
}
