// What docs/lab.md is made of, kept in test/fixtures/lab/presets.json: the texts of the tables, the
// digest of each result, and that of a run with one seed, which a test can repeat.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { findingKinds } from '../../src/lab/findings.ts';
import { cellOf, headlines, seedNotes } from '../../web/lab/figures.ts';
import type { LabResult } from '../../web/lab/result.ts';

const root = join(import.meta.dirname, '../..');
export const dataFile = join(root, 'test/fixtures/lab/presets.json');

/** break-layouts once for each idle rule, then the other five. */
export const strategies = [
  'break-layouts classic',
  'break-layouts modern',
  'break-layouts fixed',
  'busy-extents',
  'wait-for-refs',
  'detach-and-wait',
  'refuse',
  'none',
] as const;

const zRow = z.object({
  strategy: z.string(),
  refused: z.string().optional(),
  /** Median and interval of each headline figure. */
  cells: z.array(z.tuple([z.string(), z.string()])),
  /** In how many seeds something was found. */
  notes: z.array(z.string()),
});

const zPresetData = z.object({
  name: z.string(),
  digest: z.string(),
  /** Of the same lab with seed 1 alone. */
  digestOfSeed1: z.string(),
  notes: z.array(z.string()),
  rows: z.array(zRow),
  /** Which charts it has. */
  charts: z.array(z.enum(['latency', 'space'])),
});
export type PresetData = z.infer<typeof zPresetData>;

const zData = z.object({
  lab: z.int(),
  kernel: z.int(),
  seeds: z.int(),
  presets: z.array(zPresetData),
  /** The sweep of hold times, as the table behind its chart. */
  sweep: z.object({
    digest: z.string(),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string())),
  }),
});
export type LabData = z.infer<typeof zData>;

export const readData = (): LabData => zData.parse(JSON.parse(readFileSync(dataFile, 'utf8')));

export const rowsFrom = ({ strategies: rows, seeds }: LabResult): PresetData['rows'] =>
  rows.map((row) => ({
    strategy: row.strategy,
    ...(row.refused === undefined ? {} : { refused: row.refused }),
    cells: headlines.map((figure): [string, string] => {
      const { text, spread } = cellOf(row, figure);
      return [text, spread];
    }),
    notes: seedNotes(row, seeds.length),
  }));

/** The text of a headline figure by the title of its column, or the seeds with `deadlock`, `hang`, … */
export function figureIn(
  { presets, sweep }: LabData,
  { preset, strategy, title }: Record<'preset' | 'strategy' | 'title', string>,
): string {
  if (preset === 'hold-times') {
    const cell = sweep.rows.find(([own]) => own === strategy)?.[sweep.columns.indexOf(title)];
    if (cell === undefined) throw new Error(`meaning.txt: no ${strategy} with pins of ${title} ms`);
    return cell.replace(/ \(.*\)$/, '');
  }
  const found = presets.find(({ name }) => name === preset);
  const row = found?.rows.find((one) => one.strategy === strategy);
  if (row === undefined) throw new Error(`meaning.txt: no ${strategy} in ${preset}`);
  if ((findingKinds as readonly string[]).includes(title)) {
    const note = row.notes.find((one) => one.startsWith(`${title} in `));
    return note === undefined ? '0' : (/in (\d+) of/.exec(note)?.[1] ?? '0');
  }
  const cell = row.cells[headlines.findIndex((figure) => figure.title === title)];
  if (cell === undefined) throw new Error(`meaning.txt: no figure ${title} of ${strategy}`);
  return cell[0];
}
