/** Marks what was searched for in the pieces of a line. */
import type { LogMatch } from '../../app/ports.js';
import type { Run } from './paint.js';

export interface Piece extends Run {
  readonly isHit?: true;
}

/** Lower case of the same length, so that places fit: some letters are longer in lower case. */
const folded = (text: string): string => {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
};

/** From … to, exclusive. */
type Places = readonly (readonly [number, number])[];

const placesOf = (text: string, query: string, isExact: boolean): Places => {
  const places: [number, number][] = [];
  const within = isExact ? text : folded(text);
  const wanted = isExact ? query : folded(query);
  for (let at = within.indexOf(wanted); at !== -1; at = within.indexOf(wanted, at + wanted.length))
    places.push([at, at + wanted.length]);
  return places;
};

const textOf = (runs: readonly Run[]): string => runs.map(({ text }) => text).join('');

/** The same text in more pieces. */
const marked = (runs: readonly Run[], places: Places): readonly Piece[] => {
  if (places.length === 0) return runs;
  const pieces: Piece[] = [];
  let start = 0;
  let next = 0;
  for (const run of runs) {
    const end = start + run.text.length;
    let at = start;
    while (at < end) {
      while ((places[next]?.[1] ?? Number.POSITIVE_INFINITY) <= at) next++;
      const [from, to] = places[next] ?? [end, end];
      const isHit = from <= at;
      const until = Math.min(end, isHit ? to : from);
      const text = run.text.slice(at - start, until - start);
      pieces.push({ ...run, text, ...(isHit ? { isHit } : {}) });
      at = until;
    }
    start = end;
  }
  return pieces;
};

/** Marks a text; `isExact`: capital letters count. */
export const highlighted = (runs: readonly Run[], query: string, isExact: boolean): readonly Piece[] =>
  query === '' ? runs : marked(runs, placesOf(textOf(runs), query, isExact));

/** Marks what the server found in this line, unless the line is shown as another text than it was searched as. */
export const highlightedAs = (runs: readonly Run[], { text, column, columns }: LogMatch): readonly Piece[] =>
  textOf(runs).startsWith(text, column)
    ? marked(
        runs,
        columns.filter(([from, to]) => to > from).map(([from, to]) => [column + from, column + to]),
      )
    : runs;
