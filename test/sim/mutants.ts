// npm run mutants: would the simulator notice? The sources are compiled once; each mutant of the list is compiled over a copy of that, never
// into the tree, and seeds run until one fails. docs/mutants.md is written from what was seen; a survivor is a bug of the simulator.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { program } from 'commander';
import ts from 'typescript';
import { type Mutant, mutants } from './mutant-list.ts';

const root = join(import.meta.dirname, '../..');
program
  .name('mutants')
  .option('--only <words>', 'those whose name or file has these words')
  .option('--seeds <n>', 'give up after so many seeds', '6000')
  .option('--seconds <n>', 'or so many seconds', '300');
const given = program.parse().opts<{ only?: string; seeds: string; seconds: string }>();

interface Verdict {
  mutant: Mutant;
  /** The seed that killed it, and what it said; null for a survivor. */
  seed: number | null;
  said: string;
  seconds: number;
}

const { compilerOptions } = ts.parseConfigFileTextToJson('', readFileSync(join(root, 'tsconfig.json'), 'utf8')).config;
const { options } = ts.convertCompilerOptionsFromJson(
  { ...compilerOptions, noEmit: false, module: 'esnext', moduleResolution: 'bundler' },
  root,
);

/** Compiles `text` to the place of the source file `path` in `house`. */
function compile(house: string, path: string, text: string): void {
  const to = join(house, path.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, ts.transpileModule(text, { compilerOptions: options, fileName: join(root, path) }).outputText);
}

const scratch = mkdtempSync(join(tmpdir(), 'pinhole-mutants-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Everything that a simulation needs, without a wrong. */
function compileAll(): string {
  const house = join(scratch, 'sound');
  for (const part of ['src', 'test/sim', 'test'])
    for (const path of readdirSync(join(root, part), { recursive: part !== 'test', encoding: 'utf8' }))
      if (path.endsWith('.ts')) compile(house, join(part, path), readFileSync(join(root, part, path), 'utf8'));
  writeFileSync(join(house, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  return house;
}
const sound = compileAll();

function mutate({ file, find, put }: Mutant): string {
  const house = mkdtempSync(join(scratch, 'mutant-'));
  cpSync(sound, house, { recursive: true, verbatimSymlinks: true });
  const path = join('src', file);
  const text = readFileSync(join(root, path), 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${file} does not have "${find}" once`);
  compile(
    house,
    path,
    text.replace(find, () => put),
  );
  return house;
}

async function run(mutant: Mutant): Promise<Verdict> {
  const house = mutate(mutant);
  const started = performance.now();
  const laws = mutant.sim === 'journal' ? ['--journal'] : ['--laws-every', '1', '--no-shrink'];
  const args = ['test/sim/main.js', '--seeds', given.seeds, ...laws];
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
  const killed = /^seed (\d+) failed[^:]*: (.*)$/m.exec(out);
  if (killed !== null) return { mutant, seed: Number(killed[1]), said: plain(killed[2] ?? ''), seconds };
  if (/ seeds, /.test(out)) return { mutant, seed: null, said: '', seconds };
  if (child.killed) return { mutant, seed: null, said: 'it ran out of time', seconds };
  throw new Error(`${mutant.file} ${mutant.name}: ${out}`);
}

/** The law, or the assertion, without where it was broken, and without names that chance gave. */
const plain = (said: string): string =>
  (/^(?:\w*Error|Panic): (.*)$/.exec(said)?.[1] ?? said)
    .replaceAll(/\b[0-9a-f]{18}\b/g, '…')
    .split(': ')
    .slice(0, 2)
    .join(': ');

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

Small wrongs made in a copy of the sources, and the first seed of the simulator that notices, counted from 1. \`npm run mutants\` writes this
page; the wrongs themselves are in [mutant-list.ts](../test/sim/mutant-list.ts). ${verdicts.length - alive.length} of ${verdicts.length} are killed.

| file | what is wrong | law | seed | what the seed says |
|---|---|---|---|---|
`;
  writeFileSync(join(root, 'docs/mutants.md'), `${head}${rows.join('\n')}\n`);
}
