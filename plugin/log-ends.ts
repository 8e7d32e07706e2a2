/** Which ends of phase runs wait for output that the host does not take, and for how long? No end waits for ever, and not all output is kept in mind. */
import { lateness, owedJobs, tellEndFirst } from './owed-logs.js';
import { forgetLogs, type ReportsView } from './tracked.js';

export interface LogEndsOptions {
  readonly view: () => ReportsView;
  /** Telling some of its output failed, and is tried again. */
  readonly fails: (phaseRunId: string) => boolean;
  /** Its end may be told now, or nothing of its output any more. */
  readonly changed: (phaseRunId: string) => void;
  /** An end waits so long for a host that takes nothing of its output. */
  readonly patienceMs: number;
  readonly onProblem: (message: string) => void;
}

export interface LogEnds {
  /** Something has changed for that phase run. */
  readonly look: (phaseRunId: string) => void;
  /** The host took some of its output. */
  readonly taken: (phaseRunId: string) => void;
  /** Ends that wait. */
  readonly held: () => number;
  /** Jobs of which the output is told no more. */
  readonly givenUp: () => number;
  readonly close: () => void;
}

/** Phase runs that have ended, were told to the end, and of which output is kept in mind. */
const MOST_BEHIND = 1000;

export const logEnds = ({ view, fails, changed, patienceMs, onProblem }: LogEndsOptions): LogEnds => {
  let closed = false;
  /** Phase run → since when its end waits without any progress. */
  const held = new Map<string, number>();
  const behind = new Set<string>();
  let givenUp = 0;
  /** When the host last took anything. */
  let lastTaken = performance.now();
  let watch: NodeJS.Timeout | undefined;

  const giveUpOldest = (): void => {
    const [oldest] = behind;
    if (behind.size <= MOST_BEHIND || oldest === undefined) return;
    givenUp += owedJobs(view(), oldest).length;
    onProblem(
      `the host takes no output: that of phase run ${oldest}, which ended long ago, is told no more; it can be read through the API`,
    );
    forgetLogs(view(), oldest);
    changed(oldest);
  };

  const endLate = (): void => {
    const now = performance.now();
    for (const [phaseRunId, since] of [...held]) {
      // what waits for its turn goes on as long as anything does
      const stuckSince = fails(phaseRunId) ? since : Math.max(since, lastTaken);
      if (now - stuckSince < patienceMs) continue;
      onProblem(
        `the host took none of the output of phase run ${phaseRunId} for ${patienceMs} ms: its end is told first`,
      );
      tellEndFirst(view(), phaseRunId);
      changed(phaseRunId);
    }
    watchEnds();
  };
  const watchEnds = (): void => {
    clearTimeout(watch);
    watch = held.size === 0 || closed ? undefined : setTimeout(endLate, Math.min(1000, patienceMs / 4));
    watch?.unref();
  };

  return {
    look: (phaseRunId) => {
      const late = lateness(view(), phaseRunId);
      if (late !== 'held') held.delete(phaseRunId);
      else if (!held.has(phaseRunId)) held.set(phaseRunId, performance.now());
      if (late === 'behind') behind.add(phaseRunId);
      else behind.delete(phaseRunId);
      if (watch === undefined) watchEnds();
      giveUpOldest();
    },
    taken: (phaseRunId) => {
      lastTaken = performance.now();
      if (held.has(phaseRunId)) held.set(phaseRunId, lastTaken);
    },
    held: () => held.size,
    givenUp: () => givenUp,
    close: () => {
      closed = true;
      clearTimeout(watch);
    },
  };
};
