/** What happened to a job, event by event. */
import { useQuery } from '@tanstack/react-query';
import { Link as Plain } from 'wouter';
import type { TimelineEntry } from '../../../projections/timeline.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useAt } from '../api/past.js';
import { pageOf } from '../parts/link.js';
import { ProblemNote } from '../parts/problem.js';
import { At } from '../parts/time.js';
import { gapText } from './words.js';

const gapTo = (entry: TimelineEntry, before: TimelineEntry | undefined): string =>
  before === undefined ? '' : gapText(Date.parse(entry.at) - Date.parse(before.at));

export const TimelineTab = ({ id }: { readonly id: string }) => {
  const at = useAt();
  const { data, error } = useQuery({
    queryKey: ['job', id, 'timeline', at],
    queryFn: ({ signal }) =>
      ask<{ readonly items: readonly TimelineEntry[] }>(
        `${apiPath('jobs', id, 'timeline')}${queryOf({ at })}`,
        {
          signal,
        },
      ),
    meta: { topics: [`job:${id}`] },
  });
  if (data === undefined)
    return error === null ? <p className="muted">One moment…</p> : <ProblemNote error={error} />;
  return (
    <div className="table-scroll">
      <table className="table cards" aria-label="Events of this job, oldest first">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">After</th>
            <th scope="col">What happened</th>
            <th scope="col">By</th>
            <th scope="col">Recorded as</th>
          </tr>
        </thead>
        <tbody>
          {data.items.map((entry, index) => (
            <tr key={`${entry.stream} ${entry.revision}`}>
              <td data-label="When" className="job-when">
                <At at={entry.at} />
              </td>
              <td data-label="After" className="number">
                {gapTo(entry, data.items[index - 1])}
              </td>
              <td data-label="What happened">
                <div>
                  {entry.sentence}
                  {entry.reason === undefined ? null : (
                    <span className="muted"> (reason: {entry.reason})</span>
                  )}
                </div>
              </td>
              <td data-label="By">{entry.by}</td>
              <td data-label="Recorded as">
                <Plain
                  href={`${pageOf.job(id)}${queryOf({ tab: 'timeline', at: entry.position })}`}
                  title={`Show the job as it was after this, position ${entry.position}`}
                >
                  {entry.type}
                </Plain>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};
