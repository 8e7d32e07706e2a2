/** A line as it is shown: pieces of text, each in one style. */
import { tokensOf } from './escape.js';
import { applySgr, sameSgr, type Sgr } from './sgr.js';

export interface Run {
  readonly text: string;
  readonly style: Sgr;
  /** The text stands for a character that is not shown as such: this one. */
  readonly mark?: string;
}

export interface Painted {
  readonly runs: readonly Run[];
  /** Holds on at the beginning of the line that follows. */
  readonly style: Sgr;
}

/** One place on the line. */
type Cell = Run;

const BLANK = ' ';

/** What was overwritten is gone, as on a terminal. A mark takes one place, and so does any other character, also a wide one. */
const drawn = () => {
  const cells: Cell[] = [];
  let at = 0;
  return {
    cells,
    put: (cell: Cell): void => {
      while (cells.length < at) cells.push({ text: BLANK, style: cell.style });
      cells[at++] = cell;
    },
    go: (to: 'start' | 'left'): void => {
      at = to === 'start' ? 0 : Math.max(0, at - 1);
    },
    erase: (what: 'right' | 'left' | 'all', style: Sgr): void => {
      if (what === 'right') cells.splice(at);
      else if (what === 'all') cells.splice(0);
      else for (let i = 0; i < Math.min(at + 1, cells.length); i++) cells[i] = { text: BLANK, style };
    },
  };
};

const joined = (cells: readonly Cell[]): readonly Run[] => {
  const runs: Run[] = [];
  let text = '';
  cells.forEach((cell, index) => {
    text += cell.text;
    const next = cells[index + 1];
    if (
      next !== undefined &&
      cell.mark === undefined &&
      next.mark === undefined &&
      sameSgr(cell.style, next.style)
    )
      return;
    runs.push({ ...cell, text });
    text = '';
  });
  return runs;
};

/** Nothing goes back or is erased: nine lines of ten, and much cheaper. */
const isStraight = (text: string): boolean => !/[\b\r]|\u001b\[[0-2]?[GK]/.test(text);

/** `\r` at the end of a line is half of its end. */
const body = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);

/** `before`: the style at its beginning. `all`: what was overwritten is shown as well, piece after piece. */
export const paint = (line: string, before: Sgr, all = false): Painted => {
  const text = body(line);
  const straight = all || isStraight(text);
  const runs: Run[] = [];
  const line_ = drawn();
  let style = before;
  for (const token of tokensOf(text))
    switch (token.kind) {
      case 'style':
        style = applySgr(style, token.params);
        break;
      case 'text':
        if (straight) runs.push({ text: token.text, style });
        else for (const character of token.text) line_.put({ text: character, style });
        break;
      case 'mark': {
        const run = { text: token.text, style, mark: token.name };
        if (straight) runs.push(run);
        else line_.put(run);
        break;
      }
      case 'go':
        if (!all) line_.go(token.to);
        else
          runs.push({
            text: token.to === 'start' ? '\u240d' : '\u2408',
            style,
            mark: token.to === 'start' ? 'U+000D' : 'U+0008',
          });
        break;
      case 'erase':
        if (!all) line_.erase(token.what, style);
    }
  return { runs: straight ? runs : joined(line_.cells), style };
};

/** Something was overwritten, so that `all` would show more. */
export const hidesSome = (text: string): boolean => !isStraight(body(text));

/** The style after a line, without painting it. */
export const styleAfter = (text: string, before: Sgr): Sgr => {
  if (!text.includes('\u001b')) return before;
  let style = before;
  for (const token of tokensOf(text)) if (token.kind === 'style') style = applySgr(style, token.params);
  return style;
};

/** What is read of it. */
export const textOf = ({ runs }: Painted): string => runs.map(({ text }) => text).join('');
