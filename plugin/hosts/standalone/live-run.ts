/** One stage run that waits or runs, as the process remembers it; and the end of one, until its change has taken notice. */
import type { TypeOf } from 'io-ts';
import type { StageRunStarted } from '../../../src/events/change.js';
import type { EndedPhase, StageCancelWhy } from '../../../src/events/promotion.js';
import type { JobRef, Outcome } from '../../../src/events/shapes.js';
import { keyOf, type PhaseRef } from './ids.js';
import { progress, type Lane, type Progress } from './progress.js';

/** A phase run of a stage run. */
interface Promoted extends PhaseRef {
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
  /** Its consumers are known when it is the first of its queue. */
  data: TypeOf<typeof StageRunStarted>;
  /** Id of the event that made the start, or the end, owed. */
  cause: string;
  /** Lane → id of the event that made the promotions of its group owed. */
  readonly laneCauses: Map<string, string>;
  started: boolean;
  cancel: Cancel | undefined;
  /** Id of the event that made the early end owed, unless something still runs. */
  cancelCause: string;
  /** Taken over from an earlier run. */
  kept: readonly EndedPhase[];
  /** One job that is tried again in its phase. */
  readonly retry: Retried | undefined;
  /** These and what follows: by `keyOf` the phase. */
  readonly promoted: Map<string, Promoted>;
  /** Ended phase runs whose end is not yet in the stage run's stream. */
  readonly unrecorded: Map<
    string,
    PhaseRef & { readonly phaseRunId: string; readonly outcome: Outcome; readonly eventId: string }
  >;
  readonly ended: Map<string, EndedPhase>;
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
  laneCauses: new Map(),
  promoted: new Map(),
  unrecorded: new Map(),
  ended: new Map(kept.map((phase) => [keyOf(phase), phase])),
});

export const progressOf = (run: LiveRun): Progress =>
  progress(run.data, Object.fromEntries([...run.ended].map(([key, { outcome }]) => [key, outcome])));

/** The lane of the change's own phases is the empty text. */
export const laneOf = ({ consumer = '' }: Pick<PhaseRef, 'consumer'>): string => consumer;

const stepOf = (lane: Lane | undefined): string =>
  lane?.at === 'group' ? `group ${lane.group}` : (lane?.at ?? 'none');

/**
 * `eventId` may have moved the run on since it was `before`: lanes that came to another group owe it because of this event, and so does the end.
 * What is still owed to the same group keeps its cause, and with it its command ids.
 */
export const movedOn = (run: LiveRun, before: Progress | undefined, eventId: string): void => {
  const now = progressOf(run);
  for (const [at, lane] of now.lanes.entries())
    if (stepOf(lane) !== stepOf(before?.lanes[at])) run.laneCauses.set(laneOf(lane), eventId);
  if (now.end !== before?.end) run.cause = eventId;
};

/** Nothing of it runs, as far as was promoted. */
export const isQuiet = (run: LiveRun): boolean => [...run.promoted.keys()].every((key) => run.ended.has(key));
