/** The runners: those that need somebody first, each with what its state rests on. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { RunnerWindow } from '../../app/runner-window.js';
import { apiPath, ask, queryOf, type Query } from '../api/client.js';
import { useAt, type OfPast } from '../api/past.js';
import { useMay } from '../api/session.js';
import { Empty } from '../parts/empty.js';
import { ProblemNote } from '../parts/problem.js';
import { useUrlState } from '../parts/url-state.js';
import { WindowTable } from '../parts/window-table.js';
import { ActDialog } from './act-dialog.js';
import type { Act } from './acts.js';
import { AddDialog } from './add-dialog.js';
import { BulkBar } from './bulk-bar.js';
import { BulkDialog } from './bulk-dialog.js';
import type { BulkAct } from './bulk.js';
import { columnsOf } from './columns.js';
import { FilterBar } from './filter-bar.js';
import { filtersFrom, isFiltered, noFilters } from './filters.js';
import { Head } from './head.js';
import { Nothing } from './nothing.js';
import './runners.css';

type Answer = RunnerWindow<RunnerAsOf> & OfPast;

const fetchRunners = (query: Query, signal: AbortSignal): Promise<Answer> =>
  ask<Answer>(`${apiPath('runners')}${queryOf(query)}`, { signal });

type Open =
  | { readonly kind: 'add' }
  | { readonly kind: 'bulk'; readonly act: BulkAct; readonly names: readonly string[] }
  | { readonly kind: 'act'; readonly act: Act; readonly runner: RunnerAsOf };

const rowClass = ({ state, incompatible }: RunnerAsOf): string | undefined =>
  ['quarantined', 'unreachable', 'unfit'].includes(state) || incompatible !== undefined
    ? 'runners-trouble'
    : undefined;

const RunnersPage = () => {
  const at = useAt();
  const { get, set } = useUrlState();
  const filters = filtersFrom(get);
  const [operator, admin] = [useMay('operator'), useMay('admin')];
  const hands = at === undefined ? { operator, admin } : undefined;
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const { data: head, error } = useQuery({
    queryKey: ['runners', 'head', at],
    queryFn: ({ signal }) => fetchRunners({ limit: 1, at }, signal),
    placeholderData: (before) => before,
    meta: { topics: ['runners'] },
  });
  const toggle = (name: string): void => {
    const next = new Set(selected);
    if (!next.delete(name)) next.add(name);
    setSelected(next);
  };
  const columns = columnsOf({
    ...{ selected, toggle, hands, asOf: head?.at?.time },
    act: (act, runner) => setOpen({ kind: 'act', act, runner }),
  });
  return (
    <>
      <div className="spread">
        <h1>Runners</h1>
        {hands?.admin === true ? (
          <button type="button" className="button primary" onClick={() => setOpen({ kind: 'add' })}>
            Add a runner…
          </button>
        ) : null}
      </div>
      <Head counts={head} state={filters.state} />
      <FilterBar filters={filters} set={set} />
      <ProblemNote error={error} />
      {at === undefined ? null : (
        <p className="small muted">
          Of the past there is what was recorded; who was looked at without another finding is not.
        </p>
      )}
      <WindowTable
        label="Runners"
        queryKey={['runners', 'list', filters, at]}
        topics={['runners']}
        fetchWindow={(offset, limit, signal) => fetchRunners({ ...filters, offset, limit, at }, signal)}
        columns={columns}
        rowKey={({ name }) => name}
        rowClass={rowClass}
        heading={(total) =>
          hands?.operator === true && total > 0 ? (
            <BulkBar
              {...{ total, filters, selected }}
              select={(names) => setSelected(new Set(names))}
              act={(act) => setOpen({ kind: 'bulk', act, names: [...selected] })}
            />
          ) : null
        }
        empty={
          isFiltered(filters) ? (
            <Empty title="No runner fits these filters">
              <button type="button" className="button" onClick={() => set(noFilters)}>
                Clear all filters
              </button>
            </Empty>
          ) : (
            <Nothing />
          )
        }
        failed={(failure) => <ProblemNote error={failure} />}
      />
      {open?.kind === 'add' ? <AddDialog onClose={close} /> : null}
      {open?.kind === 'act' ? <ActDialog act={open.act} runner={open.runner} onClose={close} /> : null}
      {open?.kind === 'bulk' ? <BulkDialog act={open.act} names={open.names} onClose={close} /> : null}
    </>
  );
};
export default RunnersPage;
