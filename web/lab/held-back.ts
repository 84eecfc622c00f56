// Space that no file owns and nobody can use, over the measured time.
import { type Chart, type Line, merged, scaleFor } from './chart.ts';
import { shown } from './figures.ts';
import type { StrategyRow } from './result.ts';

const pageBytes = 4096;

/** null if no strategy held anything back. */
export function heldBackChart(rows: readonly StrategyRow[], durationMs: number): Chart | null {
  const own = rows.filter(({ heldBackSeries }) => heldBackSeries.length > 0);
  const points = Math.max(0, ...own.map(({ heldBackSeries }) => heldBackSeries.length));
  const bytes = own.map(({ heldBackSeries }) => heldBackSeries.map((blocks) => blocks * pageBytes));
  if (!bytes.flat().some((value) => value > 0)) return null;
  const scale = scaleFor(bytes.flat(), 'bytes');
  const partMs = durationMs / points;
  const xs = Array.from({ length: points }, (_, at) => (at + 0.5) * partMs);
  const lines: Line[] = own.map(({ strategy }, at) => ({
    strategies: [strategy],
    ys: (bytes[at] ?? []).map((value) => scale.place(value)),
  }));
  const time = scaleFor([durationMs / 1000], 'count').axis('simulated time in seconds');
  return {
    title: 'Space held back over time',
    about: 'Bytes that no file owns and nobody can allocate: the mean of all seeds.',
    x: {
      label: time.label,
      from: 0,
      to: durationMs,
      ticks: time.ticks
        .map(({ at, text }) => ({ at: at * 1000, text }))
        .filter(({ at }) => at <= durationMs),
    },
    y: scale.axis('bytes held back'),
    xs,
    lines: merged(lines),
    textOfX: (index) => `${Number(((xs[index] ?? 0) / 1000).toPrecision(3))} s`,
    textOfY: (y) => shown(scale.valueAt(y), 'bytes'),
    table: tableOf(own, bytes, partMs),
    marks: false,
  };
}

/** Each sixth part, because sixty columns would not be read. */
function tableOf(
  rows: readonly StrategyRow[],
  bytes: readonly (readonly number[])[],
  partMs: number,
): Chart['table'] {
  const parts = Math.ceil(Math.max(...bytes.map((one) => one.length)) / 10);
  const ends = Array.from({ length: 10 }, (_, at) => at * parts);
  const mean = (values: readonly number[]): number =>
    values.length === 0 ? 0 : values.reduce((sum, one) => sum + one, 0) / values.length;
  const s = (at: number): string => String(Number(((at * partMs) / 1000).toPrecision(3)));
  return {
    columns: ['strategy', ...ends.map((at) => `${s(at)}–${s(at + parts)} s`)],
    rows: rows.map(({ strategy }, row) => [
      strategy,
      ...ends.map((at) => shown(mean((bytes[row] ?? []).slice(at, at + parts)), 'bytes')),
    ]),
  };
}
