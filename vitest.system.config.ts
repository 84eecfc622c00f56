// Tests against programs that are not ours: `npm run test:system`. They need Debian's prometheus,
// python3-websockets and strace, and for a disk of their own root; they run the built server.
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/reporter.ts';

export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
    globalSetup: ['test/system/needs.ts'],
    reporters: ['default', new ClosingLine()],
  },
});
