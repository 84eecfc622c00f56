// Law 14 on versions of Node other than the one that runs the tests.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('SM4 the same seeds give the same traces on Node 20, 22 and 24, and a bundle replays', {
  timeout: 600_000,
}, () => {
  const nodes = join(import.meta.dirname, '../sim/nodes.ts');
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', nodes], {
    encoding: 'utf8',
  });
  expect(stderr.replace(/^npm warn.*\n/gm, '')).toBe('');
  // Each says itself which Node it is.
  expect([stdout, status]).toEqual([
    expect.stringMatching(
      new RegExp(
        '^200 seeds give the same traces on Node v20\\.\\S+, v22\\.\\S+, v24\\.\\S+\\n' +
          '(v2[024]\\.\\S+: 5 commands on .*: every state and every result is as the bundle says\\.\\n){3}$',
      ),
    ),
    0,
  ]);
});
