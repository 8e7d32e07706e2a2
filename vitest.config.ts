import { defineConfig } from 'vitest/config';

const common = { environment: 'node' as const, passWithNoTests: false };

export default defineConfig({
  test: {
    reporters: ['default', './test/summary-reporter.ts'],
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{int,e2e}.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'real',
          include: ['test/**/*.{int,e2e}.test.ts'],
          // real processes on few cores: patience is no measure of speed
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
