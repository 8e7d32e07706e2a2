/** Which attempts are shown: chosen here, and taken back here. */
import { Field } from '../parts/field.js';
import { FilterChips } from '../parts/filter-chips.js';
import { MomentField } from '../parts/moment-field.js';
import { SearchField } from '../parts/search-field.js';
import { wordOf } from '../parts/status.js';
import { type Params } from '../parts/params.js';
import { chipsOf, noFilters, outcomeNames, type Filters } from './filters.js';

interface FilterBarProps {
  readonly filters: Filters;
  readonly set: (change: Params) => void;
}

export const FilterBar = ({ filters, set }: FilterBarProps) => (
  <div className="stack">
    <div className="history-filters" role="search">
      <SearchField label="Project" value={filters.project ?? ''} onSearch={(project) => set({ project })} />
      <SearchField label="Runner" value={filters.runner ?? ''} onSearch={(runner) => set({ runner })} />
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
      <SearchField label="Cancelled by" value={filters.actor ?? ''} onSearch={(actor) => set({ actor })} />
      <MomentField label="Ended since" value={filters.since} onChange={(since) => set({ since })} />
      <MomentField label="Ended before" value={filters.until} onChange={(until) => set({ until })} />
    </div>
    <FilterChips
      chips={chipsOf(filters)}
      isNarrowed={Object.keys(filters).length > 0}
      onTake={(name) => set({ [name]: undefined })}
      onClear={() => set(noFilters)}
    />
  </div>
);
