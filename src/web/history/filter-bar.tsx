/** Which attempts are shown: chosen here, and taken back here. */
import { useCallback, useLayoutEffect, useRef } from 'react';
import { Field } from '../parts/field.js';
import { Icon } from '../parts/icon.js';
import { MomentField } from '../parts/moment-field.js';
import { SearchField } from '../parts/search-field.js';
import { wordOf } from '../parts/status.js';
import { type Params } from '../parts/params.js';
import { chipsOf, noFilters, outcomeNames, type Filters } from './filters.js';

interface FilterBarProps {
  readonly filters: Filters;
  readonly set: (change: Params) => void;
}

export const FilterBar = ({ filters, set }: FilterBarProps) => {
  const latest = useRef(set);
  useLayoutEffect(() => {
    latest.current = set;
  });
  const setProject = useCallback((project: string) => latest.current({ project }), []);
  const setRunner = useCallback((runner: string) => latest.current({ runner }), []);
  const setActor = useCallback((actor: string) => latest.current({ actor }), []);
  const setSince = useCallback((since: string | undefined) => latest.current({ since }), []);
  const setUntil = useCallback((until: string | undefined) => latest.current({ until }), []);
  return (
    <div className="stack">
      <div className="history-filters" role="search">
        <SearchField label="Project" value={filters.project ?? ''} onSearch={setProject} />
        <SearchField label="Runner" value={filters.runner ?? ''} onSearch={setRunner} />
        <Field label="Outcome">
          {(id) => (
            <select
              id={id}
              className="input"
              value={filters.outcome ?? ''}
              onChange={({ target }) => set({ outcome: target.value })}
            >
              <option value="">all</option>
              {outcomeNames.map((name) => (
                <option key={name} value={name}>
                  {wordOf(name)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <SearchField label="Cancelled by" value={filters.actor ?? ''} onSearch={setActor} />
        <MomentField label="Ended since" value={filters.since} onChange={setSince} />
        <MomentField label="Ended before" value={filters.until} onChange={setUntil} />
      </div>
      {Object.keys(filters).length === 0 ? null : (
        <ul className="row" aria-label="Filters">
          {chipsOf(filters).map(({ name, text }) => (
            <li key={name}>
              <button
                type="button"
                className="button small"
                aria-label={`Take out: ${text}`}
                onClick={() => set({ [name]: undefined })}
              >
                {text}
                <Icon name="cross" />
              </button>
            </li>
          ))}
          <li>
            <button type="button" className="button small quiet" onClick={() => set(noFilters)}>
              Clear all filters
            </button>
          </li>
        </ul>
      )}
    </div>
  );
};
