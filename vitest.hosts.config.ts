import { defineConfig } from 'vitest/config';

// other people's programs: installed apart, and started for minutes; never part of `npm test`
export default defineConfig({
  test: {
    reporters: ['default', './test/summary-reporter.ts'],
    name: 'hosts',
    environment: 'node',
    include: ['test/hosts/*.hosts.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 1,
  },
});
