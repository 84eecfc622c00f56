// Tests of the store in PostgreSQL and of the cluster: `npm run cluster:test`. They need Debian's postgresql-15, some of
// them haproxy, and are skipped without it.
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/reporter.ts';

export default defineConfig({
  test: {
    include: ['test/postgres/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default', new ClosingLine()],
  },
});
