// docs/fidelity.md matches the tables, and every test that it names exists.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { differs } from './differences.ts';
import { fidelityDocument, type Shown, same } from './document.ts';

test('docs/fidelity.md is what the tables make', async () => {
  await expect(fidelityDocument()).toMatchFileSnapshot('../../docs/fidelity.md');
});

const shown: Shown = [
  ...same.flatMap((row) => row.shown),
  ...Object.values(differs)
    .flat()
    .flatMap(([, , , ...tests]) => tests),
];

test.each(shown)('%s has a test "%s"', (file, title) => {
  expect(readFileSync(join(import.meta.dirname, '..', file), 'utf8')).toContain(title);
});
