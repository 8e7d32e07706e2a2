/** Projects whose Verify is one job, and its commands: what tests of pages wait at is theirs to open. */
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { until } from '../e2e/processes.js';
import type { Project, World } from '../e2e/world.js';

/** `filters`: of the job, as `.delivery/config.json` has them. */
export const oneJob = (unit: string, filters: readonly object[] = []): Project => ({
  commands: { unit },
  config: {
    version: '2',
    skip_phases: ['lint', 'syntax', 'quality', 'security', 'publish', 'provision', 'smoke', 'functional'],
    job_dispatch: { version: 'v2', ...(filters.length === 0 ? {} : { filters: { unit: filters } }) },
  },
});

/** In a shell: goes on when the test makes this file. */
export const untilThere = (path: string): string => `until [ -e ${path} ]; do sleep 0.05; done`;

/** A job of this change, once there is one that is so. */
export const theJob = (
  world: World,
  { id }: Pick<ChangeView, 'id'>,
  isSo: (job: JobView) => boolean = () => true,
): Promise<JobView> => until(`a job of change ${id}`, async () => (await world.jobsOf(id)).find(isSo));
