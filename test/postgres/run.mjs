// `npm run cluster:test -- [--full] [options of vitest]`: --full runs each gate at its full dose.
import { spawnSync } from 'node:child_process';

const given = process.argv.slice(2);
const args = given.filter((arg) => arg !== '--full');
const env = given.includes('--full') ? { ...process.env, TEST_DOSE: 'full' } : process.env;
const done = spawnSync('vitest', ['run', '--config', 'vitest.cluster.config.ts', ...args], {
  stdio: 'inherit',
  env,
});
process.exit(done.status ?? 1);
