/** A line as it is shown: pieces of text, each in one style. */
import { markOf, tokensOf } from './escape.js';
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
  /** Something was overwritten or erased, and would be shown by `all`. */
  readonly hides: boolean;
}

/** One place on the line. */
type Cell = Run;

const BLANK = ' ';

/** What was overwritten is gone, as on a terminal. A mark takes one place, and so does any other character, also a wide one. */
const drawn = () => {
  const cells: Cell[] = [];
  let at = 0;
  let hides = false;
  const lose = (from: number, to: number): void => {
    hides ||= cells.slice(from, to).some(({ text }) => text !== BLANK);
  };
  return {
    cells,
    hides: (): boolean => hides,
    put: (cell: Cell): void => {
      while (cells.length < at) cells.push({ text: BLANK, style: cell.style });
      if (cells[at]?.text !== cell.text) lose(at, at + 1);
      cells[at++] = cell;
    },
    go: (to: 'start' | 'left'): void => {
      at = to === 'start' ? 0 : Math.max(0, at - 1);
    },
    erase: (what: 'right' | 'left' | 'all', style: Sgr): void => {
      const from = what === 'right' ? at : 0;
      const to = what === 'left' ? Math.min(at + 1, cells.length) : cells.length;
      lose(from, to);
      if (what !== 'left') cells.splice(from);
      else for (let i = 0; i < to; i++) cells[i] = { text: BLANK, style };
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
  const drawing = drawn();
  let style = before;
  for (const token of tokensOf(text))
    switch (token.kind) {
      case 'style':
        style = applySgr(style, token.params);
        break;
      case 'text':
        if (straight) runs.push({ text: token.text, style });
        else for (const character of token.text) drawing.put({ text: character, style });
        break;
      case 'mark': {
        const run = { text: token.text, style, mark: token.name };
        if (straight) runs.push(run);
        else drawing.put(run);
        break;
      }
      case 'go':
        if (!all) drawing.go(token.to);
        else {
          const { text: shown, name } = markOf(token.to === 'start' ? 0x0d : 0x08);
          runs.push({ text: shown, style, mark: name });
        }
        break;
      case 'erase':
        if (!all) drawing.erase(token.what, style);
    }
  return { runs: straight ? runs : joined(drawing.cells), style, hides: drawing.hides() };
};

/** The style after a line, without painting it. */
export const styleAfter = (text: string, before: Sgr): Sgr => {
  if (!text.includes('\u001b')) return before;
  let style = before;
  for (const token of tokensOf(text)) if (token.kind === 'style') style = applySgr(style, token.params);
  return style;
};

/** What is read of it. */
export const textOf = ({ runs }: Painted): string => runs.map(({ text }) => text).join('');
