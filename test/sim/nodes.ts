// npm run sim:nodes: the same seeds on every supported version of Node, each from its npm package;
// the hashes of their traces must be equal. A bundle that this Node writes must replay on each.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, sleepingWorld, start, fs as world } from '../http/start.ts';

const versions = ['20.20.2', '22.23.3', '24.21.0'];
const seeds = 200;

function runOn(version: string, args: readonly string[]): string {
  const node = ['--yes', '-p', `node@${version}`, 'node', '--import', 'tsx'];
  const { stdout, stderr, status } = spawnSync('npx', [...node, ...args], {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '../..'),
  });
  if (status !== 0) throw new Error(`node@${version}: ${stdout}${stderr}`);
  return stdout;
}

function hashesOn(version: string): string[] {
  const main = join(import.meta.dirname, 'main.ts');
  const stdout = runOn(version, [main, '--seeds', String(seeds), '--hash']);
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

/** The bundle of a filesystem with a sleeper. */
async function bundle(): Promise<Buffer> {
  const service = await start();
  await sleepingWorld(service);
  const { bytes } = await must(service, 200, 'GET', `${world}/bundle`);
  await service.close();
  return bytes;
}

const folder = mkdtempSync(join(tmpdir(), 'pinhole-nodes-'));
const file = join(folder, 'a.pinhole');
writeFileSync(file, await bundle());
const main = join(import.meta.dirname, '../../src/main.ts');
for (const version of versions)
  process.stdout.write(`v${version}: ${runOn(version, [main, 'replay', '--quiet', file])}`);
rmSync(folder, { recursive: true });
