/** What ran on a runner, newest first, page after page. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { HistoryRow } from '../../../projections/history-row.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { Link, pageOf } from '../parts/link.js';
import { ProblemNote } from '../parts/problem.js';
import { Sentence } from '../parts/sentence.js';
import { Status } from '../parts/status.js';
import { At, lengthOfPast } from '../parts/time.js';

interface HistoryAnswer {
  readonly items: readonly HistoryRow[];
  readonly next?: string;
}

const PAGE = 20;

const Row = ({ row }: { readonly row: HistoryRow }) => (
  <tr>
    <td data-label="Job">
      <Link to={pageOf.job(row.jobId)} className="mono" title={row.jobId}>
        {row.jobId.slice(0, 8)}
      </Link>
    </td>
    <td data-label="Outcome">
      <Status of={row.outcome ?? 'running'} {...(row.summary === undefined ? {} : { title: row.summary })} />
    </td>
    <td data-label="What" className="runners-text">
      {row.project}, {row.stage} {row.phase}
      {row.label === '' ? '' : ` (${row.label})`}
      {row.attempt > 1 ? `, attempt ${row.attempt}` : ''}
    </td>
    <td data-label="Change" className="runners-text">
      {row.changeId === undefined ? null : (
        <Link to={pageOf.change(row.changeId)}>{row.changeTitle ?? row.changeId.slice(0, 8)}</Link>
      )}
    </td>
    <td data-label="Slot" className="number">
      {row.slot === undefined ? null : [row.slot, ...(row.alsoSlots ?? [])].join(', ')}
    </td>
    <td data-label="Ran" className="number">
      {row.ranMs === undefined ? null : lengthOfPast(row.ranMs)}
    </td>
    <td data-label="Ended" className="number">
      {row.endedAt === undefined ? null : <At at={row.endedAt} />}
    </td>
    <td data-label="Why" className="runners-text">
      <Sentence of={row.reason ?? row.detail ?? ''} />
    </td>
  </tr>
);

export const JobsOf = ({ name, at }: { readonly name: string; readonly at: string | undefined }) => {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['history', 'of', name, at],
    queryFn: ({ pageParam, signal }) =>
      ask<HistoryAnswer>(
        `${apiPath('history')}${queryOf({ runner: name, limit: PAGE, cursor: pageParam, at })}`,
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    meta: { topics: [`runner:${name}`] },
  });
  const rows = data?.pages.flatMap(({ items }) => items) ?? [];
  if (data === undefined)
    return error === null ? <p className="muted">One moment…</p> : <ProblemNote error={error} />;
  if (rows.length === 0) return <p className="muted">No job was here yet.</p>;
  return (
    <>
      <div className="table-scroll">
        <table className="table cards" aria-label={`Jobs of ${name}`}>
          <thead>
            <tr>
              {['Job', 'Outcome', 'What', 'Change', 'Slot', 'Ran', 'Ended', 'Why'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={`${row.jobId} ${row.attempt}`} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      <ProblemNote error={error} />
      {hasNextPage ? (
        <p>
          <button
            type="button"
            className="button"
            disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {isFetchingNextPage ? 'One moment…' : 'Show older ones'}
          </button>
        </p>
      ) : null}
    </>
  );
};
