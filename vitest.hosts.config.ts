/** Real pipeline engines in front of a real server: `npm run test:hosts`. They are large, so they run only when asked for. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['default', './test/summary-reporter.ts'],
    name: 'hosts',
    environment: 'node',
    include: ['test/hosts/*.hosts.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // the engines wait more than they work
    maxWorkers: 2,
    passWithNoTests: false,
  },
});
