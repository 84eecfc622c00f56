// Tests of the page in a real Chromium: `npm run test:web`. They need Debian's chromium and
// fonts-dejavu-core, and the built page.
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/reporter.ts';

export default defineConfig({
  test: {
    include: ['test/web/**/*.test.ts'],
    exclude: ['test/web/**/*.unit.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    globalSetup: ['test/web/needs.ts'],
    reporters: ['default', new ClosingLine()],
  },
});
