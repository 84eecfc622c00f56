// What the tables and charts of a lab are made of, against the lab itself.
import { beforeAll, describe, expect, it } from 'vitest';
import { csvOf } from '../../src/lab/csv.ts';
import { figures as labFigures } from '../../src/lab/figures.ts';
import { Histogram, histogramOf } from '../../src/lab/histogram.ts';
import type { LabResult } from '../../src/lab/result.ts';
import { strategyNames } from '../../src/lab/strategies.ts';
import { rowsOf, tableColumns } from '../../src/lab/table.ts';
import { bestMap, type Disqualifier } from '../../web/lab/best-map.ts';
import { type Line, merged, scaleFor } from '../../web/lab/chart.ts';
import { placesOfLabels } from '../../web/lab/chart-layout.ts';
import { cellOf, type Figure, figures, headlines } from '../../web/lab/figures.ts';
import { heldBackChart } from '../../web/lab/held-back.ts';
import { latencyChart } from '../../web/lab/latency.ts';
import { lookOf } from '../../web/lab/strategy-look.ts';
import { sweepChart } from '../../web/lab/sweep.ts';
import { mappedResult, plainResult, sweptResult } from './lab-results.ts';

let plain: LabResult;
let swept: LabResult;
let mapped: LabResult;
beforeAll(async () => {
  plain = await plainResult();
  swept = await sweptResult();
  mapped = await mappedResult();
}, 300_000);

const figure = (name: string): Figure => {
  const found = figures.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no figure ${name}`);
  return found;
};
const rowOf = (strategy: string) => {
  const found = plain.strategies.find((row) => row.strategy === strategy);
  if (found === undefined) throw new Error(`no row ${strategy}`);
  return found;
};

describe('the table', () => {
  it('has the figures of the lab, with the same units and explanations', () => {
    const own = labFigures.map(({ name, group, unit, doc, headline }) => ({
      ...{ name, group, unit, doc },
      ...(headline ? { title: expect.any(String) } : {}),
    }));
    expect(figures).toEqual(own);
    expect(headlines.map(({ title }) => title)).toEqual(tableColumns);
  });

  it('says the same as pinhole lab run', () => {
    for (const result of [plain, swept, mapped]) {
      const printed = rowsOf(result.strategies).map(({ cells }) => cells);
      const shown = result.strategies.map((row) =>
        headlines.map((one) => {
          const { text, spread } = cellOf(row, one);
          return { text, spread };
        }),
      );
      expect(shown).toEqual(printed);
    }
    expect(csvOf(plain)).toContain('latencyP99Ms');
  });

  it('marks what waits for ever', () => {
    const never = { median: 'never', q1: 1, q3: 'never', low: 1, high: 'never' } as const;
    const row = { ...rowOf('refuse'), figures: { latencyP99Ms: never, deadlocks: never } };
    expect(cellOf(row, figure('latencyP99Ms'))).toEqual({
      text: 'never',
      spread: '1 ms–never',
      isBad: true,
    });
    expect(cellOf(rowOf('refuse'), figure('deadlocks')).isBad).toBe(false);
  });
});

describe('the chart of latencies', () => {
  it('has the quantiles of the histograms, cut-off calls included', () => {
    const chart = latencyChart(plain.strategies, 'punch-hole');
    for (const { strategy, latency } of plain.strategies) {
      const op = latency['punch-hole'];
      if (op === undefined) throw new Error(strategy);
      const all = new Histogram();
      all.merge(op.ended);
      all.merge(op.unfinished);
      const { unfinished = 0, ...forEver } = op.neverEnded;
      expect(op.unfinished.count).toBe(unfinished);
      const total = all.count + Object.values(forEver).reduce((sum, one) => sum + one, 0);
      const line = chart?.lines.find(({ strategies }) => strategies.includes(strategy));
      let compared = 0;
      for (const [at, x] of (chart?.xs ?? []).entries()) {
        const y = line?.ys[at];
        if (y === null || y === undefined) continue;
        const us = all.quantile(1 - 10 ** -x, total);
        const expected = us === null ? 'never' : us === 0 ? '0' : /\d/;
        expect(chart?.textOfY(y)).toMatch(expected);
        // The error of the histogram.
        if (us !== null && us > 0) expect(Math.abs((10 ** y * 1000) / us - 1)).toBeLessThan(0.01);
        compared += 1;
      }
      expect(compared).toBeGreaterThan(50);
    }
  });

  it('has all operations together, or one', () => {
    const calls = (op: string | null) =>
      latencyChart(plain.strategies, op)?.table.rows.map(([, count]) => Number(count)) ?? [];
    const [both, punches, truncates] = [null, 'punch-hole', 'truncate'].map(calls);
    expect(both).toEqual(punches?.map((count, at) => count + (truncates?.[at] ?? 0)));
    expect(Math.min(...(truncates ?? []))).toBeGreaterThan(0);
    expect(latencyChart(plain.strategies, 'umount')).toBeNull();
  });

  it('leads to never where calls wait for ever', () => {
    const row = rowOf('break-layouts fixed');
    const latency = Object.fromEntries(
      Object.entries(row.latency).map(([op, one]) => [op, { ...one, neverEnded: { hang: 50 } }]),
    );
    const chart = latencyChart([{ ...row, latency }], null);
    const [line] = chart?.lines ?? [];
    const last = line?.ys.findLast((y) => y !== null) as number;
    expect(chart?.textOfY(last)).toBe('never');
    expect(chart?.y.ticks.at(-1)).toEqual({ at: last, text: 'never' });
    expect(chart?.table.rows[0]?.slice(-2)[0]).toBe('100');
  });

  it('reads what the lab writes', () => {
    for (const value of [0, 1, 127, 128, 129, 5000, 123_456, 99_999_999]) {
      const one = new Histogram();
      one.add(value);
      one.add(value * 3);
      const ended = one.record();
      const none = new Histogram().record();
      const latency = { x: { ended, unfinished: none, failed: {}, neverEnded: {} } };
      const chart = latencyChart([{ ...rowOf('none'), latency }], null);
      const ms = (histogramOf(ended).quantile(0.5) ?? 0) / 1000;
      const [first = 0] = chart?.lines[0]?.ys.filter((y) => y !== null) ?? [];
      expect(value === 0 ? 0 : 10 ** first).toBeCloseTo(ms, 9);
    }
  });
});

describe('a scale', () => {
  it('has a place for 0 below all numbers and one for never above them', () => {
    const scale = scaleFor([0, 0.02, 380, 'never'], 'ms');
    const places = [0, 0.02, 1, 380, 'never' as const].map((value) => scale.place(value));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(new Set(places).size).toBe(5);
    const { from, to, ticks } = scale.axis('t');
    expect(places[0]).toBe(from);
    expect(places[4]).toBe(to);
    expect(ticks.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['0', '10 µs', '1 ms', '1 s', 'never']),
    );
    expect(scale.valueAt(from)).toBe(0);
    expect(scale.valueAt(to)).toBe('never');
    expect(scale.valueAt(scale.place(0.02))).toBeCloseTo(0.02, 9);
  });

  it('is linear for bytes, with round steps of powers of two', () => {
    const { ticks, to } = scaleFor([0, 5000, 70_000], 'bytes').axis('space');
    expect(ticks.map(({ text }) => text)).toEqual([
      '0',
      '16 KiB',
      '32 KiB',
      '48 KiB',
      '64 KiB',
      '80 KiB',
    ]);
    expect(to).toBe(81_920);
    expect(scaleFor([0, 0], 'count').axis('none').ticks.length).toBeGreaterThan(1);
  });
});

describe('labels', () => {
  const y = { label: '', ticks: [], from: 0, to: 100 };
  const line = (name: string, ...ys: (number | null)[]): Line => ({ strategies: [name], ys });
  const chart = { ...({} as NonNullable<ReturnType<typeof latencyChart>>), y };

  it('stand at the ends of their lines, and apart', () => {
    const lines = [line('a', 10, 90), line('b', 10, 89), line('c', 50, null), line('d', null)];
    const [a = 0, b = 0, c = 0, d] = placesOfLabels({ ...chart, lines }, 300, 1);
    expect(a).toBeCloseTo(30, 0);
    expect(b - a).toBeGreaterThanOrEqual(20);
    expect(c).toBeCloseTo(150, 0);
    expect(d).toBeUndefined();
  });

  it('stay beside the plot if all lines end at its bottom', () => {
    const lines = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, at) => line(name, at / 100));
    const places = placesOfLabels({ ...chart, lines }, 300, 1) as number[];
    expect(Math.max(...places)).toBeLessThanOrEqual(320);
    const sorted = [...places].sort((one, other) => one - other);
    for (const [at, place] of sorted.slice(1).entries())
      expect(place - (sorted[at] as number)).toBeGreaterThanOrEqual(19.9);
  });

  it('are one for lines with the same points', () => {
    const lines = merged([line('a', 1, 2), line('b', 1, 3), line('c', 1, 2)]);
    expect(lines.map(({ strategies }) => strategies)).toEqual([['a', 'c'], ['b']]);
  });

  it('look different for each strategy', () => {
    const looks = strategyNames.map(lookOf);
    expect(new Set(looks.map(({ letter }) => letter)).size).toBe(looks.length);
    expect(looks.map(({ letter }) => letter)).not.toContain('?');
  });
});

describe('the chart of space', () => {
  it('has the bytes of each part of the time, and none if nothing was held back', () => {
    const chart = heldBackChart(plain.strategies, 400);
    const line = chart?.lines.find(({ strategies }) => strategies.includes('busy-extents'));
    const series = rowOf('busy-extents').heldBackSeries;
    expect(line?.ys).toEqual(series.map((blocks) => blocks * 4096));
    expect(Math.max(...series)).toBeGreaterThan(0);
    expect(chart?.x.ticks.map(({ text }) => text)).toEqual(['0', '0.1', '0.2', '0.3', '0.4']);
    expect(heldBackChart([rowOf('none'), rowOf('refuse')], 400)).toBeNull();
  });
});

describe('the chart of a sweep', () => {
  it('has the medians at each value, and the interval of each', () => {
    const chart = sweepChart(swept, figure('latencyP99Ms'));
    expect(chart?.x.ticks.map(({ text }) => text)).toEqual(['1', '10', '100']);
    for (const [point, { strategies }] of (swept.points ?? []).entries())
      for (const { strategy, figures: own } of strategies) {
        const { median, low, high } = own.latencyP99Ms ?? {};
        const line = chart?.lines.find((one) => one.strategies.includes(strategy));
        const y = line?.ys[point] as number;
        if (typeof median === 'number' && median > 0) expect(10 ** y).toBeCloseTo(median, 6);
        if (median === 'never') expect(chart?.textOfY(y)).toBe('never');
        expect(line?.spread?.[point] === null).toBe(low === high);
      }
    expect(sweepChart(plain, figure('latencyP99Ms'))).toBeNull();
    expect(sweepChart(mapped, figure('latencyP99Ms'))).toBeNull();
  });
});

describe('the map of two sweeps', () => {
  const all = new Set<Disqualifier>(['corrupts', 'waits', 'fails']);

  it('names the best at each pair of values, and who is left out for which reason', () => {
    const map = bestMap(mapped, figure('latencyP99Ms'), all);
    expect([map?.rows.values, map?.columns.values]).toEqual([
      ['1', '50'],
      ['1', '3'],
    ]);
    for (const [row, cells] of (map?.cells ?? []).entries())
      for (const [column, cell] of cells.entries()) {
        const point = mapped.points?.[row * 2 + column];
        expect(cell.best).toContain('busy-extents');
        expect(cell.text).toBe('0');
        const refuse = point?.strategies.find(({ strategy }) => strategy === 'refuse');
        const fails = refuse?.figures.failed?.median !== 0;
        expect(cell.best.includes('refuse')).toBe(!fails);
        const told = cell.all.find(({ strategy }) => strategy === 'refuse');
        expect(told?.because).toEqual(fails ? ['calls fail'] : []);
      }
  });

  it('leaves nobody out if nothing is asked', () => {
    const map = bestMap(mapped, figure('latencyP99Ms'), new Set());
    expect(map?.cells.flat().every(({ best }) => best.includes('refuse'))).toBe(true);
    expect(bestMap(swept, figure('latencyP99Ms'), all)).toBeNull();
  });
});
