/** What a list is narrowed to, each with a way to take it back. */
import { Icon } from './icon.js';

export interface FilterChip<N extends string> {
  readonly name: N;
  /** As a person reads it. */
  readonly text: string;
}

interface FilterChipsProps<N extends string> {
  readonly chips: readonly FilterChip<N>[];
  /** Whether there is something to clear; absent: as soon as there is a chip. */
  readonly isNarrowed?: boolean;
  readonly onTake: (name: N) => void;
  readonly onClear: () => void;
}

/** Nothing when nothing is narrowed. */
export const FilterChips = <N extends string>({
  chips,
  isNarrowed = chips.length > 0,
  onTake,
  onClear,
}: FilterChipsProps<N>) =>
  !isNarrowed ? null : (
    <ul className="row" aria-label="Filters">
      {chips.map(({ name, text }) => (
        <li key={name}>
          <button
            type="button"
            className="button small"
            aria-label={`Take out: ${text}`}
            onClick={() => onTake(name)}
          >
            {text}
            <Icon name="cross" />
          </button>
        </li>
      ))}
      <li>
        <button type="button" className="button small quiet" onClick={onClear}>
          Clear all
        </button>
      </li>
    </ul>
  );
