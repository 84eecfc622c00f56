// A dose of the simulator: thousands of seeds in single steps. A failure names its seed; `npm run
// sim -- --seed N` shows it.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dose } from '../dose.ts';
import { mutants } from './mutant-list.ts';
import { type Options, runScript, runSeed, type Script } from './run.ts';
import { type Counts, noCounts } from './sometimes.ts';

const regressions = join(import.meta.dirname, 'regressions');
const found = readdirSync(regressions).filter((name) => name.endsWith('.json'));

test.each(found)('SM3 %s, found once, is not found again', (name) => {
  const { why, config, actions } = JSON.parse(
    readFileSync(join(regressions, name), 'utf8'),
  ) as Script & { why: string };
  expect(why).toMatch(/^\w/);
  expect(runScript({ config, actions }, { compareStrategies: true }).failure).toBeNull();
});

test('SM5 every mutant of the list can be made', () => {
  const src = join(import.meta.dirname, '../../src');
  const broken = mutants.filter(
    ({ file, find }) => readFileSync(join(src, file), 'utf8').split(find).length !== 2,
  );
  expect(broken.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  expect(mutants.length).toBeGreaterThanOrEqual(40);
});

/**
 * SIM_SEEDS=100000 looks longer. On a machine that is busy two minutes are enough, once every state
 * was seen.
 */
const seeds = Number(process.env.SIM_SEEDS ?? dose(120, 5000));
const msEnough = seeds > 5000 ? Number.POSITIVE_INFINITY : 120_000;

test(`SM1 SM2 ${seeds} seeds break no law, and were everywhere`, {
  timeout: 300 * seeds + 300_000,
}, () => {
  const counts: Counts = noCounts();
  const never = (): string[] =>
    Object.entries(counts).flatMap(([state, times]) => (times === 0 ? [state] : []));
  const run = (from: number, to: number, enough: () => boolean, options: Options): string => {
    const started = performance.now();
    let seed = from;
    for (; seed <= to && !(performance.now() - started > msEnough && enough()); seed++) {
      const { failure } = runSeed(seed, { ...options, compareStrategies: seed % 8 === 0 });
      if (failure !== null)
        throw new Error(`seed ${seed}: ${failure.message}\nagain: npm run sim -- --seed ${seed}`);
    }
    const seconds = (performance.now() - started) / 1000;
    return `${seed - from} seeds, ${((seed - from) / seconds).toFixed(1)} seeds/s`;
  };
  const lawful = run(1, seeds, () => never().length === 0, { counts, lawsEvery: 4 });
  process.stdout.write(`sim: ${lawful} with invariants after every 4th entry\n`);
  if (seeds >= 5000) expect(never(), 'states that no seed came to').toEqual([]);
});

test('SM4 a seed gives the same trace in another zone and another tongue, and its script gives it again', () => {
  const few = dose(8, 24);
  const here = Array.from(
    { length: few },
    (_, index) => `${index + 1} ${runSeed(index + 1, { hash: true }).hash}`,
  );
  const main = join(import.meta.dirname, 'main.ts');
  for (const env of [
    { TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' },
    { TZ: 'America/St_Johns', LC_ALL: 'C' },
  ]) {
    const { stdout, status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', main, '--seeds', String(few), '--hash'],
      {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      },
    );
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([process.version, ...here]);
  }
  for (const seed of [3, 7, 11]) {
    const ran = runSeed(seed, { hash: true });
    expect(runScript(ran.script, { hash: true }).hash).toBe(ran.hash);
  }
});
