/** One line of a log. Whatever the job wrote becomes text nodes: no HTML, and no link that the job could choose. */
import { memo, useMemo, type Ref } from 'react';
import type { LogMatch } from '../../app/ports.js';
import { lengthOf } from '../parts/time.js';
import { markersOf, type Group } from './groups.js';
import { highlighted, highlightedAs } from './highlight.js';
import { linesText } from './lines-text.js';
import { paint } from './paint.js';
import { Pieces } from './pieces.js';
import type { LogRow } from './rows.js';
import { LINE_BYTES } from './assemble.js';
import type { Sgr } from './sgr.js';
import { timeText, type TimesShown } from './times.js';

/** What is the same for all lines. */
export interface LineLook {
  readonly total: number;
  readonly times: TimesShown;
  readonly startedAt: string | undefined;
  /** The text that is searched for; empty: none. */
  readonly query: string;
  readonly isExact: boolean;
  /** Also what was overwritten. */
  readonly isAll: boolean;
  /** Where all the bytes are. */
  readonly raw: string;
}

interface LineProps extends LineLook {
  readonly index: number;
  readonly line: number;
  /** Absent: not here yet. */
  readonly row: LogRow | undefined;
  /** At its beginning. */
  readonly sgr: Sgr;
  readonly isChosen: boolean;
  readonly isFound: boolean;
  /** What an expression matches in it, where that is known. */
  readonly match: LogMatch | undefined;
  /** It is the heading of this. */
  readonly group: Group | undefined;
  readonly isFolded: boolean;
  readonly measure: Ref<HTMLDivElement>;
  readonly onChoose: (line: number, isShift: boolean) => void;
  readonly onFold: (line: number) => void;
}

const numbers = new Intl.NumberFormat();

const Fold = ({
  group,
  isFolded,
  onFold,
}: { readonly group: Group } & Pick<LineProps, 'isFolded' | 'onFold'>) => (
  <button
    type="button"
    className="log-fold"
    aria-expanded={!isFolded}
    aria-label={`${isFolded ? 'Unfold' : 'Fold'} ${linesText(group.to - group.line)} below line ${group.line}`}
    onClick={() => onFold(group.line)}
  >
    {isFolded ? '▸' : '▾'}
  </button>
);

const headingNote = ({ line, to, ended, ms }: Group, isFolded: boolean): string =>
  [
    ...(isFolded ? [`${linesText(to - line)} folded${ended ? '' : ' so far'}`] : []),
    // of less than a second the mark tells nothing
    ...(ms === undefined || ms < 1000 ? [] : [lengthOf(ms)]),
  ].join(', ');

const LineOf = (props: LineProps) => {
  const {
    index,
    line,
    total,
    row,
    sgr,
    times,
    startedAt,
    query,
    isExact,
    match,
    isAll,
    group,
    isFolded,
    raw,
    measure,
  } = props;
  const painted = useMemo(
    () => (row === undefined ? undefined : paint(row.text, sgr, isAll)),
    [row, sgr, isAll],
  );
  const pieces = useMemo(() => {
    const runs = painted?.runs ?? [];
    return match === undefined ? highlighted(runs, query, isExact) : highlightedAs(runs, match);
  }, [painted, query, isExact, match]);
  // the names of sections are there to be overwritten
  const hides = painted?.hides === true && row !== undefined && markersOf(row.text).length === 0;
  const note = group === undefined ? '' : headingNote(group, isFolded);
  const classes = [
    'log-row',
    ...(props.isChosen ? ['log-chosen'] : []),
    ...(props.isFound ? ['log-found'] : []),
    ...(group === undefined ? [] : ['log-heading']),
    ...(group?.quiet === true ? ['log-quiet'] : []),
    ...(group?.alarmed === true ? ['log-alarmed'] : []),
  ];
  return (
    <div
      ref={measure}
      role="listitem"
      className={classes.join(' ')}
      data-index={index}
      data-line={line}
      aria-setsize={total}
      aria-posinset={line}
      {...(props.isChosen ? { 'aria-current': true } : {})}
    >
      <a
        className="log-number"
        href={`#L${line}`}
        aria-label={`Line ${line}`}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          props.onChoose(line, event.shiftKey);
        }}
      >
        {line}
      </a>
      {times === 'none' || row === undefined ? null : (
        <time
          className="log-time"
          {...(row.receivedAt === undefined
            ? { title: 'when it came is not known' }
            : {
                dateTime: row.receivedAt,
                title: `${row.receivedAt}${row.collectedLate === true ? ', written before that' : ''}`,
              })}
        >
          {timeText(row, times, startedAt)}
        </time>
      )}
      <span className="log-gutter">
        {group === undefined ? null : <Fold group={group} isFolded={isFolded} onFold={props.onFold} />}
      </span>
      <span className="log-text" dir="ltr">
        {row === undefined ? <span className="muted">…</span> : null}
        {group !== undefined && group.title !== '' ? group.title : null}
        <Pieces pieces={pieces} />
        {row?.cut === true ? (
          <a className="log-more" href={raw} target="_blank" rel="noreferrer">
            … {numbers.format(row.length - LINE_BYTES)} more bytes of this line are in the raw log
          </a>
        ) : null}
        {hides ? (
          <span className="log-redrawn" title="It was redrawn. “Overwritten”, above, shows all that it was.">
            ↺<span className="visually-hidden"> redrawn</span>
          </span>
        ) : null}
        {note === '' ? null : <span className="log-note">{note}</span>}
      </span>
    </div>
  );
};

export const Line = memo(LineOf);
