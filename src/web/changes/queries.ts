/** What the pages of changes read. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import type { JobView } from '../../../projections/jobs.js';
import type { ChangeView } from '../../app/change-view.js';
import type { Page } from '../../app/pages.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useAt, type OfPast } from '../api/past.js';
import { jobIdsOf, toRead, type ReadJobs } from './phases.js';

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

const readAll = async (
  change: string,
  at: string | undefined,
  signal: AbortSignal,
): Promise<readonly JobView[]> => {
  const jobs: JobView[] = [];
  for (let cursor: string | undefined, isLast = false; !isLast;) {
    const page: Page<JobView> = await ask(
      `${apiPath('jobs')}${queryOf({ change, limit: 1000, cursor, at })}`,
      {
        signal,
      },
    );
    jobs.push(...page.items);
    cursor = page.next;
    isLast = cursor === undefined;
  }
  return jobs;
};

const none: ReadJobs = { byId: new Map(), asked: new Set() };

/** All jobs of the change, those of consumers in its Union among them; read whole when others come, and one by one as they go on. */
export const useJobsOf = ({ id, stages }: Pick<ChangeView, 'id' | 'stages'>): KnownJobs => {
  const at = useAt();
  const ids = jobIdsOf(stages);
  const before = useRef<ReadJobs & { readonly at?: string | undefined }>(none);
  const { data, isFetching } = useQuery({
    queryKey: ['change', id, 'jobs', at, ids.length],
    queryFn: async ({ signal }): Promise<ReadJobs> => {
      // at another moment all may be otherwise
      const known = before.current.at === at ? before.current : none;
      const wanted = toRead(ids, known);
      const jobs =
        wanted === 'all'
          ? await readAll(id, at, signal)
          : await Promise.all(wanted.map((job) => ask<JobView>(apiPath('jobs', job), { signal })));
      const kept = wanted === 'all' ? [] : known.byId;
      const byId = new Map([...kept, ...jobs.map((job) => [job.id, job] as const)]);
      before.current = { at, byId, asked: new Set(ids) };
      return before.current;
    },
    placeholderData: keepPreviousData,
    meta: { topics: at === undefined ? [`change:${id}`] : [] },
  });
  return { byId: data?.byId ?? none.byId, isWhole: data !== undefined && !isFetching };
};
