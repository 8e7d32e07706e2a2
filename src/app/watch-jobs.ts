/** Jobs as they change, from where a reader left off: nothing is missing, whenever it goes and comes back. */
import { concatMap, defer, type Observable } from 'rxjs';
import type { JobsView, JobView } from '../../projections/jobs.js';
import { comparePositions, type Position } from '../kernel/recorded.js';
import type { ReadModel } from './read-models.js';
import type { JobFilter } from './use-cases.js';

/** Whether the caller wants to see, and may see, this job. */
export const matchesFilter = (view: JobView, { status, runner, change, sees }: JobFilter): boolean =>
  (sees === undefined || sees(view)) &&
  (status === undefined || view.status === status) &&
  (runner === undefined || view.attempts.at(-1)?.runner === runner) &&
  (change === undefined || view.changeId === change || view.unionOf === change);

const jobOf = (view: JobsView, stream: string): JobView | undefined =>
  stream.startsWith('job-') ? view[stream.slice(4)] : undefined;

/** In the order of their last events, so that each position given stands for all that came before it. */
const inOrder = (views: readonly JobView[]): readonly JobView[] =>
  [...views].sort((a, b) => comparePositions(a.position, b.position));

/**
 * The snapshot gives each job at the position of its own last event: a reader that is cut off in the middle of it goes on
 * from there. With `after`, those that did not change since are left out; one that lies ahead of everything here is of
 * another store, or of a view that is still catching up, and leaves out nothing.
 */
export const watchJobs = (
  jobs: ReadModel<JobsView>,
  wanted: JobFilter,
  after: Position = '',
): Observable<{ readonly position: Position; readonly job: JobView }> =>
  defer(() => {
    const since = comparePositions(after, jobs.position()) > 0 ? '' : after;
    const told = (job: JobView | undefined): job is JobView =>
      job !== undefined && matchesFilter(job, wanted) && comparePositions(job.position, since) > 0;
    return jobs.view$.pipe(
      concatMap(({ view, last }) => {
        const changed = last === undefined ? inOrder(Object.values(view)) : [jobOf(view, last.stream)];
        return changed.filter(told).map((job) => ({ position: job.position, job: structuredClone(job) }));
      }),
    );
  });
