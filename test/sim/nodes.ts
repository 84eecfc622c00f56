// npm run sim:nodes: the same seeds on every supported version of Node, each from its npm package;
// the hashes of their traces must be equal.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const versions = ['20.20.2', '22.23.3', '24.21.0'];
const seeds = 200;

function hashesOn(version: string): string[] {
  const main = join(import.meta.dirname, 'main.ts');
  const args = [
    '--yes',
    '-p',
    `node@${version}`,
    'node',
    '--import',
    'tsx',
    main,
    '--seeds',
    String(seeds),
    '--hash',
  ];
  const { stdout, stderr, status } = spawnSync('npx', args, {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '../..'),
  });
  if (status !== 0) throw new Error(`node@${version}: ${stdout}${stderr}`);
  const [answered, ...hashes] = stdout.trim().split('\n');
  // A package that brings another program, or none that comes before the one in the path, would
  // compare a Node with itself.
  if (answered !== `v${version}`) throw new Error(`node@${version} is ${answered}`);
  return hashes;
}

const [first = [], ...others] = versions.map(hashesOn);
for (const [index, hashes] of others.entries()) {
  const at = first.findIndex((line, seed) => line !== hashes[seed]);
  if (at < 0 && first.length === seeds && hashes.length === seeds) continue;
  process.stdout.write(
    `seed ${at + 1} gives another trace on ${versions[index + 1]} than on ${versions[0]}\n`,
  );
  process.exitCode = 1;
}
if (process.exitCode === undefined)
  process.stdout.write(
    `${seeds} seeds give the same traces on Node ${versions.map((version) => `v${version}`).join(', ')}\n`,
  );
