/** The queue: what runs and what waits, in the order of dispatch, and why it waits. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { QueueEntry } from '../../../projections/queue.js';
import type { QueueAnswer } from '../../app/queue-window.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useAt, type OfPast } from '../api/past.js';
import { Empty } from '../parts/empty.js';
import { ProblemNote } from '../parts/problem.js';
import { useUrlState } from '../parts/url-state.js';
import { Charts } from './charts.js';
import { CancelDialog } from './cancel-dialog.js';
import { ExplainDialog } from './explain-dialog.js';
import { FilterBar } from './filter-bar.js';
import { filtersFrom, noFilters, tablesOf } from './filters.js';
import { beginning, WINDOW, type Windows } from '../parts/window-table.js';
import { Head } from './head.js';
import { QueueTable } from './tables.js';
import './queue.css';

const Nothing = ({ at }: { readonly at: string | undefined }) =>
  at === undefined ? (
    <Empty title="Nothing waits and nothing runs">
      <p className="muted">Jobs come when a change is submitted, approved or delivered. To submit one:</p>
      <pre>baton change submit --repo PATH --branch BRANCH --target master --wait</pre>
    </Empty>
  ) : (
    <Empty title="Nothing waited and nothing ran at that moment" />
  );

const spanOf = ({ first, last }: Windows): string => `${first * WINDOW}-${(last + 1) * WINDOW - 1}`;

const QueuePage = () => {
  const at = useAt();
  const { get, set } = useUrlState();
  const filters = filtersFrom(get);
  const [cancelled, setCancelled] = useState<QueueEntry>();
  const explained = get('explain');
  const [activeInSight, setActiveInSight] = useState(beginning);
  const [waitingInSight, setWaitingInSight] = useState(beginning);
  const tables = tablesOf(filters);
  // of one moment: a job that passes from one table to the other is never in both
  const spans = {
    active: tables.active ? spanOf(activeInSight) : undefined,
    waiting: tables.waiting ? spanOf(waitingInSight) : undefined,
  };
  const isOfTables = tables.active || tables.waiting;
  const { data, error } = useQuery({
    queryKey: ['queue', 'tables', filters, spans, at],
    queryFn: ({ signal }) => {
      const query = { ...filters, ...spans, at, limit: isOfTables ? undefined : 1 };
      return ask<QueueAnswer & OfPast>(`${apiPath('queue')}${queryOf(query)}`, { signal });
    },
    placeholderData: (before) => before,
    meta: { topics: ['queue'] },
  });
  const asOf = data?.at?.time;
  const isEmpty = data !== undefined && data.counts.queued + data.counts.assigned + data.counts.running === 0;
  const isFiltered = Object.keys(filters).length > 0;
  const rows = {
    ...{ at, asOf },
    explain: ({ jobId }: QueueEntry) => set({ explain: jobId }, { push: true }),
    cancel: setCancelled,
  };
  return (
    <>
      <h1>Queue</h1>
      <Head answer={data} at={at} asOf={asOf} />
      <Charts at={at} asOf={asOf} />
      <FilterBar filters={filters} set={set} />
      <ProblemNote error={error} />
      {isEmpty && !isFiltered ? (
        <Nothing at={at} />
      ) : data === undefined ? (
        error === null ? (
          <p className="muted">One moment…</p>
        ) : null
      ) : data.total === 0 ? (
        <Empty title="No job fits these filters">
          <button type="button" className="button" onClick={() => set(noFilters)}>
            Clear all filters
          </button>
        </Empty>
      ) : (
        <>
          {data.active === undefined ? null : (
            <QueueTable kind="active" part={data.active} onSight={setActiveInSight} {...rows} />
          )}
          {data.waiting === undefined ? null : (
            <QueueTable kind="waiting" part={data.waiting} onSight={setWaitingInSight} {...rows} />
          )}
        </>
      )}
      {explained === undefined ? null : (
        <ExplainDialog jobId={explained} onClose={() => set({ explain: undefined })} />
      )}
      {cancelled === undefined || at !== undefined ? null : (
        <CancelDialog entry={cancelled} onClose={() => setCancelled(undefined)} />
      )}
    </>
  );
};
export default QueuePage;
