/** Moments as people choose them: written in the zone of who looks, kept in addresses in UTC. */

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

/** `2026-01-31 17:30:00`: the same everywhere, to the second, in the zone of who looks. */
export const localOf = (millis: number): string => {
  const date = new Date(millis);
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
};

/** How such a moment is written; what is left away at its end is nought. */
export const WRITTEN = '2026-01-31 17:30';

const LOCAL = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?))?$/;

/** Back again; with a zone as RFC 3339 has it, it is of that zone. Undefined for what is not written to its end, or no day. */
export const millisOfLocal = (text: string): number | undefined => {
  const written = text.trim();
  const instant = millisOf(written);
  if (instant !== undefined) return instant;
  const [, day, time = '00:00'] = LOCAL.exec(written) ?? [];
  if (day === undefined) return undefined;
  // without a zone it is of the zone of who looks (ECMA-262, Date.parse)
  const millis = Date.parse(`${day}T${time}`);
  // 30 February is taken for 1 March
  return Number.isNaN(millis) || !localOf(millis).startsWith(day) ? undefined : millis;
};

/** The zone of who looks, e.g. `Europe/Berlin`. */
export const zoneName = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What `?at=` may name, as `src/kernel/at.ts` reads it: an instant, a position, or the beginning; undefined for what names nothing. */
export const kindOfMoment = (at: string): 'instant' | 'position' | 'start' | undefined => {
  if (at === 'start') return 'start';
  if (millisOf(at) !== undefined) return 'instant';
  return /^\d+(\/\d+)?$/.test(at) ? 'position' : undefined;
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
