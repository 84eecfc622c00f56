// docs/spec.md and the code name the same rules.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const ruleId = /^[A-Z]{1,2}[0-9]+$/;

function rulesInCode(): Set<string> {
  const rules = new Set<string>();
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(root, 'src', name), 'utf8');
    // The ids of stories look like rules.
    for (const [, id] of text.matchAll(/'([A-Z]{1,2}[0-9]+)'/g))
      if (id !== undefined && !/^S\d\d$/.test(id)) rules.add(id);
  }
  return rules;
}

function rulesInSpec(): string[] {
  const text = readFileSync(join(root, 'docs/spec.md'), 'utf8');
  return [...text.matchAll(/^\| ([A-Z]{1,2}[0-9]+) \|/gm)].map(([, id]) => id ?? '');
}

test('every rule that a problem can have is defined in docs/spec.md, once', () => {
  const spec = rulesInSpec();
  expect(spec.filter((id, index) => spec.indexOf(id) !== index)).toEqual([]);
  expect([...rulesInCode()].filter((id) => !spec.includes(id))).toEqual([]);
  for (const id of spec) expect(id).toMatch(ruleId);
});

test('a rule that names an errno in docs/spec.md and is refused somewhere is refused in the code', () => {
  const text = readFileSync(join(root, 'docs/spec.md'), 'utf8');
  const code = rulesInCode();
  const refusals = [...text.matchAll(/^\| ([A-Z]{1,2}[0-9]+) \|(.*)\|$/gm)].filter(([, , rule]) =>
    /\bE[A-Z]{3,}\b/.test(rule ?? ''),
  );
  // These say what another rule's errno becomes, or where a wait ends: they are laws of the walk,
  // not refusals of their own.
  const described = ['SL4', 'GP6', 'LC3', 'ST7', 'SL6'];
  expect(
    refusals.map(([, id]) => id ?? '').filter((id) => !code.has(id) && !described.includes(id)),
  ).toEqual([]);
});
