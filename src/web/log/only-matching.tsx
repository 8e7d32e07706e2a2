/** Lines that match and no others, with their numbers; each leads to its place in the log. More are fetched as the reader scrolls. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { Fragment, useEffect, useRef } from 'react';
import type { LogMatch } from '../../app/ports.js';
import { paint } from './paint.js';
import { Pieces } from './pieces.js';
import { plain } from './sgr.js';
import type { LogSearch } from './use-search.js';

/** As `log.css` has it. */
const ROW_PX = 22;
/** So many rows before the end of what is here the next page is asked for. */
const AHEAD = 100;

/** What the job wrote is shown as in its line, so that it commands nothing here either. */
const Plain = ({ text }: { readonly text: string }) => <Pieces pieces={paint(text, plain, true).runs} />;

const Excerpt = ({ match: { text, columns, column, cut } }: { readonly match: LogMatch }) => (
  <span className="log-excerpt" dir="ltr">
    {column > 0 ? '…' : ''}
    {columns.map(([from, to], index) => (
      <Fragment key={from}>
        <Plain text={text.slice(columns[index - 1]?.[1] ?? 0, from)} />
        {to > from ? (
          <mark className="log-hit">
            <Plain text={text.slice(from, to)} />
          </mark>
        ) : null}
      </Fragment>
    ))}
    <Plain text={text.slice(columns.at(-1)?.[1] ?? 0)} />
    {cut === true ? '…' : ''}
  </span>
);

interface OnlyMatchingProps {
  readonly search: LogSearch;
  readonly onGo: (line: number) => void;
}

/** Lies over the lines of the log, which stay where they are. */
export const OnlyMatching = ({ search, onGo }: OnlyMatchingProps) => {
  const { matches, hasMore, isBusy, error, found, more } = search;
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: matches.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const isDue = hasMore && !isBusy && error === null && last > matches.length - AHEAD;
  useEffect(() => {
    if (isDue) more();
  }, [isDue, more]);
  return (
    <div
      ref={box}
      className="log-only"
      role="region"
      aria-label="Only matching lines"
      aria-busy={isBusy}
      tabIndex={0}
    >
      {matches.length === 0 ? (
        <p className="muted log-nothing">{isBusy ? 'One moment…' : 'No line matches.'}</p>
      ) : (
        <div style={{ height: virtual.getTotalSize() }}>
          <ol aria-label="Lines that match" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
            {items.map(({ index }) => {
              const match = matches[index];
              return match === undefined ? null : (
                <li key={match.line} aria-setsize={found?.total.lines ?? -1} aria-posinset={index + 1}>
                  <button
                    type="button"
                    onClick={() => onGo(match.line)}
                    {...(search.at === match.line ? { 'aria-current': true } : {})}
                  >
                    <span className="log-number">{match.line}</span> <Excerpt match={match} />
                  </button>
                </li>
              );
            })}
          </ol>
        </div>
      )}
    </div>
  );
};
