/** The field that searches a whole log, how much was found, and where. */
import { useId, useState, type RefObject } from 'react';
import { problemOf } from '../api/client.js';
import { ProblemNote } from '../parts/problem.js';
import { linesText } from './lines-text.js';
import type { Sought } from './source.js';
import type { LogSearch } from './use-search.js';

const numbers = new Intl.NumberFormat();

const countOf = ({ found, sought, isBusy }: LogSearch): string => {
  if (sought.text === '') return '';
  if (found === undefined) return isBusy ? 'searching…' : '';
  const { lines, matches } = found.total;
  const cut =
    found.cutLines === undefined ? '' : `; of ${linesText(found.cutLines)} only the beginning was searched`;
  if (matches === 0) return `not found${cut}`;
  return `${numbers.format(matches)} ${matches === 1 ? 'match' : 'matches'} in ${linesText(lines)}${cut}`;
};

/** What is wrong with the text in the field. */
const wrongIn = (error: Error | null): string | undefined => {
  const problem = error === null ? undefined : problemOf(error).problems?.find(({ path }) => path === 'q');
  return problem === undefined ? undefined : [problem.found, problem.mend].filter(Boolean).join('; ');
};

interface SearchBarProps {
  readonly search: LogSearch;
  readonly field: RefObject<HTMLInputElement | null>;
  /** Bytes of the log now. */
  readonly size: number;
  readonly onSearch: (sought: Sought) => void;
  readonly onStep: (way: 'next' | 'previous') => void;
  /** Only lines that match are shown. */
  readonly isOnly: boolean;
  readonly onOnly: (on: boolean) => void;
}

export const SearchBar = ({ search, field, size, onSearch, onStep, isOnly, onOnly }: SearchBarProps) => {
  const { sought, found } = search;
  const [typed, setTyped] = useState(sought.text);
  const [shown, setShown] = useState(sought.text);
  const note = useId();
  // what is searched for may be chosen elsewhere
  if (sought.text !== shown) {
    setShown(sought.text);
    setTyped(sought.text);
  }
  const wrong = wrongIn(search.error);
  const hasSome = (found?.total.matches ?? 0) > 0;
  return (
    <search className="log-search" aria-label="Search in the log">
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === sought.text) onStep('next');
          else onSearch({ ...sought, text: typed });
        }}
      >
        <label className="log-field">
          <span className="visually-hidden">Search the whole log</span>
          <input
            ref={field}
            className="input"
            type="search"
            maxLength={200}
            placeholder="Search the log"
            {...(wrong === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': note })}
            value={typed}
            onChange={({ target }) => {
              setTyped(target.value);
              if (target.value === '') onSearch({ ...sought, text: '' });
            }}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              // Chromium would empty the field, and with it the search
              event.preventDefault();
              event.currentTarget.blur();
            }}
          />
        </label>
        <button type="submit" className="button small">
          Search
        </button>
        <label className="row small">
          <input
            type="checkbox"
            checked={sought.isExact}
            onChange={({ target }) => onSearch({ ...sought, text: typed, isExact: target.checked })}
          />
          Match case
        </label>
        <label className="row small">
          <input
            type="checkbox"
            checked={sought.isRegex}
            onChange={({ target }) => onSearch({ ...sought, text: typed, isRegex: target.checked })}
          />
          Regular expression
        </label>
        <span className="small number log-count" role="status">
          {countOf(search)}
        </span>
        {hasSome ? (
          <>
            <button
              type="button"
              className="button small"
              onClick={() => onStep('previous')}
              title="Previous (N)"
            >
              Previous
            </button>
            <button type="button" className="button small" onClick={() => onStep('next')} title="Next (n)">
              Next
            </button>
          </>
        ) : null}
        {hasSome || isOnly ? (
          <button
            type="button"
            className="button small log-toggle"
            aria-pressed={isOnly}
            onClick={() => onOnly(!isOnly)}
            title="Only lines that match, and back (o)"
          >
            Only matching lines
          </button>
        ) : null}
        {found !== undefined && size > found.size ? (
          <button
            type="button"
            className="button small"
            onClick={search.again}
            title="The log has grown since"
          >
            Count again
          </button>
        ) : null}
      </form>
      {wrong === undefined ? (
        <ProblemNote error={search.error} />
      ) : (
        <p id={note} role="alert" className="log-wrong small">
          This cannot be searched for. There is {wrong}.
        </p>
      )}
    </search>
  );
};
