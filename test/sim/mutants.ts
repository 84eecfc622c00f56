// npm run mutants: would the simulator notice? Each mutant of the list is made in a copy of the sources, never in the tree, and seeds run
// until one fails. docs/mutants.md is written from what was seen; a survivor is a bug of the simulator.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from 'commander';
import { type Mutant, mutants } from './mutant-list.ts';

const root = join(import.meta.dirname, '../..');
program
  .name('mutants')
  .option('--only <words>', 'those whose name or file has these words')
  .option('--seeds <n>', 'give up after so many seeds', '4000')
  .option('--seconds <n>', 'or so many seconds', '120');
const given = program.parse().opts<{ only?: string; seeds: string; seconds: string }>();

interface Verdict {
  mutant: Mutant;
  /** The seed that killed it, and what it said; null for a survivor. */
  seed: number | null;
  said: string;
  seconds: number;
}

function mutate({ file, find, put }: Mutant): string {
  const house = mkdtempSync(join(tmpdir(), 'pinhole-mutant-'));
  for (const part of [
    'src/kernel',
    'src/journal/codec.ts',
    'test/sim',
    'test/machine.ts',
    'test/trace.ts',
    'package.json',
    'tsconfig.json',
  ])
    cpSync(join(root, part), join(house, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  const path = join(house, 'src/kernel', file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${file} does not have "${find}" once`);
  writeFileSync(
    path,
    text.replace(find, () => put),
  );
  return house;
}

async function run(mutant: Mutant): Promise<Verdict> {
  const house = mutate(mutant);
  const started = performance.now();
  const args = ['--import', 'tsx', 'test/sim/main.ts', '--seeds', given.seeds, '--laws-every', '1', '--no-shrink'];
  const child = spawn(process.execPath, args, { cwd: house, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), Number(given.seconds) * 1000);
  let out = '';
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    out += bytes.toString();
  });
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  rmSync(house, { recursive: true, force: true });
  const seconds = (performance.now() - started) / 1000;
  const killed = /^seed (\d+) failed after \d+ actions: (.*)$/m.exec(out);
  if (killed !== null) return { mutant, seed: Number(killed[1]), said: plain(killed[2] ?? ''), seconds };
  if (/ seeds, /.test(out)) return { mutant, seed: null, said: '', seconds };
  if (child.killed) return { mutant, seed: null, said: 'it ran out of time', seconds };
  throw new Error(`${mutant.file} ${mutant.name}: ${out}`);
}

/** The law, or the assertion, without where it was broken. */
const plain = (said: string): string => (/^(?:\w*Error|Panic): (.*)$/.exec(said)?.[1] ?? said).split(': ').slice(0, 2).join(': ');

const wanted = mutants.filter(({ name, file }) => `${file} ${name}`.includes(given.only ?? ''));
const queue = [...wanted];
const verdicts: Verdict[] = [];
async function worker(): Promise<void> {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const verdict = await run(mutant);
    verdicts.push(verdict);
    const end = verdict.seed === null ? `SURVIVED ${verdict.said}` : `seed ${verdict.seed}: ${verdict.said}`;
    process.stdout.write(`${mutant.file}  ${mutant.name}  ${end}  (${verdict.seconds.toFixed(1)} s)\n`);
  }
}
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));

const alive = verdicts.filter(({ seed }) => seed === null);
process.stdout.write(`${verdicts.length - alive.length} of ${verdicts.length} killed\n`);
if (alive.length > 0) process.exitCode = 1;
if (given.only === undefined) {
  verdicts.sort((a, b) => wanted.indexOf(a.mutant) - wanted.indexOf(b.mutant));
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = verdicts.map(
    ({ mutant, seed, said }) =>
      `| \`${mutant.file}\` | ${cell(mutant.name)} | ${cell(mutant.breaks)} | ${seed ?? 'none'} | ${cell(said)} |`,
  );
  const head = `# Mutants

Small wrongs made in a copy of the kernel, and the first seed of the simulator that notices, counted from 1. \`npm run mutants\` writes this
page; the wrongs themselves are in [mutant-list.ts](../test/sim/mutant-list.ts). ${verdicts.length - alive.length} of ${verdicts.length} are killed.

| file | what is wrong | law | seed | what the seed says |
|---|---|---|---|---|
`;
  writeFileSync(join(root, 'docs/mutants.md'), `${head}${rows.join('\n')}\n`);
}
