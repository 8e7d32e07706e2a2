/** Where in the text of a file is what a problem speaks of? For files that people mend in an editor. */
import * as E from 'fp-ts/lib/Either.js';
import { parseJson, placeIn, type Place } from './json-text.js';
import type { Problem } from './problem.js';

export type Placed = Problem & Partial<Place>;

/** Each problem of this JSON text with line and column, where its path can be found there. */
export const placed = (content: string, problems: readonly Problem[]): readonly Placed[] => {
  const parsed = parseJson(content);
  const places = E.isRight(parsed) ? parsed.right.places : new Map<string, Place>();
  return problems.map((problem) => ({
    ...problem,
    ...(problem.path === '' ? {} : (places.get(problem.path) ?? placeIn(problem.path))),
  }));
};
