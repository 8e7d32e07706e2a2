/** The moment that is shown, in the words of the header. */
import { kindOfMoment, localOf, millisOf } from '../parts/moments.js';

/** `2026-01-31 17:30:00`, `position 4711`, `the beginning`; what names no moment as it is. */
export const momentText = (at: string): string => {
  const millis = millisOf(at);
  if (millis !== undefined) return localOf(millis);
  const kind = kindOfMoment(at);
  return kind === 'start' ? 'the beginning' : kind === 'position' ? `position ${at}` : at;
};

/** Why nothing can be shown of it; undefined: something can. `now`: milliseconds since 1970, of the server. */
export const whyNoMoment = (at: string, now: number): string | undefined => {
  if (kindOfMoment(at) === undefined) return `“${at}” names no moment`;
  // the server's clock is known to two seconds
  return (millisOf(at) ?? 0) > now + 2000 ? 'That moment has not come yet' : undefined;
};
