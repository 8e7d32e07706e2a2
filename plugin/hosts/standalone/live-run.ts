/** One stage run that waits or runs, as the process remembers it; and the end of one, until its change has taken notice. */
import type { TypeOf } from 'io-ts';
import type { StageRunStarted } from '../../../src/events/change.js';
import type { EndedPhase, StageCancelWhy } from '../../../src/events/promotion.js';
import type { JobRef, Outcome } from '../../../src/events/shapes.js';
import { progress, type Progress } from './progress.js';

/** A phase run of a stage run. */
interface Promoted {
  readonly phaseRunId: string;
  /** The event that made it useless, once one has. */
  cancelCause: string | undefined;
  cancelAsked: boolean;
}

/** A stage run that is not to go on: why, and who wanted it. */
interface Cancel {
  readonly why: StageCancelWhy;
  readonly actor: string;
  readonly reason: string | undefined;
}

interface Retried {
  readonly phase: string;
  readonly of: JobRef;
}

export interface LiveRun {
  readonly stageRunId: string;
  readonly data: TypeOf<typeof StageRunStarted>;
  /** Id of the event that made the start, this group's promotions, or the end owed. */
  cause: string;
  started: boolean;
  cancel: Cancel | undefined;
  /** Id of the event that made the early end owed, unless something still runs. */
  cancelCause: string;
  /** Taken over from an earlier run. */
  readonly kept: readonly EndedPhase[];
  /** One job that is tried again in its phase. */
  readonly retry: Retried | undefined;
  readonly promoted: Map<string, Promoted>;
  /** Ended phase runs whose end is not yet in the stage run's stream. */
  readonly unrecorded: Map<string, { phaseRunId: string; outcome: Outcome; eventId: string }>;
  readonly ended: Record<string, EndedPhase>;
}

/** A stage run that has ended; its change is to take notice. */
export interface Ending {
  readonly changeId: string;
  readonly stage: string;
  readonly stageRunId: string;
  readonly status: 'passed' | 'failed' | 'cancelled';
  readonly phases: readonly EndedPhase[];
  readonly eventId: string;
}

/** A run as it is triggered. */
export const triggeredRun = (
  stageRunId: string,
  data: LiveRun['data'],
  kept: readonly EndedPhase[],
  cause: string,
  retry?: Retried,
): LiveRun => ({
  ...{ stageRunId, data, cause, started: false, cancel: undefined, cancelCause: '', kept, retry },
  promoted: new Map(),
  unrecorded: new Map(),
  ended: Object.fromEntries(kept.map((phase) => [phase.phase, phase])),
});

export const progressOf = (run: LiveRun): Progress =>
  progress(
    run.data.plan,
    Object.fromEntries(Object.values(run.ended).map(({ phase, outcome }) => [phase, outcome])),
  );

/** Changes when other phases, or the end, become owed. */
export const stepOf = (run: LiveRun): string => {
  const now = progressOf(run);
  return now.at === 'end' ? 'end' : `group ${now.group}`;
};

/** Nothing of it runs, as far as was promoted. */
export const isQuiet = (run: LiveRun): boolean =>
  [...run.promoted.keys()].every((phase) => run.ended[phase] !== undefined);
