/** Attempts counted: how they ended, how long they waited and ran. Counting reads all of them, so it is done when it is asked for. */
import { useQuery } from '@tanstack/react-query';
import { useSearch } from 'wouter';
import type { HistorySummary, Spread } from '../../../projections/history-summary.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { Link } from '../parts/link.js';
import { ProblemNote } from '../parts/problem.js';
import { Status, wordOf } from '../parts/status.js';
import { At } from '../parts/time.js';
import { withParams } from '../parts/params.js';
import { filtersOf, type Filters } from './filters.js';
import { Length } from './length.js';

const Spreads = ({ of }: { readonly of: Spread | undefined }) =>
  of === undefined ? (
    <span className="muted">none</span>
  ) : (
    <span>
      <Length ms={of.p50} /> <span className="muted">to</span> <Length ms={of.p95} />
    </span>
  );

const Key = ({ by, of }: { readonly by: string; readonly of: string }) => {
  const search = useSearch();
  const filters = filtersOf(by, of);
  if (filters === undefined) return <span className="muted">none</span>;
  return (
    <Link to={withParams('/history', search, { ...filters, by: undefined })} title="Show these attempts">
      {by === 'change' ? of.slice(0, 8) : by === 'outcome' ? wordOf(of) : of}
    </Link>
  );
};

const Outcomes = ({ of }: { readonly of: HistorySummary['outcomes'] }) => (
  <span className="row">
    {Object.entries(of)
      .sort(([, a], [, b]) => b - a)
      .map(([outcome, count]) => (
        <span key={outcome} className="row history-count">
          <span className="number">{count.toLocaleString()}</span> <Status of={outcome} />
        </span>
      ))}
  </span>
);

interface SummaryProps {
  readonly by: string;
  readonly filters: Filters;
  readonly at: string | undefined;
}

export const Summary = ({ by, filters, at }: SummaryProps) => {
  const { data, error, dataUpdatedAt, isFetching, refetch } = useQuery({
    queryKey: ['history', 'summary', by, filters, at],
    queryFn: ({ signal }) =>
      ask<{ readonly items: readonly HistorySummary[] }>(
        `${apiPath('history', 'summary')}${queryOf({ ...filters, by, at })}`,
        { signal },
      ),
    // what was counted a while ago is old
    staleTime: 10_000,
  });
  if (data === undefined)
    return error === null ? <p className="muted">One moment…</p> : <ProblemNote error={error} />;
  return (
    <>
      <ProblemNote error={error} />
      <p className="row small muted">
        <span>
          Counted <At at={new Date(dataUpdatedAt).toISOString()} />. Of waiting and running: what half stayed
          within, and what 95 of 100 did.
        </span>
        <button type="button" className="button small" disabled={isFetching} onClick={() => void refetch()}>
          Count again
        </button>
      </p>
      <div className="table-scroll">
        <table className="table cards" aria-label={`Attempts by ${by}`}>
          <thead>
            <tr>
              <th scope="col">{`${by.slice(0, 1).toUpperCase()}${by.slice(1)}`}</th>
              <th scope="col">Attempts</th>
              {by === 'outcome' ? null : <th scope="col">Outcomes</th>}
              <th scope="col">Waited</th>
              <th scope="col">Ran</th>
            </tr>
          </thead>
          <tbody>
            {data.items.map(({ key, attempts, outcomes, waitedMs, ranMs }) => (
              <tr key={key}>
                <td data-label={by}>
                  <Key by={by} of={key} />
                </td>
                <td data-label="Attempts">
                  <span className="number">{attempts.toLocaleString()}</span>
                </td>
                {by === 'outcome' ? null : (
                  <td data-label="Outcomes">
                    <Outcomes of={outcomes} />
                  </td>
                )}
                <td data-label="Waited">
                  <Spreads of={waitedMs} />
                </td>
                <td data-label="Ran">
                  <Spreads of={ranMs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {data.items.length === 0 ? <p className="muted">No attempt fits.</p> : null}
    </>
  );
};
