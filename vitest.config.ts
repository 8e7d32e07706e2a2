import { defineConfig } from 'vitest/config';

// real processes on few cores, which wait more than they work: patience is no measure of speed
const real = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  maxWorkers: 3,
  sequence: { groupOrder: 1 },
};

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
          exclude: ['test/**/*.{int,e2e,hosts}.test.ts'],
          // as long as they have to wait for a busy machine
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          ...real,
          name: 'real',
          include: ['test/**/*.{int,e2e}.test.ts'],
        },
      },
      {
        // the same once more, with the events at a node in a process of its own
        test: {
          ...common,
          ...real,
          name: 'e2e-node',
          include: ['test/e2e/*.e2e.test.ts'],
          exclude: [
            // what can be wrong with a data folder that holds events itself
            'test/e2e/store.e2e.test.ts',
            'test/e2e/store-copy.e2e.test.ts',
            // serve a node of their own
            'test/e2e/esdb.e2e.test.ts',
            'test/e2e/outage.e2e.test.ts',
            'test/e2e/two-servers.e2e.test.ts',
            'test/e2e/demo.e2e.test.ts',
            // about a hook of git and the command line, whatever holds the events
            'test/e2e/git-hook.e2e.test.ts',
            // about a machine and how somebody logs in there; test/e2e/install.e2e.test.ts stands for all of them
            'test/e2e/install-*.e2e.test.ts',
            // about what a runner has, how it is reached, and what a job finds there; the other ones run jobs, too
            'test/e2e/{clone,delivery-job,isolated,jump,phase-command,prove,push-jobs}.e2e.test.ts',
            'test/e2e/{runner-test,split,toolchains}.e2e.test.ts',
          ],
          env: { BATON_TEST_STORE: 'node' },
        },
      },
    ],
  },
});
