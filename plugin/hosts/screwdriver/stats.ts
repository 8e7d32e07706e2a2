/** Numbers of the executor since its process began, in the form that `GET /v4/stats` demands: any other member makes it answer 500. */
import type { Outcome } from '../../../src/events/shapes.js';

export interface Counts {
  readonly requests: {
    readonly total: number;
    readonly timeouts: number;
    readonly success: number;
    readonly failure: number;
    readonly concurrent: number;
    /** Seconds from the start of a build to its end. */
    readonly averageTime: number;
  };
  readonly breaker: { readonly isClosed: boolean };
}

export interface Counting {
  readonly began: (buildId: number, at: number) => void;
  /** Told again, it counts once. */
  readonly ended: (buildId: number, outcome: Outcome, at: number) => void;
  /** `live`: builds that are not over; `well`: it takes builds. */
  readonly now: (live: number, well: boolean) => Counts;
}

/** Builds of which the start is known. Those that end without a report, as nothing of them was promoted, stay until newer ones need the room. */
export const MOST_BEGUN = 10_000;

/** Times in milliseconds since 1970. */
export const counting = (): Counting => {
  const begun = new Map<number, number>();
  let [total, timeouts, success, failure, spentMs, timed] = [0, 0, 0, 0, 0, 0];
  return {
    began: (buildId, at) => {
      total += 1;
      begun.set(buildId, at);
      const [oldest] = begun.keys();
      if (begun.size > MOST_BEGUN && oldest !== undefined) begun.delete(oldest);
    },
    ended: (buildId, outcome, at) => {
      const since = begun.get(buildId);
      if (since === undefined) return;
      begun.delete(buildId);
      spentMs += at - since;
      timed += 1;
      if (outcome === 'succeeded') success += 1;
      else failure += 1;
      if (outcome === 'timed_out') timeouts += 1;
    },
    now: (concurrent, isClosed) => ({
      requests: {
        ...{ total, timeouts, success, failure, concurrent },
        averageTime: timed === 0 ? 0 : spentMs / timed / 1000,
      },
      breaker: { isClosed },
    }),
  };
};
