// The long form of test/http/event-stream-slow.test.ts: 200 readers that do not read, for a minute.
import { spawnSync } from 'node:child_process';
import { root } from './server.ts';

/** Says whether the test passed. */
export function stalled(): boolean {
  const vitest = `${root}node_modules/vitest/vitest.mjs`;
  const env = { ...process.env, STALLED_READERS: '200', STALLED_SECONDS: '60' };
  const args = [vitest, 'run', 'test/http/event-stream-slow.test.ts', '--testTimeout=300000'];
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status === 0;
}
