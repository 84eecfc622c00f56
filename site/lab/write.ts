// `npm run lab-page`: runs every preset under every strategy with the built command, and writes
// docs/lab.md, docs/lab-meaning.md, their charts and test/fixtures/lab/presets.json. It takes some
// minutes. The same code writes the same bytes.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { presets } from '../../src/lab/presets/index.ts';
import type { Chart } from '../../web/lab/chart.ts';
import { figures } from '../../web/lab/figures.ts';
import { heldBackChart } from '../../web/lab/held-back.ts';
import { latencyChart } from '../../web/lab/latency.ts';
import { type LabResult, workloadField } from '../../web/lab/result.ts';
import { sweepChart } from '../../web/lab/sweep.ts';
import { labPage, meaningPage } from './page.ts';
import { dataFile, type LabData, type PresetData, rowsFrom, strategies } from './presets-data.ts';
import { svgOf } from './svg.ts';

const root = join(import.meta.dirname, '../..');
const pictures = join(root, 'docs/pictures');
const seeds = 32;

function run(workload: string, count: number): LabResult {
  const words = ['lab', 'run', workload, '--seeds', String(count), '-o', 'json'];
  const text = execFileSync(
    process.execPath,
    [join(root, 'dist/main.js'), ...words, '--strategy', ...strategies],
    { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return JSON.parse(text) as LabResult;
}

const draw = (name: string, chart: Chart, digest: string): void =>
  writeFileSync(join(pictures, `lab-${name}.svg`), svgOf(chart, digest));

function preset(name: string): PresetData & Pick<LabResult, 'lab' | 'kernel'> {
  const result = run(name, seeds);
  const charts: PresetData['charts'] = [];
  const add = (kind: 'latency' | 'space', chart: Chart | null): void => {
    if (chart === null) return;
    charts.push(kind);
    draw(`${name}-${kind}`, chart, result.digest);
  };
  add('latency', latencyChart(result.strategies, null));
  add('space', heldBackChart(result.strategies, Number(workloadField(result, 'durationMs'))));
  process.stderr.write(`${name}: ${result.digest}\n`);
  const { lab, kernel, digest } = result;
  const digestOfSeed1 = run(name, 1).digest;
  const rows = rowsFrom(result);
  return { lab, kernel, name, digest, digestOfSeed1, notes: [...result.notes], rows, charts };
}

function holdTimes(): LabData['sweep'] {
  const result = run(join(import.meta.dirname, 'hold-times.yaml'), seeds);
  const figure = figures.find(({ name }) => name === 'latencyP99Ms');
  const chart = figure === undefined ? null : sweepChart(result, figure);
  if (chart === null) throw new Error('the sweep has no chart');
  const x = { ...chart.x, label: 'mean time for which a pin is held, in ms' };
  draw('hold-times', { ...chart, x, title: 'p99 of punch-hole' }, result.digest);
  const { columns, rows } = chart.table;
  return { digest: result.digest, columns: [...columns], rows: rows.map((row) => [...row]) };
}

for (const name of readdirSync(pictures))
  if (/^lab-.*\.svg$/.test(name)) rmSync(join(pictures, name));
const sweep = holdTimes();
const all = [...presets.keys()].map(preset);
const [{ lab, kernel } = { lab: 0, kernel: 0 }] = all;
const data: LabData = {
  lab,
  kernel,
  seeds,
  presets: all.map(({ lab: _, kernel: __, ...rest }) => rest),
  sweep,
};
writeFileSync(dataFile, `${JSON.stringify(data, null, 1)}\n`);
writeFileSync(join(root, 'docs/lab.md'), labPage(data));
const template = readFileSync(join(import.meta.dirname, 'meaning.txt'), 'utf8');
writeFileSync(join(root, 'docs/lab-meaning.md'), meaningPage(template, data));
