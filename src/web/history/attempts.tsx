/** Attempts, newest first: when, what, where, how long, and how it ended. */
import type { HistoryRow } from '../../../projections/history-row.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { Empty } from '../parts/empty.js';
import { Link, pageOf } from '../parts/link.js';
import { More, usePages } from '../parts/pages.js';
import { ProblemNote } from '../parts/problem.js';
import { Status } from '../parts/status.js';
import { Age, At } from '../parts/time.js';
import { momentOf, type Filters } from './filters.js';
import { Length } from './length.js';

const PAGE = 100;

const jobText = ({ stage, phase, label }: HistoryRow): string =>
  `${stage} / ${phase}${label === '' ? '' : ` · ${label}`}`;

const When = ({ row: { endedAt, startedAt, assignedAt, queuedAt } }: { readonly row: HistoryRow }) =>
  endedAt === undefined ? (
    <span className="history-outcome">
      <span className="small muted">{startedAt === undefined ? 'assigned' : 'runs since'}</span>
      <At at={startedAt ?? assignedAt ?? queuedAt} />
    </span>
  ) : (
    <At at={endedAt} />
  );

const Outcome = ({ row }: { readonly row: HistoryRow }) => {
  const status = row.outcome ?? (row.startedAt === undefined ? 'assigned' : 'running');
  return (
    <span className="history-outcome">
      <span className="row">
        <Status of={status} {...(row.summary === undefined ? {} : { title: row.summary })} />
        {row.exitCode === undefined ? null : (
          <span className="small number history-short">
            exit {row.exitCode}
            {row.likelySignal === undefined ? '' : ` (${row.likelySignal}?)`}
          </span>
        )}
      </span>
      {row.cancelledBy === undefined ? null : <span className="small">cancel by {row.cancelledBy}</span>}
      {row.reason === undefined ? null : <span className="small muted">{row.reason}</span>}
    </span>
  );
};

const Reported = ({ row: { reported, reportRefused } }: { readonly row: HistoryRow }) => (
  <span className="history-outcome">
    {reported === undefined ? (
      reportRefused === undefined ? (
        <span className="muted">none</span>
      ) : null
    ) : (
      <span>{reported}</span>
    )}
    {reportRefused === undefined ? null : (
      <span className="small muted" title={reportRefused}>
        refused, it came late
      </span>
    )}
  </span>
);

/** What there was around it, at the moment it began. */
const Then = ({ row }: { readonly row: HistoryRow }) => {
  const { at, word } = momentOf(row);
  const then = `?at=${encodeURIComponent(at)}`;
  const title = `as it was when this ${word}, ${at}`;
  return (
    <span className="row small history-then">
      <Link to={`/queue${then}`} title={`The queue ${title}`}>
        queue
      </Link>
      <Link to={`/runners${then}`} title={`The runners ${title}`}>
        runners
      </Link>
      {row.changeId === undefined ? null : (
        <Link to={`${pageOf.change(row.changeId)}${then}`} title={`The change ${title}`}>
          change
        </Link>
      )}
    </span>
  );
};

const Row = ({ row, isTold }: { readonly row: HistoryRow; readonly isTold: boolean }) => (
  <tr>
    <td data-label="When">
      <When row={row} />
    </td>
    <td data-label="Change">
      <span className="history-outcome">
        {row.changeId === undefined ? (
          <span className="muted">none</span>
        ) : (
          <Link to={pageOf.change(row.changeId)}>{row.changeTitle ?? row.changeId.slice(0, 8)}</Link>
        )}
        <span className="small muted">
          {row.project}:{row.pipeline}
        </span>
      </span>
    </td>
    <td data-label="Job">
      <Link to={`${pageOf.job(row.jobId)}${row.attempt > 0 ? `?attempt=${row.attempt}` : ''}`}>
        {jobText(row)}
      </Link>
      {row.attempt > 1 ? <span className="small muted"> attempt {row.attempt}</span> : null}
    </td>
    <td data-label="Runner" className="history-short">
      {row.runner === undefined ? (
        <span className="muted">none</span>
      ) : (
        <Link to={pageOf.runner(row.runner)}>{row.runner}</Link>
      )}
    </td>
    <td data-label="Waited" className="history-short">
      <Length ms={row.waitedMs} />
    </td>
    <td data-label="Ran" className="history-short">
      {row.ranMs === undefined && row.startedAt !== undefined && row.endedAt === undefined ? (
        <Age at={row.startedAt} />
      ) : (
        <Length ms={row.ranMs} />
      )}
    </td>
    <td data-label="Outcome">
      <Outcome row={row} />
    </td>
    {isTold ? (
      <td data-label="Reported">
        <Reported row={row} />
      </td>
    ) : null}
    <td data-label="Then">
      <Then row={row} />
    </td>
  </tr>
);

interface AttemptsProps {
  readonly filters: Filters;
  readonly at: string | undefined;
  readonly clear: () => void;
}

export const Attempts = ({ filters, at, clear }: AttemptsProps) => {
  const { items, error, more, deeds } = usePages<HistoryRow>({
    queryKey: ['history', 'attempts', filters, at],
    // what waits or runs is another whenever an attempt begins or ends
    topics: at === undefined ? ['queue'] : [],
    fetchPage: (cursor, signal) =>
      ask(`${apiPath('history')}${queryOf({ ...filters, limit: PAGE, cursor, at })}`, { signal }),
  });
  if (items === undefined)
    return error === null ? <p className="muted">One moment…</p> : <ProblemNote error={error} />;
  if (items.length === 0)
    return Object.keys(filters).length > 0 ? (
      <Empty title="No attempt fits these filters">
        <button type="button" className="button" onClick={clear}>
          Clear all filters
        </button>
      </Empty>
    ) : (
      <Empty title={at === undefined ? 'No job has been tried yet' : 'No job had been tried at that moment'}>
        {at === undefined ? (
          <>
            <p className="muted">Attempts come with jobs, and jobs when a change is submitted:</p>
            <pre>baton change submit --repo PATH --branch BRANCH --target master --wait</pre>
          </>
        ) : null}
      </Empty>
    );
  const isTold = items.some(
    ({ reported, reportRefused }) => reported !== undefined || reportRefused !== undefined,
  );
  return (
    <>
      <ProblemNote error={error} />
      <div className="table-scroll">
        <table className="table cards" aria-label="Attempts, newest first">
          <thead>
            <tr>
              {['Ended', 'Change', 'Job', 'Runner', 'Waited', 'Ran', 'Outcome'].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              {isTold ? <th scope="col">Reported</th> : null}
              <th scope="col">As it was then</th>
            </tr>
          </thead>
          <tbody>
            {items.map((row) => (
              <Row key={`${row.jobId} ${row.attempt}`} row={row} isTold={isTold} />
            ))}
          </tbody>
        </table>
      </div>
      <More more={more} deeds={deeds} />
    </>
  );
};
