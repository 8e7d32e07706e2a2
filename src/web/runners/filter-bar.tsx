/** Which runners are shown, and in which order: chosen here, and taken back here. */
import { Field } from '../parts/field.js';
import { FilterChips } from '../parts/filter-chips.js';
import { SearchField } from '../parts/search-field.js';
import { wordOf } from '../parts/status.js';
import type { Params } from '../parts/params.js';
import { chipsOf, noFilters, stateNames, type Filters } from './filters.js';

interface FilterBarProps {
  readonly filters: Filters;
  readonly set: (change: Params) => void;
}

export const FilterBar = ({ filters, set }: FilterBarProps) => (
  <div className="stack">
    <div className="runners-filters" role="search">
      <SearchField
        label="Find (name, host, label, system)"
        value={filters.q ?? ''}
        onSearch={(q) => set({ q })}
      />
      <Field label="State">
        {(id) => (
          <select
            id={id}
            className="input"
            value={filters.state ?? ''}
            onChange={({ target }) => set({ state: target.value })}
          >
            <option value="">all but retired</option>
            {stateNames.map((name) => (
              <option key={name} value={name}>
                {wordOf(name)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Order">
        {(id) => (
          <select
            id={id}
            className="input"
            value={filters.sort ?? ''}
            onChange={({ target }) => set({ sort: target.value })}
          >
            <option value="">trouble first</option>
            <option value="name">by name</option>
          </select>
        )}
      </Field>
    </div>
    <FilterChips
      chips={chipsOf(filters)}
      onTake={(name) => set({ [name]: undefined })}
      onClear={() => set(noFilters)}
    />
  </div>
);
