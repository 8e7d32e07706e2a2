/** What was: attempts one by one or counted, filtered, as files, and the way to any moment of them. */
import { useSearch } from 'wouter';
import { apiPath, queryOf } from '../api/client.js';
import { useAt } from '../api/past.js';
import { Link } from '../parts/link.js';
import { withParams } from '../parts/params.js';
import { useTitle } from '../parts/title.js';
import { useUrlState } from '../parts/url-state.js';
import { Attempts } from './attempts.js';
import { FilterBar } from './filter-bar.js';
import { countedBy, filtersFrom, noFilters, summaryNames } from './filters.js';
import { Summary } from './summary.js';
import './history.css';

const Views = ({ by }: { readonly by: string | undefined }) => {
  const search = useSearch();
  return (
    <nav className="tabs" aria-label="Ways to see it">
      {[undefined, ...summaryNames].map((name) => (
        <Link
          key={name ?? 'attempts'}
          to={withParams('/history', search, { by: name })}
          {...(name === by ? { 'aria-current': 'page' as const } : {})}
        >
          {name === undefined ? 'Attempts' : `By ${name}`}
        </Link>
      ))}
    </nav>
  );
};

const HistoryPage = () => {
  useTitle('History');
  const at = useAt();
  const { get, set } = useUrlState();
  const filters = filtersFrom(get);
  const by = countedBy(get('by'));
  const file = (format: string): string =>
    `${apiPath('history', 'export')}${queryOf({ format, ...filters, at })}`;
  return (
    <>
      <div className="spread">
        <h1>History</h1>
        <span className="row">
          <a className="button small" href={file('csv')} download="history.csv">
            Export as CSV
          </a>
          <a className="button small" href={file('ndjson')} download="history.ndjson">
            Export as NDJSON
          </a>
        </span>
      </div>
      <FilterBar filters={filters} set={set} />
      <Views by={by} />
      {by === undefined ? (
        <Attempts filters={filters} at={at} clear={() => set(noFilters)} />
      ) : (
        <Summary by={by} filters={filters} at={at} />
      )}
    </>
  );
};
export default HistoryPage;
