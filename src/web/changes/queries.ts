/** What the pages of changes read. */
import { useQuery } from '@tanstack/react-query';
import type { JobView } from '../../../projections/jobs.js';
import type { ChangeView } from '../../app/change-view.js';
import type { Page } from '../../app/pages.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useAt, type OfPast } from '../api/past.js';

/** The change, now or at the moment that is shown; a beginning of its id will do. */
export const useChange = (id: string) => {
  const at = useAt();
  return useQuery({
    queryKey: ['change', id, at],
    queryFn: ({ signal }) =>
      ask<ChangeView & OfPast>(`${apiPath('changes', id)}${queryOf({ at })}`, { signal }),
    meta: { topics: at === undefined ? [`change:${id}`] : [] },
  });
};

/** Jobs by their ids. `isWhole`: those that are missing are not for the reader to see; else they may be on their way. */
export interface KnownJobs {
  readonly byId: ReadonlyMap<string, JobView>;
  readonly isWhole: boolean;
}

/** All jobs of the change, those of consumers in its Union among them. */
export const useJobsOf = (id: string): KnownJobs => {
  const at = useAt();
  const { data, isFetching } = useQuery({
    queryKey: ['change', id, 'jobs', at],
    queryFn: async ({ signal }) => {
      const jobs: JobView[] = [];
      for (let cursor: string | undefined, isLast = false; !isLast;) {
        const page: Page<JobView> = await ask(
          `${apiPath('jobs')}${queryOf({ change: id, limit: 1000, cursor, at })}`,
          { signal },
        );
        jobs.push(...page.items);
        cursor = page.next;
        isLast = cursor === undefined;
      }
      return new Map(jobs.map((job) => [job.id, job]));
    },
    meta: { topics: at === undefined ? [`change:${id}`] : [] },
  });
  return { byId: data ?? new Map<string, JobView>(), isWhole: data !== undefined && !isFetching };
};
