/**
 * Which phase runs tell the host their next report now? Each has at most one under way, so many of them at a time; one that was not taken
 * has its turn again later, each time a longer while.
 */
import { retryAfter } from './ask-host.js';

export interface ReportTurnsOptions {
  readonly owes: (phaseRunId: string) => boolean;
  /** Tells the next report, `again` after a failure. False: it has to be told again; undefined: nothing comes of it, all is closed. */
  readonly tell: (phaseRunId: string, again: boolean) => Promise<boolean | undefined>;
  /** A turn is over, and it was taken or not. */
  readonly over: (phaseRunId: string, taken: boolean) => void;
  readonly mostRetryMs: number;
}

export interface ReportTurns {
  /** It may have something to tell; it has its turn with the next `go`. */
  readonly consider: (phaseRunId: string) => void;
  /** Gives turns to as many as may have one. */
  readonly go: () => void;
  /** Phase runs that wait for the host. */
  readonly waiting: () => number;
  /** Of those, the ones of which the last report was not taken. */
  readonly retried: () => number;
  readonly close: () => void;
}

/** Reports under way at a time; one that is to be told again is not under way meanwhile. */
const MOST_UNDER_WAY = 32;

export const reportTurns = ({ owes, tell, over, mostRetryMs }: ReportTurnsOptions): ReportTurns => {
  let closed = false;
  /** Something to tell, none of it under way or put off. */
  const ready = new Set<string>();
  const underWay = new Set<string>();
  /** Its failures in a row, and the timer of its next turn. */
  const putOff = new Map<string, { readonly failures: number; readonly timer?: NodeJS.Timeout }>();

  const consider = (id: string): void => {
    if (owes(id) && !underWay.has(id) && putOff.get(id)?.timer === undefined) ready.add(id);
  };

  const go = (): void => {
    for (const id of ready) {
      if (closed || underWay.size >= MOST_UNDER_WAY) return;
      ready.delete(id);
      underWay.add(id);
      void turnOf(id);
    }
  };

  const turnOf = async (id: string): Promise<void> => {
    const taken = await tell(id, putOff.has(id));
    if (closed || taken === undefined) return;
    underWay.delete(id);
    if (taken) {
      putOff.delete(id);
      consider(id);
    } else later(id);
    over(id, taken);
    go();
  };

  const later = (id: string): void => {
    const failures = putOff.get(id)?.failures ?? 0;
    const timer = setTimeout(
      () => {
        putOff.set(id, { failures: failures + 1 });
        consider(id);
        if (!ready.has(id)) putOff.delete(id);
        go();
      },
      retryAfter(failures, mostRetryMs),
    );
    putOff.set(id, { failures: failures + 1, timer });
  };

  return {
    ...{ consider, go },
    waiting: () =>
      ready.size + underWay.size + [...putOff.values()].filter(({ timer }) => timer !== undefined).length,
    retried: () => putOff.size,
    close: () => {
      closed = true;
      for (const { timer } of putOff.values()) clearTimeout(timer);
    },
  };
};
