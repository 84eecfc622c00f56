// npm run sim: random worlds by seed, in single steps, checked against laws and models. See
// docs/simulator.md.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, program } from 'commander';
import { journalStates, noJournalCounts, runJournal } from './journal.ts';
import { runScript, runSeed } from './run.ts';
import { shrink, traceOf } from './shrink.ts';
import { noCounts, states } from './sometimes.ts';

const whole = (text: string): number => {
  if (!/^[0-9]+$/.test(text)) throw new InvalidArgumentError('a whole number');
  return Number(text);
};
program
  .name('sim')
  .option('--seed <n>', 'one seed, with its trace', whole)
  .option('--seeds <n>', 'so many seeds', whole)
  .option('--seconds <n>', 'as many seeds as fit', whole)
  .option('--from <n>', 'the first seed', whole, 1)
  .option(
    '--laws-every <n>',
    "the kernel's own laws after every so many entries; 0 leaves them out",
    whole,
    4,
  )
  .option('--oracles-alone', "pass over what the kernel's own laws and assertions notice")
  .option('--journal', 'the engine, its journal and the recovery, over a disk that fails')
  .option('--no-shrink', 'print the seed that failed and stop')
  .option('--save', 'keep the shortest script as a regression')
  .option('--hash', 'print a hash of the events and replies of each seed');
const given = program.parse().opts<{
  seed?: number;
  seeds?: number;
  seconds?: number;
  from: number;
  lawsEvery: number;
  oraclesAlone?: true;
  journal?: true;
  shrink: boolean;
  save?: true;
  hash?: true;
}>();

/** Every this many seeds the changes are played again under another strategy. */
const compareEvery = 8;
const started = performance.now();
const elapsed = (): number => (performance.now() - started) / 1000;

/**
 * Whatever is run again, to name it, to shorten it or to show it, is looked at as it was: by the
 * laws too, then after each entry, or not.
 */
const again = given.oraclesAlone || given.lawsEvery === 0 ? { lawsEvery: 0 } : {};

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function failed(seed: number): void {
  const compareStrategies = seed % compareEvery === 0;
  const { failure, script } = runSeed(seed, { ...again, compareStrategies });
  if (failure === null) {
    print(`seed ${seed} fails only with what ran before it`);
    return;
  }
  print(
    `seed ${seed} failed (${failure.by}) after ${script.actions.length} actions: ${failure.message}`,
  );
  print(`again: npm run sim -- --seed ${seed}`);
  if (!given.shrink) return;
  const short = shrink(script, failure.law, again);
  print(
    `\nthe shortest script found, ${short.actions.length} actions, for test/sim/regressions/${seed}.json:`,
  );
  const kept = JSON.stringify({ why: failure.message.split('\n')[0], seed, ...short });
  print(kept);
  if (given.save)
    writeFileSync(join(import.meta.dirname, 'regressions', `${seed}.json`), `${kept}\n`);
  print(`\n${traceOf(short, again)}`);
}

function one(seed: number): void {
  const { failure, hash, script } = runSeed(seed, {
    ...again,
    hash: true,
    compareStrategies: true,
  });
  print(JSON.stringify(script.config));
  print(traceOf(script, again));
  print(hash);
  if (failure === null && runScript(script, { hash: true }).hash !== hash)
    print('the script gives another trace than the seed');
  if (failure === null) return;
  process.exitCode = 1;
  failed(seed);
}

/** Are there more seeds to run? */
const goesOn = (done: number): boolean =>
  given.seconds === undefined ? done < (given.seeds ?? 1000) : elapsed() < given.seconds;

function many(): void {
  const counts = noCounts();
  let done = 0;
  let entries = 0;
  let passedOver = 0;
  if (given.hash) print(process.version);
  for (; goesOn(done); done++) {
    const seed = given.from + done;
    const ran = runSeed(seed, {
      counts,
      lawsEvery: given.oraclesAlone ? 0 : given.lawsEvery,
      hash: given.hash === true,
      compareStrategies: seed % compareEvery === 0,
    });
    entries += ran.entries;
    if (given.hash) print(`${seed} ${ran.hash}`);
    if (ran.failure === null) continue;
    if (given.oraclesAlone && ran.failure.by === 'panic') {
      passedOver += 1;
      continue;
    }
    process.exitCode = 1;
    failed(seed);
    return;
  }
  if (given.hash) return;
  const seconds = elapsed();
  if (passedOver > 0) print(`${passedOver} of them ended with an assertion of the kernel`);
  const laws =
    given.oraclesAlone || given.lawsEvery === 0
      ? 'without invariants'
      : `with invariants after every ${given.lawsEvery} entries`;
  print(
    `${done} seeds, ${entries} entries in ${seconds.toFixed(1)} s: ${(done / seconds).toFixed(1)} seeds/s ${laws}`,
  );
  for (const state of states) print(`${String(counts[state]).padStart(9)}  ${state}`);
}

async function journal(): Promise<void> {
  const counts = noJournalCounts();
  let done = 0;
  for (; given.seed === undefined ? goesOn(done) : done < 1; done++) {
    const seed = given.seed ?? given.from + done;
    const broken = await runJournal(seed, counts);
    if (broken === null) continue;
    process.exitCode = 1;
    print(
      `seed ${seed} failed (${broken.by}): ${broken.message}\nagain: npm run sim -- --journal --seed ${seed}`,
    );
    return;
  }
  const seconds = elapsed();
  print(`${done} seeds in ${seconds.toFixed(1)} s: ${(done / seconds).toFixed(1)} seeds/s`);
  for (const state of journalStates) print(`${String(counts[state]).padStart(9)}  ${state}`);
}

if (given.journal) await journal();
else if (given.seed === undefined) many();
else one(given.seed);
