// The journals of released versions, replayed on other versions of Node than the one that runs the
// tests.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { freshFolder } from '../crash/process.ts';

const root = join(import.meta.dirname, '../..');
const goldens = join(root, 'test/fixtures/journals');
const versions = ['20', '22', '24'];
const nodes = freshFolder();

/** npm's package `node` brings the binary. */
const nodeOf = (version: string): string => join(nodes, version, 'node_modules/node/bin/node');

beforeAll(() => {
  for (const version of versions) {
    const folder = join(nodes, version);
    mkdirSync(folder);
    execFileSync(
      'npm',
      ['install', '--prefix', folder, '--no-save', '--foreground-scripts', `node@${version}`],
      {
        stdio: 'ignore',
      },
    );
  }
}, 300_000);

it.each(versions)('replay to what they were on Node %s', (version) => {
  expect(execFileSync(nodeOf(version), ['--version'], { encoding: 'utf8' })).toMatch(
    new RegExp(`^v${version}\\.`),
  );
  for (const golden of readdirSync(goldens)) {
    const folder = freshFolder();
    cpSync(join(goldens, golden), folder, { recursive: true });
    const env = { ...process.env, TZ: 'Asia/Tokyo', LC_ALL: 'ja_JP.UTF-8' };
    const out = execFileSync(
      nodeOf(version),
      [join(root, 'dist/main.js'), 'repair', '--data-dir', folder],
      {
        encoding: 'utf8',
        env,
      },
    );
    rmSync(folder, { recursive: true });
    expect(out).toBe(readFileSync(join(goldens, golden, 'replay.txt'), 'utf8'));
  }
});
