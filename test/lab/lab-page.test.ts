// docs/lab.md and docs/lab-meaning.md say what the lab gives: the pages are those of the data in
// test/fixtures/lab/presets.json, and runs with one seed have the digests that the data has.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { command, labPage, meaningPage } from '../../site/lab/page.ts';
import { readData, strategies } from '../../site/lab/presets-data.ts';
import { kernelVersion } from '../../src/kernel/snapshot.ts';
import { parseWorkload } from '../../src/lab/document.ts';
import { labVersion, runLab } from '../../src/lab/lab.ts';
import { presets } from '../../src/lab/presets/index.ts';
import { dose } from '../dose.ts';
import { root } from '../tour.ts';
import { inProcess } from './in-process.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const data = readData();
const again = `the lab gives other results than docs/lab.md: ${command} writes it anew`;

it('is of this version of the lab and of the kernel, and of every preset', () => {
  expect({ lab: data.lab, kernel: data.kernel }, again).toEqual({
    lab: labVersion,
    kernel: kernelVersion,
  });
  expect(
    data.presets.map(({ name }) => name),
    again,
  ).toEqual([...presets.keys()]);
});

it('is made of its data, text and figures', () => {
  expect(read('docs/lab.md'), again).toBe(labPage(data));
  const template = read('site/lab/meaning.txt');
  expect(read('docs/lab-meaning.md'), again).toBe(meaningPage(template, data));
  expect(read('docs/lab-meaning.md')).not.toContain('{{');
});

it('has charts of the same results', () => {
  const charts = data.presets.flatMap(({ name, digest, charts }) =>
    charts.map((kind) => [`${name}-${kind}`, digest] as const),
  );
  for (const [name, digest] of [...charts, ['hold-times', data.sweep.digest] as const]) {
    const file = `docs/pictures/lab-${name}.svg`;
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(read(file), again).toContain(`<desc>${digest}</desc>`);
  }
});

describe('a run with seed 1 has the digest of the data', () => {
  const all = [...presets.keys()];
  // A short run of each kind: deadlocks, hangs, starvation, space that is held back.
  const few = ['gup-two-pages', 'vm-memory', 'leapfrog', 'direct-io'];
  it.each(dose(few, all))(
    '%s',
    async (name) => {
      const parsed = parseWorkload(presets.get(name)?.text ?? '');
      const result = await runLab(
        { parsed, seeds: 1, strategies: [...strategies] },
        { runner: inProcess() },
      );
      const wanted = data.presets.find((preset) => preset.name === name)?.digestOfSeed1;
      expect(result.digest, again).toBe(wanted);
    },
    300_000,
  );
});
