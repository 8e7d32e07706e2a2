/** Runners as somebody sees them who may not see everything: not those kept for others, and no job of others on the rest. */
import type { JobsView } from '../../projections/jobs.js';
import type { RunnerView } from '../../projections/runner-health.js';
import { admits } from '../domain/matching.js';
import type { Sees } from './calls.js';

/** What of runners, and of the jobs on them, the caller may see; where it is absent, everything is seen. */
export interface RunnerSight {
  readonly sees: Sees;
  /** Those in which the caller has a role. */
  readonly enterprises: readonly string[];
}

/** Takes jobs that the caller may see. */
export const isShown = (runner: RunnerView, { enterprises }: RunnerSight): boolean =>
  enterprises.some((enterprise) => admits(runner, enterprise));

/** Slots that others hold stay busy, with an empty id. Whose else it takes jobs is not told. */
const withoutOthers = <R extends RunnerView>(
  runner: R,
  { sees, enterprises }: RunnerSight,
  jobs: JobsView,
): R => {
  const isSeen = (jobId: string): boolean => {
    const job = Object.hasOwn(jobs, jobId) ? jobs[jobId] : undefined;
    return job !== undefined && sees(job);
  };
  const current = Object.entries(runner.current).map(([slot, id]) => [slot, isSeen(id) ? id : ''] as const);
  return {
    ...runner,
    current: Object.fromEntries(current),
    lastOutcomes: runner.lastOutcomes.filter(({ jobId }) => isSeen(jobId)),
    ...(runner.enterprises === undefined
      ? {}
      : { enterprises: runner.enterprises.filter((enterprise) => enterprises.includes(enterprise)) }),
  };
};

export const runnersSeenBy = <R extends RunnerView>(
  runners: readonly R[],
  sight: RunnerSight,
  jobs: JobsView,
): readonly R[] =>
  runners.filter((runner) => isShown(runner, sight)).map((runner) => withoutOthers(runner, sight, jobs));
