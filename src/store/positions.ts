/** How does a place in the store travel as text? Both embedded stores count 1, 2, 3 … without gaps. */
import type { Position } from '../kernel/recorded.js';

const SHAPE = /^(0|[1-9][0-9]*)(\/(0|[1-9][0-9]*))?$/;

/** The text of a place; '0' lies before the first event. */
export const positionText = (place: number): Position => String(place);

/** The place that a text names, or undefined when it is no position. Of `commit/prepare` the commit counts. */
export const placeOf = (position: Position): number | undefined => {
  const commit = SHAPE.exec(position)?.[1];
  return commit === undefined ? undefined : Math.min(Number(commit), Number.MAX_SAFE_INTEGER);
};
