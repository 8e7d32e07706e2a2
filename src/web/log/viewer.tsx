/**
 * A log: its end first, and any part of it on demand, however long it is. Lines can be linked, searched for, folded by their headings and
 * followed as they come.
 */
import { useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react';
import { useLogBook, type LogState } from './book.js';
import { Chosen } from './chosen.js';
import { Help } from './help.js';
import { chosenBy } from './line-links.js';
import { Line } from './line.js';
import { SearchBar } from './search-bar.js';
import { rawUrl, type LogSource, type Sought } from './source.js';
import { StateNotes } from './state-notes.js';
import { timesShown } from './times.js';
import { Overview, Tools } from './tools.js';
import { useKept } from './use-kept.js';
import { useKeys } from './use-keys.js';
import { useLineRange } from './use-range.js';
import { useLogSearch } from './use-search.js';
import { useLineWindow } from './use-window.js';
import './log.css';

interface LogViewerProps {
  /** Give a `key` with it: another source is another viewer. */
  readonly source: LogSource;
  /** Of the attempt; times since then. */
  readonly startedAt?: string;
  readonly sought: Sought;
  readonly onSearch: (sought: Sought) => void;
  /** Stands under the last line. */
  readonly footer: (state: LogState) => ReactNode;
}

/** While the reader scrolls fast nothing is fetched of what flies by. */
const SETTLE_MS = 40;
const LONG = 20_000;

export const LogViewer = ({ source, startedAt, sought, onSearch, footer }: LogViewerProps) => {
  const { book, state } = useLogBook(source);
  const { version, sealed } = state;
  const total = state.total ?? 0;
  const isOpen = !sealed && state.following?.kind !== 'over';
  const [range, setRange] = useLineRange();
  const [choice, setChoice] = useState<ReadonlyMap<number, boolean>>(new Map());
  const [times, setTimes] = useKept('times', timesShown);
  const [wrapped, setWrapped] = useKept('wrap', ['no', 'yes']);
  const [isAll, setAll] = useState(false);
  const [isFull, setFull] = useState(false);
  const [isHelp, setHelp] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const label = useId();
  const isWrapped = wrapped === 'yes';

  const groups = useMemo(() => new Map(state.groups.map((group) => [group.line, group])), [state.groups]);
  const folded = useMemo(
    () =>
      [...groups.values()].filter(
        ({ line, to, collapsed, ended, alarmed }) =>
          to > line && (choice.get(line) ?? (collapsed && ended && !alarmed)),
      ),
    [groups, choice],
  );
  const hidden = useMemo(() => folded.map(({ line, to }) => ({ from: line + 1, to })), [folded]);
  const foldedLines = useMemo(() => new Set(folded.map(({ line }) => line)), [folded]);

  const [start] = useState(range?.from);
  const view = useLineWindow({ total, hidden, version, start, isOpen });
  const { virtual, folds, seen, box, isFollowing } = view;
  const search = useLogSearch(source, sought, total, (line) => {
    // a line that is folded away is shown
    setChoice((before) => {
      const around = folded.filter((group) => group.line < line && line <= group.to);
      return around.length === 0
        ? before
        : new Map([...before, ...around.map((group) => [group.line, false] as const)]);
    });
    view.jump(line);
  });

  const { from, to } = seen;
  useEffect(() => {
    if (total === 0) return undefined;
    const timer = setTimeout(() => book.want(from, to, times !== 'none'), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [book, from, to, times, total, version]);

  const step = (way: 'next' | 'previous'): void => search.step(way, search.at ?? view.top());
  const seekError = (way: 'next' | 'previous'): void => {
    if (sought.text === 'error') step(way);
    else onSearch({ text: 'error', isExact: false });
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
    '?': () => setHelp(true),
    ...(isFull ? { Escape: () => setFull(false) } : {}),
  });

  const items = virtual.getVirtualItems();
  const raw = rawUrl(source);
  const foldAll = (isFolded: boolean): void =>
    setChoice(new Map([...groups.keys()].map((line) => [line, isFolded])));
  return (
    <section className={isFull ? 'log log-full' : 'log'} aria-labelledby={label}>
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
        onFoldAll={groups.size === 0 ? undefined : () => foldAll(true)}
        onUnfoldAll={folded.length === 0 ? undefined : () => foldAll(false)}
      />
      <SearchBar
        search={search}
        field={field}
        size={state.size}
        onSearch={(text, isExact) => onSearch({ text, isExact })}
        onStep={step}
      />
      {total > LONG ? (
        <Overview total={total} line={Math.min(from, total)} onJump={(line) => view.jump(line, 'start')} />
      ) : null}
      <StateNotes state={state} />
      {range === undefined ? null : (
        <Chosen source={source} range={range} total={total} onClear={() => setRange(undefined)} />
      )}
      <div className="log-frame">
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
                  ? 'Nothing has been written yet.'
                  : 'Nothing was written.'}
            </p>
          ) : (
            <div className="log-space" style={{ height: virtual.getTotalSize() }}>
              <div
                role="list"
                aria-label="Lines"
                className="log-rows"
                style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}
              >
                {items.map(({ index }) => {
                  const line = folds.lineAt(index);
                  return (
                    <Line
                      key={line}
                      index={index}
                      line={line}
                      total={total}
                      row={book.rows.get(line)}
                      sgr={book.rows.styleAt(line)}
                      times={times}
                      startedAt={startedAt}
                      query={sought.text}
                      isExact={sought.isExact}
                      isChosen={range !== undefined && range.from <= line && line <= range.to}
                      isFound={search.at === line}
                      isAll={isAll}
                      group={groups.get(line)}
                      isFolded={foldedLines.has(line)}
                      raw={raw}
                      measure={virtual.measureElement}
                      onChoose={(chosen, isShift) => {
                        view.follow(false);
                        setRange(chosenBy(chosen, range, isShift));
                      }}
                      onFold={(heading) => {
                        view.follow(false);
                        setChoice((before) => new Map(before).set(heading, !foldedLines.has(heading)));
                      }}
                    />
                  );
                })}
              </div>
            </div>
          )}
        </div>
        {isOpen && !isFollowing && total > 0 ? (
          <button type="button" className="button primary small log-news" onClick={() => view.follow(true)}>
            {view.news === 0
              ? 'Follow'
              : `${view.news.toLocaleString()} new ${view.news === 1 ? 'line' : 'lines'}`}{' '}
            ↓
          </button>
        ) : null}
      </div>
      <footer className="log-foot">{footer(state)}</footer>
      {isHelp ? <Help onClose={() => setHelp(false)} /> : null}
    </section>
  );
};
