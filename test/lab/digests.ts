// The digests of the figures of all presets under the six strategies, a quarter of their time and
// one seed: `npx tsx test/lab/digests.ts` prints them. Not of the whole results, because a new field
// is no other figure.
import { createHash } from 'node:crypto';
import { parseWorkload } from '../../src/lab/document.ts';
import { runLab } from '../../src/lab/lab.ts';
import { presets } from '../../src/lab/presets/index.ts';
import { inProcess } from './in-process.ts';

export async function digests(): Promise<Record<string, number | string>> {
  const all: Record<string, number | string> = {};
  for (const [name, { text }] of presets) {
    const raw = parseWorkload(text).raw as { durationMs: number };
    raw.durationMs /= 4;
    const parsed = parseWorkload(JSON.stringify(raw));
    const { lab, kernel, strategies } = await runLab({ parsed, seeds: 1 }, { runner: inProcess() });
    const rows = strategies.map(({ strategy, figures, seedsWith, heldBackSeries, findings }) => [
      strategy,
      figures,
      seedsWith,
      heldBackSeries,
      findings,
    ]);
    const digest = createHash('sha256').update(JSON.stringify(rows)).digest('hex');
    Object.assign(all, { lab, kernel, [name]: digest });
  }
  return all;
}

if (process.argv[1]?.endsWith('digests.ts') === true)
  process.stdout.write(`${JSON.stringify(await digests(), null, 2)}\n`);
