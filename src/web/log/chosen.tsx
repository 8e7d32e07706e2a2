/** What can be done with the lines that are chosen: copied as text, or as a link. */
import { problemOf } from '../api/client.js';
import { announce } from '../parts/announce.js';
import { CopyButton } from '../parts/copy-button.js';
import { textOf, paint } from './paint.js';
import { hashOf, type LineRange } from './line-links.js';
import { readLines, type LogSource } from './source.js';
import { plain } from './sgr.js';

const MOST_LINES = 10_000;

const textsOf = async (source: LogSource, { from, to }: LineRange): Promise<string> => {
  let text = '';
  for (let next = from; next <= to;) {
    const { items } = await readLines(
      source,
      next,
      Math.min(1000, to - next + 1),
      new AbortController().signal,
    );
    const last = items.at(-1);
    if (last === undefined) break;
    for (const item of items) text += `${textOf(paint(item.text ?? '', plain))}\n`;
    next = last.line + 1;
  }
  return text;
};

export const Chosen = ({
  source,
  range,
  total,
  onClear,
}: {
  readonly source: LogSource;
  readonly range: LineRange;
  readonly total: number;
  readonly onClear: () => void;
}) => {
  const { from, to } = range;
  const { origin, pathname, search } = location;
  return (
    <div className="log-chosen-bar row small" role="group" aria-label="Chosen lines">
      <span>
        {from === to ? `Line ${from}` : `Lines ${from} to ${to}`}
        {to > total ? `: the log has ${total} so far` : ''}
      </span>
      <CopyButton text={`${origin}${pathname}${search}${hashOf(range)}`} label="Copy link" />
      {'clipboard' in navigator && to - from < MOST_LINES ? (
        <button
          type="button"
          className="button small"
          onClick={() => {
            textsOf(source, range)
              .then((text) => navigator.clipboard.writeText(text))
              .then(
                () => announce('Copied, without colours.'),
                (error: unknown) => announce(`Not copied: ${problemOf(error).detail}`),
              );
          }}
        >
          Copy text
        </button>
      ) : null}
      <button type="button" className="button small quiet" onClick={onClear}>
        Clear
      </button>
    </div>
  );
};
