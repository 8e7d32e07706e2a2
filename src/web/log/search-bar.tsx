/** The field that searches a whole log, how much was found, and where. */
import { Fragment, useState, type RefObject } from 'react';
import { ProblemNote } from '../parts/problem.js';
import { Pieces } from './pieces.js';
import { paint } from './paint.js';
import { plain } from './sgr.js';
import type { LogMatch } from '../../app/ports.js';
import type { LogSearch } from './use-search.js';

const numbers = new Intl.NumberFormat();

const countOf = ({ found, sought, isBusy }: LogSearch): string => {
  if (sought.text === '') return '';
  if (found === undefined) return isBusy ? 'searching…' : '';
  const { lines, matches } = found.total;
  if (matches === 0) return 'not found';
  const inLines = `${numbers.format(lines)} ${lines === 1 ? 'line' : 'lines'}`;
  return `${numbers.format(matches)} ${matches === 1 ? 'match' : 'matches'} in ${inLines}`;
};

/** What the job wrote is shown as in its line, so that it commands nothing here either. */
const Plain = ({ text }: { readonly text: string }) => <Pieces pieces={paint(text, plain, true).runs} />;

const Excerpt = ({ match: { text, columns, column, cut } }: { readonly match: LogMatch }) => (
  <span className="log-excerpt" dir="ltr">
    {column > 0 ? '…' : ''}
    {columns.map(([from, to], index) => (
      <Fragment key={from}>
        <Plain text={text.slice(columns[index - 1]?.[1] ?? 0, from)} />
        <mark className="log-hit">
          <Plain text={text.slice(from, to)} />
        </mark>
      </Fragment>
    ))}
    <Plain text={text.slice(columns.at(-1)?.[1] ?? 0)} />
    {cut === true ? '…' : ''}
  </span>
);

const Hits = ({ search }: { readonly search: LogSearch }) => (
  <div className="log-hits">
    <ol aria-label="Lines that match">
      {search.matches.map((match) => (
        <li key={match.line}>
          <button
            type="button"
            onClick={() => search.goTo(match.line)}
            {...(search.at === match.line ? { 'aria-current': true } : {})}
          >
            <span className="log-number">{match.line}</span>
            <Excerpt match={match} />
          </button>
        </li>
      ))}
    </ol>
    {search.hasMore ? (
      <button type="button" className="button small" disabled={search.isBusy} onClick={search.more}>
        More
      </button>
    ) : null}
  </div>
);

interface SearchBarProps {
  readonly search: LogSearch;
  readonly field: RefObject<HTMLInputElement | null>;
  /** Bytes of the log now. */
  readonly size: number;
  readonly onSearch: (text: string, isExact: boolean) => void;
  readonly onStep: (way: 'next' | 'previous') => void;
}

export const SearchBar = ({ search, field, size, onSearch, onStep }: SearchBarProps) => {
  const { sought, found } = search;
  const [typed, setTyped] = useState(sought.text);
  const [shown, setShown] = useState(sought.text);
  const [isOpen, setOpen] = useState(false);
  // what is searched for may be chosen elsewhere
  if (sought.text !== shown) {
    setShown(sought.text);
    setTyped(sought.text);
  }
  const hasSome = (found?.total.matches ?? 0) > 0;
  return (
    <search className="log-search" aria-label="Search in the log">
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === sought.text) onStep('next');
          else onSearch(typed, sought.isExact);
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
            value={typed}
            onChange={({ target }) => {
              setTyped(target.value);
              if (target.value === '') onSearch('', sought.isExact);
            }}
            onKeyDown={({ key, currentTarget }) => {
              if (key === 'Escape') currentTarget.blur();
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
            onChange={({ target }) => onSearch(typed, target.checked)}
          />
          Match case
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
            <button
              type="button"
              className="button small"
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            >
              List
            </button>
          </>
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
      {isOpen && hasSome ? <Hits search={search} /> : null}
      <ProblemNote error={search.error} />
    </search>
  );
};
