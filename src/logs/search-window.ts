/** What is shown of a line in which something was found: so much around the first match. Pure. */
import type { LogMatch } from '../app/ports.js';

/** Characters (UTF-16) before the first match, and altogether. */
export const BEFORE = 160;
const WINDOW = 512;

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** A line of which more may come. */
export interface OpenMatch {
  /** The next of its text, which begins at that column of the line; what lies outside of the window is dropped. */
  readonly text: (text: string, column: number) => void;
  readonly match: (column: number, length: number) => void;
  /** `length`: of the whole line. */
  readonly end: (length: number) => LogMatch;
}

/** Begins at the first match, `at`; `known` is text of the line from `column` on, with the `BEFORE` characters before the match if there are so many. */
export const openMatch = (
  place: Pick<LogMatch, 'line' | 'offset'>,
  known: string,
  column: number,
  at: number,
): OpenMatch => {
  const wanted = Math.max(column, at - BEFORE);
  // never the second half of a character
  const start = wanted > column && isLow(known.charCodeAt(wanted - column)) ? wanted - 1 : wanted;
  let shown = known.slice(start - column, start - column + WINDOW);
  let matches = 0;
  const columns: (readonly [number, number])[] = [];
  return {
    text: (text, from) => {
      const next = start + shown.length;
      if (shown.length < WINDOW && from <= next)
        shown += text.slice(next - from, next - from + WINDOW - shown.length);
    },
    match: (found, length) => {
      matches++;
      const [first, last] = [found - start, found - start + length];
      if (last <= WINDOW) columns.push([first, last]);
    },
    end: (length) => {
      const isCut = start > 0 || start + shown.length < length;
      const lastUnit = shown.charCodeAt(shown.length - 1);
      const text = start + shown.length < length && isHigh(lastUnit) ? shown.slice(0, -1) : shown;
      return { ...place, text, column: start, columns, matches, ...(isCut ? { cut: true } : {}) };
    },
  };
};

/** Of a whole line; the places of its matches are from, and before which. */
export const matchOf = (
  place: Pick<LogMatch, 'line' | 'offset'>,
  line: string,
  places: readonly (readonly [number, number])[],
): LogMatch => {
  const match = openMatch(place, line, 0, places[0]?.[0] ?? 0);
  for (const [from, to] of places) match.match(from, to - from);
  return match.end(line.length);
};
