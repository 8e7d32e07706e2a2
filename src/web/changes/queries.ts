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

/** All jobs of the change by their ids, those of consumers in its Union among them. */
export const useJobsOf = (id: string): ReadonlyMap<string, JobView> => {
  const at = useAt();
  const { data } = useQuery({
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
  return data ?? new Map<string, JobView>();
};
