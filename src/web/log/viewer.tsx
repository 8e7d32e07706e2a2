/**
 * A log: its end first, and any part of it on demand, however long it is. Lines can be linked, searched for, folded by their headings and
 * followed as they come.
 */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useLogBook, type LogState } from './book.js';
import { Chosen } from './chosen.js';
import { Help } from './help.js';
import { chosenBy } from './line-links.js';
import { Lines } from './lines.js';
import { OnlyMatching } from './only-matching.js';
import { SearchBar } from './search-bar.js';
import { rawUrl, type LogSource, type Sought } from './source.js';
import { StateNotes } from './state-notes.js';
import { timesShown } from './times.js';
import { Overview, Tools } from './tools.js';
import { useAlone } from './use-alone.js';
import { useGroups } from './use-groups.js';
import { useKept } from './use-kept.js';
import { useKeys } from './use-keys.js';
import { useLineRange, useNamedLine } from './use-range.js';
import { useLogSearch } from './use-search.js';
import { useLineWindow } from './use-window.js';
import './log.css';

interface LogViewerProps {
  /** Give a `key` with it: another source is another viewer. */
  readonly source: LogSource;
  /** Of the attempt; times since then. */
  readonly startedAt?: string;
  /** Its attempt has ended: what is not there now will not come. */
  readonly isOver: boolean;
  readonly sought: Sought;
  readonly onSearch: (sought: Sought) => void;
  /** Only lines that match are shown. */
  readonly isOnly: boolean;
  readonly onOnly: (on: boolean) => void;
  /** Stands under the last line; in full screen nothing else of the page is seen. */
  readonly footer: (
    state: LogState,
    shown: { readonly isOpen: boolean; readonly isFull: boolean },
  ) => ReactNode;
}

/** While the reader scrolls fast nothing is fetched of what flies by. */
const SETTLE_MS = 40;
const LONG = 20_000;

export const LogViewer = ({
  source,
  startedAt,
  isOver,
  sought,
  onSearch,
  isOnly,
  onOnly,
  footer,
}: LogViewerProps) => {
  const { book, state } = useLogBook(source);
  const { version, sealed } = state;
  const total = state.total ?? 0;
  // an end that comes meanwhile is told by the log's own stream, after its last byte
  const [wasOver] = useState(isOver);
  const isOpen = !sealed && state.following?.kind !== 'over' && !wasOver;
  const [range, setRange] = useLineRange();
  const [times, setTimes] = useKept('times', timesShown);
  const [wrapped, setWrapped] = useKept('wrap', ['no', 'yes']);
  const [isAll, setAll] = useState(false);
  const [isFull, setFull] = useState(false);
  const [isHelp, setHelp] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const label = useId();
  const whole = useRef<HTMLElement>(null);
  useAlone(whole, isFull);
  const isWrapped = wrapped === 'yes';
  // of a log that was over when it was opened the box is as high as its lines; one that ends meanwhile keeps its place
  const [isFitted, setFitted] = useState<boolean>();
  if (isFitted === undefined && state.total !== undefined) setFitted(!isOpen);

  const groups = useGroups(state.groups);

  const [start] = useState(range?.from);
  const view = useLineWindow({ total, hidden: groups.hidden, version, start, isOpen });
  const { seen, box, isFollowing } = view;
  const search = useLogSearch(source, sought, total, (line) => {
    groups.reveal(line);
    view.jump(line);
  });

  useNamedLine((line) => {
    groups.reveal(line);
    view.jump(line);
  });

  const { from, to } = seen;
  useEffect(() => {
    if (total === 0) return undefined;
    const timer = setTimeout(() => book.want(from, to, times !== 'none'), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [book, from, to, times, total, version]);

  // without a search all lines match
  const isShort = isOnly && sought.text !== '';
  const step = (way: 'next' | 'previous'): void => search.step(way, search.at ?? view.top());
  const seekError = (way: 'next' | 'previous'): void => {
    if (sought.text === 'error' && !sought.isRegex) step(way);
    else onSearch({ text: 'error', isExact: false, isRegex: false });
  };
  const nextTimes = timesShown[(timesShown.indexOf(times) + 1) % timesShown.length] ?? 'none';
  useKeys({
    '/': () => field.current?.focus(),
    n: () => step('next'),
    N: () => step('previous'),
    e: () => seekError('next'),
    E: () => seekError('previous'),
    g: () => view.jump(1, 'start'),
    G: () => view.follow(true),
    f: () => view.follow(!isFollowing),
    w: () => setWrapped(isWrapped ? 'no' : 'yes'),
    t: () => setTimes(nextTimes),
    m: () => setFull(!isFull),
    o: () => onOnly(!isOnly && sought.text !== ''),
    '?': () => setHelp(true),
    ...(isFull ? { Escape: () => setFull(false) } : {}),
  });

  return (
    <section
      ref={whole}
      className={isFull ? 'log log-full' : isFitted === true ? 'log log-fitted' : 'log'}
      aria-labelledby={label}
    >
      <h2 id={label} className="visually-hidden">
        Log
      </h2>
      <Tools
        total={total}
        switches={[
          ...(isOpen
            ? [
                {
                  name: 'Follow',
                  isOn: isFollowing,
                  onChange: view.follow,
                  title: 'Stay at the end as lines come (f)',
                },
              ]
            : []),
          {
            name: 'Wrap',
            isOn: isWrapped,
            onChange: (on) => setWrapped(on ? 'yes' : 'no'),
            title: 'Wrap long lines (w)',
          },
          {
            name: 'Overwritten',
            isOn: isAll,
            onChange: setAll,
            title: 'Show also what a line had overwritten, such as progress',
          },
          { name: 'Full screen', isOn: isFull, onChange: setFull, title: 'Full screen (m)' },
        ]}
        times={times}
        onTimes={setTimes}
        onJump={(line) => view.jump(line)}
        onTop={() => view.jump(1, 'start')}
        onBottom={() => view.follow(true)}
        onHelp={() => setHelp(true)}
        onFoldAll={groups.groups.size === 0 ? undefined : () => groups.foldAll(true)}
        onUnfoldAll={groups.folded.size === 0 ? undefined : () => groups.foldAll(false)}
      />
      <SearchBar
        search={search}
        field={field}
        size={state.size}
        onSearch={onSearch}
        onStep={step}
        isOnly={isShort}
        onOnly={onOnly}
      />
      {total > LONG ? (
        <Overview total={total} line={Math.min(from, total)} onJump={(line) => view.jump(line, 'start')} />
      ) : null}
      <StateNotes state={state} />
      <div className={isShort ? 'log-frame log-covered' : 'log-frame'}>
        <div
          ref={box}
          className={isWrapped ? 'log-box log-wrapped' : 'log-box'}
          role="region"
          aria-label="Lines of the log"
          aria-busy={state.total === undefined}
          tabIndex={0}
          onScroll={view.onScroll}
        >
          {total === 0 ? (
            <p className="muted log-nothing">
              {state.total === undefined
                ? 'One moment…'
                : isOpen
                  ? 'Nothing has been received yet.'
                  : sealed
                    ? 'Nothing was written.'
                    : 'Nothing was received.'}
            </p>
          ) : (
            <Lines
              rows={book.rows}
              view={view}
              groups={groups}
              look={{
                total,
                times,
                startedAt,
                query: sought.isRegex ? '' : sought.text,
                isExact: sought.isExact,
                isAll,
                raw: rawUrl(source),
              }}
              chosen={range}
              found={search.at}
              matchIn={search.matchIn}
              onChoose={(line, isShift) => {
                view.follow(false);
                setRange(chosenBy(line, range, isShift));
              }}
              onFold={(heading) => {
                view.follow(false);
                groups.toggle(heading);
              }}
            />
          )}
        </div>
        {isShort ? (
          <OnlyMatching
            search={search}
            onGo={(line) => {
              search.goTo(line);
              onOnly(false);
            }}
          />
        ) : null}
        {isOpen && !isFollowing && total > 0 ? (
          <button type="button" className="button primary small log-news" onClick={() => view.follow(true)}>
            {view.news === 0
              ? 'Follow'
              : `${view.news.toLocaleString()} new ${view.news === 1 ? 'line' : 'lines'}`}{' '}
            ↓
          </button>
        ) : null}
      </div>
      {/* below: above it would move the very lines that are being chosen */}
      {range === undefined ? null : (
        <Chosen source={source} range={range} total={total} onClear={() => setRange(undefined)} />
      )}
      <footer className="log-foot">
        {state.total === undefined ? null : footer(state, { isOpen, isFull })}
      </footer>
      {isHelp ? <Help onClose={() => setHelp(false)} /> : null}
    </section>
  );
};
