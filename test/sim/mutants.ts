// npm run mutants: does the simulator find small bugs? The sources are compiled once. Each mutant
// of the list is compiled over a copy of the result, never into the source tree, and seeds run
// until one fails. The results are written to docs/mutants.md. A mutant that is not found is a bug
// of the simulator.
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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
  .option('--seconds <n>', 'or so many seconds', '300')
  .option('--alone-seeds <n>', 'the oracles alone give up after so many seeds', '2000')
  .option('--alone-seconds <n>', 'or so many seconds', '90');
const given = program.parse().opts<{
  only?: string;
  seeds: string;
  seconds: string;
  aloneSeeds: string;
  aloneSeconds: string;
}>();

/** What the first seed that failed said, and who noticed; null for a survivor. */
interface Killed {
  /** null where it was a test. */
  seed: number | null;
  by: string;
  said: string;
}

interface Verdict {
  mutant: Mutant;
  killed: Killed | null;
  /** By the oracles, with the kernel's own laws left out and its assertions passed over. */
  alone: Killed | null;
  seconds: number;
}

const { compilerOptions } = ts.parseConfigFileTextToJson(
  '',
  readFileSync(join(root, 'tsconfig.json'), 'utf8'),
).config;
const { options } = ts.convertCompilerOptionsFromJson(
  { ...compilerOptions, noEmit: false, module: 'esnext', moduleResolution: 'bundler' },
  root,
);

/** Compiles `text` to the place of the source file `path` in `house`. */
function compile(house: string, path: string, text: string): void {
  const to = join(house, path.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(
    to,
    ts.transpileModule(text, { compilerOptions: options, fileName: join(root, path) }).outputText,
  );
}

const scratch = mkdtempSync(join(tmpdir(), 'pinhole-mutants-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Everything that a simulation needs, without a wrong. */
function compileAll(): string {
  const house = join(scratch, 'sound');
  for (const part of ['src', 'test/sim', 'test'])
    for (const path of readdirSync(join(root, part), {
      recursive: part !== 'test',
      encoding: 'utf8',
    }))
      if (path.endsWith('.ts'))
        compile(house, join(part, path), readFileSync(join(root, part, path), 'utf8'));
  writeFileSync(join(house, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  return house;
}
const sound = compileAll();

function wrongText({ file, find, put }: Mutant): { path: string; text: string } {
  const path = join('src', file);
  const text = readFileSync(join(root, path), 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${file} does not have "${find}" once`);
  return { path, text: text.replace(find, () => put) };
}

function mutate(mutant: Mutant): string {
  const house = mkdtempSync(join(scratch, 'mutant-'));
  cpSync(sound, house, { recursive: true, verbatimSymlinks: true });
  const { path, text } = wrongText(mutant);
  compile(house, path, text);
  return house;
}

/** What a program prints until it ends or is late. */
async function output(
  cwd: string,
  args: string[],
  seconds: number,
): Promise<{ out: string; late: boolean }> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, seconds * 1000);
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      out += bytes.toString();
    });
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  return { out, late };
}

/**
 * The sources and tests as they are, with the wrong in them, and the one test file that is to
 * notice.
 */
async function runTest(mutant: Mutant, test: string): Promise<Killed | null> {
  const house = mkdtempSync(join(scratch, 'tested-'));
  for (const part of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    cpSync(join(root, part), join(house, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  const { path, text } = wrongText(mutant);
  writeFileSync(join(house, path), text);
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', test, '--reporter=json'];
  const { out, late } = await output(house, args, Number(given.seconds));
  rmSync(house, { recursive: true, force: true });
  // A wrong after which the test never ends is noticed, too.
  if (late) return { seed: null, by: 'test', said: `${test} does not end` };
  const failed = /"fullName":"([^"]*)","status":"failed"/.exec(out);
  if (failed !== null) return { seed: null, by: 'test', said: failed[1] ?? '' };
  if (!out.includes('"success":true')) harnessErrors.push(`${mutant.file} ${mutant.name}: ${out}`);
  return null;
}

async function run(mutant: Mutant): Promise<Verdict> {
  const started = performance.now();
  if (typeof mutant.sim === 'object') {
    const killed = await runTest(mutant, mutant.sim.test);
    return { mutant, killed, alone: null, seconds: (performance.now() - started) / 1000 };
  }
  const house = mutate(mutant);
  const laws = mutant.sim === 'journal' ? ['--journal'] : ['--laws-every', '1', '--no-shrink'];
  const killed = await killerOf(
    mutant,
    house,
    ['--seeds', given.seeds, ...laws],
    Number(given.seconds),
  );
  const seconds = (performance.now() - started) / 1000;
  const again = mutant.sim === 'kernel' && killed !== null;
  const args = ['--seeds', given.aloneSeeds, '--oracles-alone', '--no-shrink'];
  const alone = again ? await killerOf(mutant, house, args, Number(given.aloneSeconds)) : killed;
  rmSync(house, { recursive: true, force: true });
  return { mutant, killed, alone: alone?.by === 'oracle' ? alone : null, seconds };
}

/**
 * The first seed that fails. An error of the simulator itself notices nothing: whoever reads the
 * table must not take it for a kill.
 */
async function killerOf(
  { file, name }: Mutant,
  house: string,
  args: string[],
  seconds: number,
): Promise<Killed | null> {
  const { out, late } = await output(house, ['test/sim/main.js', ...args], seconds);
  const [, seed, by, said = ''] = /^seed (\d+) failed \((\w+)\)[^:]*: (.*)$/m.exec(out) ?? [];
  if (seed !== undefined && by !== undefined && by !== 'harness')
    return { seed: Number(seed), by, said: plain(said) };
  if (late || (seed === undefined && / seeds, | seeds in /.test(out))) return null;
  harnessErrors.push(`${file} ${name}: ${out}`);
  return null;
}
const harnessErrors: string[] = [];

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
    const tell = (killed: Killed | null): string =>
      killed === null
        ? 'SURVIVED'
        : `${killed.seed === null ? '' : `seed ${killed.seed} `}(${killed.by}): ${killed.said}`;
    const end = `${tell(verdict.killed)}  (${verdict.seconds.toFixed(1)} s); oracles alone: ${tell(verdict.alone)}`;
    process.stdout.write(`${mutant.file}  ${mutant.name}  ${end}\n`);
  }
}
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));

const dead = verdicts.filter(({ killed }) => killed !== null);
const deadAlone = verdicts.filter(({ alone }) => alone !== null);
process.stdout.write(
  `${dead.length} of ${verdicts.length} killed, ${deadAlone.length} by the oracles alone\n`,
);
for (const error of harnessErrors) process.stdout.write(`the simulator itself failed: ${error}\n`);
if (dead.length < verdicts.length || harnessErrors.length > 0) process.exitCode = 1;
if (given.only === undefined) {
  verdicts.sort((a, b) => wanted.indexOf(a.mutant) - wanted.indexOf(b.mutant));
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = verdicts.map(({ mutant, killed, alone }) => {
    const first = killed?.by === 'test' ? 'test' : (killed?.seed ?? 'none');
    const second = typeof mutant.sim === 'object' ? '' : (alone?.seed ?? 'none');
    const seen = [first, cell(killed?.said ?? ''), second, cell(alone?.said ?? '')];
    return `| \`${mutant.file}\` | ${cell(mutant.name)} | ${cell(mutant.breaks)} | ${seen.join(' | ')} |`;
  });
  const count = (by: string): number => dead.filter(({ killed }) => killed?.by === by).length;
  const head = `# Mutants

Each row is a small bug in a copy of the sources, and the first seed of the simulator (counted from 1) that finds it. \`npm run mutants\` writes this
page; [mutant-list.ts](../test/sim/mutant-list.ts) defines the bugs. ${dead.length} of ${verdicts.length} are found: ${count('oracle')} by an oracle of the simulator,
${count('law')} by a law of the kernel's own table, ${count('panic')} by an assertion of the kernel, ${count('test')} by a test, and none by an error of the simulator, which
would not count. Tests cover what the simulator cannot reach: it steps every task itself, so none of its entries runs out of steps; it has five
owners, so there are never crowds of sleepers; and it has no 2 MiB pages.

The last two columns repeat this without the laws and the assertions, with ${given.aloneSeeds} seeds at most: only the oracles can find a mutant there, and they
share no code with the kernel. They find ${deadAlone.length} of the ${dead.length - count('test')}. [simulator.md](simulator.md#mutants) tells why they miss the others.
For mutants of the journal they repeat the first result.

| file | what is wrong | law | seed | what it reports | seed, oracles only | what they report |
|---|---|---|---|---|---|---|
`;
  writeFileSync(join(root, 'docs/mutants.md'), `${head}${rows.join('\n')}\n`);
}
