/** The job of a page, its change and its runner, kept true. */
import { useQuery } from '@tanstack/react-query';
import type { JobView } from '../../../projections/jobs.js';
import type { ChangeView } from '../../app/change-view.js';
import type { RunnerAsOf } from '../../app/evidence.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useAt } from '../api/past.js';

export const useJob = (id: string) => {
  const at = useAt();
  return useQuery({
    queryKey: ['job', id, at],
    queryFn: ({ signal }) => ask<JobView>(`${apiPath('jobs', id)}${queryOf({ at })}`, { signal }),
    meta: { topics: [`job:${id}`] },
  });
};

/** Where jobs come from another engine Baton knows no change of it, and who may see the job may not see the runner: then there is no data. */
export const useChangeOf = ({ changeId }: JobView) => {
  const at = useAt();
  return useQuery({
    queryKey: ['change', changeId, at],
    queryFn: ({ signal }) =>
      ask<ChangeView>(`${apiPath('changes', changeId ?? '')}${queryOf({ at })}`, { signal }),
    enabled: changeId !== undefined,
    meta: { topics: [`change:${changeId ?? ''}`] },
  }).data;
};

export const useRunnerOf = (name: string | undefined) => {
  const at = useAt();
  return useQuery({
    queryKey: ['runner', name, at],
    queryFn: ({ signal }) =>
      ask<RunnerAsOf>(`${apiPath('runners', name ?? '')}${queryOf({ at })}`, { signal }),
    enabled: name !== undefined,
    meta: { topics: [`runner:${name ?? ''}`] },
  }).data;
};

/** The runner that has the job and does not answer; undefined: it does, none has it, or it is not to be seen. */
export const useAwayOf = ({ status, attempts }: JobView): RunnerAsOf | undefined => {
  const isHeld = status === 'assigned' || status === 'running';
  const runner = useRunnerOf(isHeld ? attempts.at(-1)?.runner : undefined);
  return runner?.state === 'unreachable' ? runner : undefined;
};
