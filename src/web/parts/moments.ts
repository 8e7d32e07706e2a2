/** Instants as people choose them: written in the zone of who looks, kept in addresses in UTC. */

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970 of an instant of RFC 3339; undefined for a position, or anything else. */
export const millisOf = (at: string | undefined): number | undefined => {
  if (at === undefined || !INSTANT.test(at)) return undefined;
  const millis = Date.parse(at);
  return Number.isNaN(millis) ? undefined : millis;
};

/** RFC 3339 in UTC, for an address. */
export const instantOf = (millis: number): string => new Date(millis).toISOString().replace(/\.000Z$/, 'Z');

const two = (value: number): string => String(value).padStart(2, '0');

/** As `<input type="datetime-local">` has it: to the second, in the zone of who looks. */
export const localOf = (millis: number): string => {
  const date = new Date(millis);
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
};

/** Back again; undefined for what is not written to its end. */
export const millisOfLocal = (text: string): number | undefined => {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text)) return undefined;
  // without a zone it is of the zone of who looks (ECMA-262, Date.parse)
  const millis = Date.parse(text);
  return Number.isNaN(millis) ? undefined : millis;
};

/**
 * The moment that lies a step from the one shown: from now when none is. Undefined when that is now or later, since now is what is
 * shown then; null when a step cannot be counted, since a position is shown.
 */
export const stepFrom = (at: string | undefined, stepMs: number, now: number): string | undefined | null => {
  const from = at === undefined ? now : millisOf(at);
  if (from === undefined) return null;
  return from + stepMs >= now ? undefined : instantOf(from + stepMs);
};
