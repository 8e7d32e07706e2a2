/** Which moment of the past does somebody mean? A place in the store, or a time. */
import type { Position } from './recorded.js';
import type { Instant } from './time.js';

/** The empty position is before the first event; in words: `start`. */
export type At =
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'time'; readonly time: Instant };

const POSITION = /^(0|[1-9]\d{0,19})(\/(0|[1-9]\d{0,19}))?$/;
/** RFC 3339 §5.6; a space instead of `T` is not taken. */
const TIME = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

/** The instant that an RFC 3339 text names, to the millisecond; undefined when it names none. */
export const parseTime = (text: string): Instant | undefined => {
  const day = TIME.exec(text)?.[1];
  if (day === undefined) return undefined;
  const ms = Date.parse(text.toUpperCase());
  // JavaScript takes 30 February for 1 March
  const isDay = !Number.isNaN(ms) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  return isDay ? new Date(ms).toISOString() : undefined;
};

/** The moment that a text names; undefined when it names none. */
export const parseAt = (text: string): At | undefined => {
  if (text === 'start') return { kind: 'position', position: '' };
  if (POSITION.test(text)) return { kind: 'position', position: text };
  const time = parseTime(text);
  return time === undefined ? undefined : { kind: 'time', time };
};

/** The word for a position: the empty one would get lost in headers. */
export const positionWord = (position: Position): string => (position === '' ? 'start' : position);
