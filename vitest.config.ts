import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/system/**', 'test/postgres/**', 'test/web/**/!(*.unit).test.ts'],
    environment: 'node',
    // Processes, not threads: servers, signals and typed arrays behave as they do outside the
    // tests.
    pool: 'forks',
    maxWorkers: 2,
    // None of these is a promise: a test passes on a machine that is three times too busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    reporters: ['default', new ClosingLine()],
  },
});
