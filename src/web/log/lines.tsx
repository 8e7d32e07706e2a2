/** The lines of a log that are near the reader, at their place in the list that scrolls. */
import type { LogMatch } from '../../app/ports.js';
import { Line, type LineLook } from './line.js';
import type { LineRange } from './line-links.js';
import type { Rows } from './rows.js';
import type { GroupChoice } from './use-groups.js';
import type { LineWindow } from './use-window.js';

interface LinesProps {
  readonly rows: Rows;
  readonly view: LineWindow;
  readonly groups: GroupChoice;
  readonly look: LineLook;
  readonly chosen: LineRange | undefined;
  /** The line where a search has brought the reader. */
  readonly found: number | undefined;
  /** What an expression matches in a line, where that is known. */
  readonly matchIn: (line: number) => LogMatch | undefined;
  readonly onChoose: (line: number, isShift: boolean) => void;
  readonly onFold: (heading: number) => void;
}

export const Lines = ({
  rows,
  view: { virtual, folds },
  groups: { groups, folded },
  look,
  chosen,
  found,
  matchIn,
  onChoose,
  onFold,
}: LinesProps) => {
  const items = virtual.getVirtualItems();
  return (
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
              {...look}
              index={index}
              line={line}
              row={rows.get(line)}
              sgr={rows.styleAt(line)}
              isChosen={chosen !== undefined && chosen.from <= line && line <= chosen.to}
              isFound={found === line}
              match={matchIn(line)}
              group={groups.get(line)}
              isFolded={folded.has(line)}
              measure={virtual.measureElement}
              onChoose={onChoose}
              onFold={onFold}
            />
          );
        })}
      </div>
    </div>
  );
};
