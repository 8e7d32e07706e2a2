/** Why a job waits, or why it ran where it did, kept true. */
import { useQuery } from '@tanstack/react-query';
import type { ExplainAnswer } from '../../../projections/explain-answer.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useAt } from '../api/past.js';

export const useExplained = (id: string) => {
  const at = useAt();
  return useQuery({
    queryKey: ['explain', id, at],
    queryFn: ({ signal }) =>
      ask<ExplainAnswer>(`${apiPath('jobs', id, 'explain')}${queryOf({ at })}`, { signal }),
    meta: { topics: [`job:${id}`, 'runners'] },
  });
};
