// Everything that code, tests and docs cite exists: scenarios, laws, rules, steps, decisions,
// sections and links.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, id]) => id ?? '');

const defined = {
  scenario: all(read('docs/scenarios.md'), /^### (S\d+) /gm),
  law: all(read('docs/laws.md'), /^\| ([A-Z]?\d+) \|/gm),
  rule: [
    ...all(read('docs/spec.md'), /^\| ([A-Z]{1,2}\d+) \|/gm),
    ...all(read('docs/laws.md'), /^\| ([A-Z]{2}\d+) \|/gm),
  ],
  step: all(read('docs/steps.md'), /^\| ([A-Z]\d+) \|/gm),
  decision: readdirSync(join(root, 'docs/adr')).map((name) => String(Number.parseInt(name, 10))),
};
const rulePrefixes = new Set(defined.rule.map((id) => id.replace(/\d+/, '')));

/**
 * `law 8`, `laws 1 and Q2`, `step D3`, `steps D1 to D6`: the name of the list, and the ids in it.
 */
const listOf = (name: string, id: string): RegExp =>
  new RegExp(`\\b${name}s?\\s+(${id}\\b(?:(?:,| and| to| or)+ ${id}\\b)*)`, 'gi');
const laws = listOf('law', '[A-Z]?\\d+');
const steps = listOf('step', '[A-Z]\\d+');
const rfcSections = /RFC \d+ §[\d.]+(?:(?:,| and)+ §[\d.]+)*/g;

/** Each citation in the text that leads nowhere. */
function danglingIn(text: string): string[] {
  const dangling: string[] = [];
  const cite = (kind: keyof typeof defined, id: string): void => {
    if (!defined[kind].includes(id)) dangling.push(`${kind} ${id}`);
  };
  const lists: [RegExp, 'law' | 'step'][] = [
    [laws, 'law'],
    [steps, 'step'],
  ];
  for (const [pattern, kind] of lists) {
    for (const list of all(text, pattern))
      for (const [id] of list.matchAll(/\b[A-Z]?\d+\b/g)) cite(kind, id);
  }
  const rest = text.replace(laws, '').replace(steps, '').replace(rfcSections, '');
  for (const id of all(rest, /\b(S\d\d)\b/g)) cite('scenario', id);
  for (const id of all(rest, /\b([A-Z]{1,2}\d{1,2})\b/g)) {
    if (rulePrefixes.has(id.replace(/\d+/, '')) && !defined.law.includes(id)) cite('rule', id);
  }
  for (const id of all(rest, /\brules? ([A-Z]{1,2}\d+)\b/g)) cite('rule', id);
  for (const id of all(rest, /\bADR (\d+)\b/g)) cite('decision', String(Number(id)));
  for (const section of rest.match(/.{0,20}§.{0,8}/g) ?? [])
    dangling.push(`section of no RFC: ${section.trim()}`);
  return dangling;
}

const isText = (name: string): boolean => /\.(ts|mjs|md)$/.test(name);
const files = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...['src', 'test', 'load', 'docs', 'site'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(isText)
      .map((name) => `${folder}/${name}`),
  ),
].filter((file) => file !== 'test/references.test.ts');

test.each(files)('%s cites nothing that is not there', (file) => {
  expect(danglingIn(read(file))).toEqual([]);
});

test.each(files.filter((file) => file.endsWith('.md')))('%s links to files that exist', (file) => {
  const links = all(read(file), /\]\(([^)#\s]+)(?:#[^)]*)?\)/g).filter(
    (link) => !/^[a-z]+:/.test(link),
  );
  expect(links.filter((link) => !existsSync(join(root, dirname(file), link)))).toEqual([]);
});

test('there are 32 scenarios and 14 numbered laws, each defined once', () => {
  expect(defined.scenario).toEqual(
    Array.from({ length: 32 }, (_, index) => `S${String(index + 1).padStart(2, '0')}`),
  );
  expect(defined.law.filter((id) => /^\d/.test(id))).toEqual(
    Array.from({ length: 14 }, (_, index) => String(index + 1)),
  );
  for (const ids of Object.values(defined)) expect(new Set(ids).size).toBe(ids.length);
});

test('a citation that leads nowhere is found', () => {
  const wrong =
    'S33, law 15, laws 1 and Q9, rule ZZ1, [LC99], step D7, ADR 99, domain §6; RFC 9110 §13.1.3, §13.1.4';
  expect(danglingIn(wrong).sort()).toEqual([
    'decision 99',
    'law 15',
    'law Q9',
    'rule LC99',
    'rule ZZ1',
    'scenario S33',
    'section of no RFC: ], , ADR 99, domain §6;',
    'step D7',
  ]);
});
