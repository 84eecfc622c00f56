// The lab gives the same bytes on each version of Node that the package allows. The others come by
// npm as packages of one binary, 45 MB each.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'node-versions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const recorded: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/lab/digests.json'), 'utf8'),
);
const platform = `${process.platform}-${process.arch}`;

test.each(['20', '22', '24'])('Node %s gives the recorded digests', (version) => {
  const own = join(folder, version);
  const name = `node-${platform}`;
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefix', own, `${name}@${version}`],
    {
      cwd: folder,
    },
  );
  const node = join(own, 'node_modules', name, 'bin', 'node');
  expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toMatch(`v${version}.`);
  const script = join(import.meta.dirname, '../lab/digests.ts');
  const printed = execFileSync(node, ['--import', 'tsx', script], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8' },
  });
  expect(JSON.parse(printed)).toEqual(recorded);
});
