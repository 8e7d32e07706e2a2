/** A job that is tried again, but not yet: until when, where, and after what. */
import type { JobRequeued } from '../src/events/job.js';
import { plusMillis, type Instant } from '../src/kernel/time.js';

export interface RetryWait {
  readonly until: Instant;
  /** The machine may have been to blame: another is better, `now` without waiting, or `then`. */
  readonly elsewhere?: 'now' | 'then';
  /** What ended the attempt before, as a sentence without its end. */
  readonly after: string;
}

/** What the requeueing at this instant makes it wait for; undefined when it may be tried again at once. */
export const retryWaitOf = (
  { cause, delayMs = 0, detail, why }: JobRequeued,
  at: Instant,
): RetryWait | undefined =>
  delayMs === 0 || Number.isNaN(Date.parse(at))
    ? undefined
    : {
        until: plusMillis(at, delayMs),
        ...(cause === 'infrastructure' ? { elsewhere: 'now' } : why === 'lost' ? { elsewhere: 'then' } : {}),
        after: (detail ?? why ?? cause).replace(/\.$/, ''),
      };

const MINUTE_MS = 60_000;

/** `20 s`, `5 min`: rounded up, since it is what is still to be waited. */
export const spanText = (ms: number): string =>
  ms < 2 * MINUTE_MS ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / MINUTE_MS)} min`;

const ELSEWHERE = {
  now: ', or at once on another runner',
  then: ', on another runner if one suits',
} as const;

/** In words, while it holds; undefined once its time has come. `now` is absent where nobody knows how late it is. */
export const retryText = (
  { until, elsewhere, after }: RetryWait,
  now: Instant | undefined,
): string | undefined => {
  if (now !== undefined && now >= until) return undefined;
  const when = now === undefined ? `at ${until}` : `in ${spanText(Date.parse(until) - Date.parse(now))}`;
  return `tried again ${when}${elsewhere === undefined ? '' : ELSEWHERE[elsewhere]}, after: ${after}`;
};
