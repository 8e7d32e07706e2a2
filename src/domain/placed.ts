/** Where in the text of a file is what a problem speaks of? For files that people mend in an editor. */
import * as E from 'fp-ts/lib/Either.js';
import { parseJson, placeIn, type Place } from './json-text.js';
import type { Problem } from './problem.js';

export type Placed = Problem & Partial<Place>;

const inOrder = (a: Placed, b: Placed): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

/** Each problem of this JSON text with line and column, where its path can be found there; from top to bottom. */
export const placed = (content: string, problems: readonly Problem[]): readonly Placed[] => {
  const parsed = parseJson(content);
  const places = E.isRight(parsed) ? parsed.right.places : new Map<string, Place>();
  const all = problems.map((problem): Placed => ({
    ...problem,
    ...(problem.path === '' ? {} : (places.get(problem.path) ?? placeIn(problem.path))),
  }));
  return all.toSorted(inOrder);
};
