// Each operation of the registry has a test, a trace and a verb in the simulator, or a reason why
// not. A new operation that has none of them fails here by name.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { operations } from '../../src/kernel/ops/index.ts';

const root = join(import.meta.dirname, '..');
const textsOf = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));

const tests = ['kernel', 'scenarios', 'fidelity', 'model', 'http'].flatMap((folder) =>
  textsOf(folder, /\.ts$/),
);
const traces = textsOf('traces', /\.trace$/);
const simulator = [
  readFileSync(join(root, 'sim/config.ts'), 'utf8'),
  readFileSync(join(root, 'sim/driver.ts'), 'utf8'),
].join('\n');

const durable = 'what is durable shows after a power cut: test/kernel/ops/clwb.test.ts';
const reads = 'it changes nothing, and the recordings of Linux say what it answers: test/fidelity';
const noTrace: Record<string, string> = {
  'set-strategy':
    'a story runs under one strategy: test/kernel/ops/set-strategy.test.ts changes it',
  sync: durable,
  flush: durable,
  seek: reads,
  fiemap: reads,
  rename: 'no scenario renames: test/kernel/ops/rename.test.ts has its waits step by step',
  unpoison: 'the opposite of poison: test/scenarios/s27-poison.test.ts ends with it',
};
const noVerb: Record<string, string> = {
  umount: 'it ends the machine, and nothing is left to check',
  'scheduler-step': 'the driver takes every step with it',
  seek: reads,
  fiemap: reads,
};

/** Methods of test/machine.ts that have another name. */
const methods: Record<string, string> = { 'clock-advance': 'advance' };
const camel = (name: string): string =>
  name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** By its name, or by the method of test/machine.ts of it. */
const hasTest = (name: string): boolean =>
  tests.some(
    (text) => text.includes(`'${name}'`) || text.includes(`m.${methods[name] ?? camel(name)}(`),
  );
const hasTrace = (name: string): boolean =>
  traces.some((text) => new RegExp(`^> ${name}( |$)`, 'm').test(text));
const hasVerb = (name: string): boolean =>
  simulator.includes(`  '${name}',\n`) || simulator.includes(`#call('${name}'`);

describe.each([...operations.keys()])('%s', (name) => {
  test('has a test', () => expect(hasTest(name)).toBe(true));
  test('has a trace, or a reason why not', () =>
    expect(hasTrace(name)).toBe(noTrace[name] === undefined));
  test('has a verb in the simulator, or a reason why not', () =>
    expect(hasVerb(name)).toBe(noVerb[name] === undefined));
});

test('a reason is of an operation', () => {
  const reasons = [...Object.keys(noTrace), ...Object.keys(noVerb)];
  expect(reasons.filter((name) => !operations.has(name))).toEqual([]);
});
