/** Processes on the runner: made for a job, made while it runs, and there while it runs. */
import { startCounted } from '../fleet/counted.js';
import { allSucceeded, openEngine, runAtOnce } from '../fleet/engine.js';
import type { Group } from '../report.js';
import type { Undoing } from '../store/tidily.js';
import { AT_ONCE } from './throughput.js';

export const FORKS = {
  perJob: 'forks on the runner per job',
  running: `forks per second while ${AT_ONCE} jobs run`,
  processes: 'processes per running job',
} as const;

export const forksGroup = async (jobs: number, watchMs: number, undoing: Undoing): Promise<Group> => {
  const { machine, count, settled } = await startCounted(undoing);
  const idle = await count();
  const engine = await openEngine(machine, AT_ONCE, undoing);
  return {
    rows: [
      [FORKS.perJob, 'forks'],
      [FORKS.running, 'forks/s'],
      [FORKS.processes, 'processes'],
    ],
    measure: async () => {
      const before = await settled();
      allSucceeded((await runAtOnce(engine, 'true', jobs)).ended);
      const after = await settled();
      const sleeping = await Promise.all(
        Array.from({ length: AT_ONCE }, () => engine.promote('exec sleep 600')),
      );
      await Promise.all(sleeping.map((job) => job.started));
      const running = await settled();
      await new Promise((resolve) => setTimeout(resolve, watchMs));
      const later = await count();
      await Promise.all(sleeping.map((job) => job.cancel()));
      await Promise.all(sleeping.map((job) => job.finished));
      return [
        (after.forks - before.forks) / jobs,
        ((later.forks - running.forks) * 1000) / watchMs,
        (running.processes - idle.processes) / AT_ONCE,
      ];
    },
  };
};
