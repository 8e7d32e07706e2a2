/** Changes, newest first: where each is, and whether it moves or waits for somebody. */
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { ChangeView } from '../../app/change-view.js';
import { apiPath, ask, queryOf } from '../api/client.js';
import { useAt } from '../api/past.js';
import { useSession } from '../api/session.js';
import { Empty } from '../parts/empty.js';
import { Field } from '../parts/field.js';
import { pageOf } from '../parts/link.js';
import { More, usePages } from '../parts/pages.js';
import { ProblemNote } from '../parts/problem.js';
import { SearchField } from '../parts/search-field.js';
import { wordOf } from '../parts/status.js';
import { useTitle } from '../parts/title.js';
import { useUrlState } from '../parts/url-state.js';
import { ChangesTable } from './changes-table.js';
import { filtersFrom, statusNames } from './filters.js';
import { SubmitDialog } from './submit-dialog.js';
import './changes.css';

const PAGE = 50;

const Submit = () => <pre>baton change submit --repo PATH --branch BRANCH --target master --wait</pre>;

const ChangesPage = () => {
  useTitle('Changes');
  const at = useAt();
  const [, navigate] = useLocation();
  const { get, set } = useUrlState();
  const [isSubmitting, setSubmitting] = useState(false);
  const grants = useSession().session?.grants ?? [];
  const maySubmit = at === undefined && grants.some(({ role }) => role !== 'viewer');
  const filters = filtersFrom(get);
  const isFiltered = Object.keys(filters).length > 0;
  const { items, error, more, deeds } = usePages<ChangeView>({
    queryKey: ['changes', 'list', filters, at],
    topics: at === undefined ? ['changes'] : [],
    fetchPage: (cursor, signal) =>
      ask(`${apiPath('changes')}${queryOf({ ...filters, limit: PAGE, cursor, at })}`, { signal }),
  });
  return (
    <>
      <div className="spread">
        <h1>Changes</h1>
        {maySubmit ? (
          <button type="button" className="button primary" onClick={() => setSubmitting(true)}>
            Submit a change
          </button>
        ) : null}
      </div>
      <div className="changes-filters" role="search">
        <SearchField
          label="Project (its full name)"
          value={filters.project ?? ''}
          onSearch={(project) => set({ project })}
        />
        <Field label="Status">
          {(id) => (
            <select
              id={id}
              className="input"
              value={filters.status ?? ''}
              onChange={({ target }) => set({ status: target.value })}
            >
              <option value="">all</option>
              {statusNames.map((name) => (
                <option key={name} value={name}>
                  {wordOf(name)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <ProblemNote error={error} />
      {items === undefined ? (
        error === null && <p className="muted">One moment…</p>
      ) : items.length > 0 ? (
        <ChangesTable items={items} />
      ) : isFiltered ? (
        <Empty title="No change fits these filters">
          <button
            type="button"
            className="button"
            onClick={() => set({ status: undefined, project: undefined })}
          >
            Clear all filters
          </button>
        </Empty>
      ) : at === undefined ? (
        <Empty title="No change has been submitted">
          <p className="muted">In a repository with a folder .delivery:</p>
          <Submit />
        </Empty>
      ) : (
        <Empty title="No change had been submitted at that moment" />
      )}
      <More more={more} deeds={deeds} />
      {isSubmitting && maySubmit ? (
        <SubmitDialog
          onClose={() => setSubmitting(false)}
          onSubmitted={({ id }) => navigate(pageOf.change(id))}
        />
      ) : null}
    </>
  );
};
export default ChangesPage;
