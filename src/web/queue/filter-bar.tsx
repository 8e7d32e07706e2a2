/** What of the queue is shown: chosen here, and taken back here. */
import { Field } from '../parts/field.js';
import { FilterChips } from '../parts/filter-chips.js';
import { SearchField } from '../parts/search-field.js';
import { chipsOf, noFilters, type FilterName, type Filters } from './filters.js';
import { reasonNames, stageNames, statusNames, wordOf } from './words.js';

type Change = Readonly<Partial<Record<FilterName, string | undefined>>>;

interface ChoiceProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly names: readonly string[];
  readonly onChoose: (value: string) => void;
}

const Choice = ({ label, value = '', names, onChoose }: ChoiceProps) => (
  <Field label={label}>
    {(id) => (
      <select id={id} className="input" value={value} onChange={({ target }) => onChoose(target.value)}>
        <option value="">all</option>
        {/* what a link asks for stays, whatever it is */}
        {(value === '' || names.includes(value) ? names : [...names, value]).map((name) => (
          <option key={name} value={name}>
            {wordOf(name)}
          </option>
        ))}
      </select>
    )}
  </Field>
);

interface FilterBarProps {
  readonly filters: Filters;
  readonly set: (change: Change) => void;
}

export const FilterBar = ({ filters, set }: FilterBarProps) => (
  <div className="stack queue-filters">
    <div className="queue-choices" role="search">
      <SearchField
        label="Find (project, change, phase, label, runner, id)"
        value={filters.q ?? ''}
        onSearch={(q) => set({ q })}
      />
      <Choice
        label="Status"
        value={filters.status}
        names={statusNames}
        onChoose={(status) => set({ status })}
      />
      <Choice label="Stage" value={filters.stage} names={stageNames} onChoose={(stage) => set({ stage })} />
      <Choice
        label="Why it waits"
        value={filters.reason}
        names={reasonNames}
        onChoose={(reason) => set({ reason })}
      />
    </div>
    <FilterChips
      chips={chipsOf(filters)}
      onTake={(name) => set({ [name]: undefined })}
      onClear={() => set(noFilters)}
    />
  </div>
);
