/** What the standalone host's process remembers: queues of stage runs that have not ended, and nothing of those that have. */
import type { TypeOf } from 'io-ts';
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { StageRunStarted } from '../../../src/events/change.js';
import type { Outcome, Scope, Source } from '../../../src/events/shapes.js';
import type { Recorded } from '../../../src/kernel/recorded.js';
import { HOST, hostKeyOf, idIn } from './ids.js';
import { progress } from './progress.js';

interface KnownChange {
  readonly scope: Scope;
  readonly pipeline: string;
  readonly title: string;
  source?: Source;
}

/** A stage run that waits or runs. */
export interface LiveRun {
  readonly stageRunId: string;
  readonly data: TypeOf<typeof StageRunStarted>;
  /** Id of the event that made the start, this group's promotions, or the end owed. */
  cause: string;
  started: boolean;
  readonly promoted: Set<string>;
  /** Ended phase runs whose end is not yet in the stage run's stream. */
  readonly unrecorded: Map<string, { phaseRunId: string; outcome: Outcome; eventId: string }>;
  readonly ended: Record<string, Outcome>;
}

export interface PipelineState {
  readonly changes: Map<string, KnownChange>;
  /** Queue key → stage runs in the order of their trigger; the first one is live or about to be. */
  readonly queues: Map<string, LiveRun[]>;
  readonly queueOfRun: Map<string, string>;
  /** Phase run → its place, for phase runs of this host that have not been recorded. */
  readonly phaseRuns: Map<string, { readonly stageRunId: string; readonly phase: string }>;
}

/** Nothing has happened yet. */
export const noPipelines = (): PipelineState => ({
  changes: new Map(),
  queues: new Map(),
  queueOfRun: new Map(),
  phaseRuns: new Map(),
});

/** First of a queue; undefined when nothing waits or runs there. */
export const head = (state: PipelineState, queueKey: string): LiveRun | undefined =>
  state.queues.get(queueKey)?.[0];

const runOf = (state: PipelineState, stageRunId: string): LiveRun | undefined =>
  state.queues.get(state.queueOfRun.get(stageRunId) ?? '')?.find((run) => run.stageRunId === stageRunId);

/** Folds one event in place. */
export const evolvePipeline = (state: PipelineState, recorded: Recorded<BatonEvent>): PipelineState => {
  const { event, stream, id } = recorded;
  switch (event.type) {
    case 'ChangeOpened': {
      const { scope, pipeline, title } = event.data;
      state.changes.set(idIn(stream, 'change'), { scope, pipeline, title });
      break;
    }
    case 'PatchsetAdded': {
      const change = state.changes.get(idIn(stream, 'change'));
      if (change) change.source = event.data.source;
      break;
    }
    case 'StageTriggered':
      enqueue(state, idIn(stream, 'change'), event.data, id);
      break;
    case 'StageRunStarted': {
      const run = runOf(state, idIn(stream, 'stage_run'));
      if (run) Object.assign(run, { started: true, cause: id });
      break;
    }
    case 'PhasePromoted':
      promoted(state, event.data, idIn(stream, 'phase_run'));
      break;
    case 'PhaseFinished': {
      const phaseRunId = idIn(stream, 'phase_run');
      const place = state.phaseRuns.get(phaseRunId);
      const run = place && runOf(state, place.stageRunId);
      if (run) run.unrecorded.set(place.phase, { phaseRunId, outcome: event.data.outcome, eventId: id });
      break;
    }
    case 'StagePhaseFinished':
      phaseRecorded(state, idIn(stream, 'stage_run'), event.data, id);
      break;
    case 'StageRunFinished':
      dequeue(state, idIn(stream, 'stage_run'), id);
      break;
    default:
      break;
  }
  return state;
};

type DataOf<T extends BatonEvent['type']> = Extract<BatonEvent, { type: T }>['data'];

const enqueue = (
  state: PipelineState,
  changeId: string,
  { stage, stageRunId, patchset, queueKey, plan }: DataOf<'StageTriggered'>,
  cause: string,
): void => {
  const change = state.changes.get(changeId);
  if (!change?.source) return;
  const { title, scope, pipeline, source } = change;
  const run: LiveRun = {
    stageRunId,
    data: { changeId, title, patchset, scope, pipeline, stage, queueKey, source, plan },
    cause,
    started: false,
    promoted: new Set(),
    unrecorded: new Map(),
    ended: {},
  };
  state.queues.set(queueKey, [...(state.queues.get(queueKey) ?? []), run]);
  state.queueOfRun.set(stageRunId, queueKey);
};

/** A later attempt is a retry of one job by a person; the stage has had its answer from the first. */
const promoted = (state: PipelineState, data: DataOf<'PhasePromoted'>, phaseRunId: string): void => {
  if (data.host !== HOST || data.attempt !== 1) return;
  const stageRunId = data.hostKey.slice(0, data.hostKey.lastIndexOf('/'));
  const run = runOf(state, stageRunId);
  if (!run || data.hostKey !== hostKeyOf(stageRunId, data.phase)) return;
  run.promoted.add(data.phase);
  state.phaseRuns.set(phaseRunId, { stageRunId, phase: data.phase });
};

const phaseRecorded = (
  state: PipelineState,
  stageRunId: string,
  { phase, phaseRunId, outcome }: DataOf<'StagePhaseFinished'>,
  eventId: string,
): void => {
  const run = runOf(state, stageRunId);
  if (!run) return;
  const before = step(run);
  run.ended[phase] = outcome;
  run.unrecorded.delete(phase);
  state.phaseRuns.delete(phaseRunId);
  // What is still owed to the same group keeps its cause, and with it its command ids.
  if (step(run) !== before) run.cause = eventId;
};

const step = (run: LiveRun): string => {
  const now = progress(run.data.plan, run.ended);
  return now.at === 'end' ? 'end' : `group ${now.group}`;
};

const dequeue = (state: PipelineState, stageRunId: string, eventId: string): void => {
  const queueKey = state.queueOfRun.get(stageRunId);
  if (queueKey === undefined) return;
  const rest = (state.queues.get(queueKey) ?? []).filter((run) => run.stageRunId !== stageRunId);
  state.queueOfRun.delete(stageRunId);
  if (rest.length === 0) state.queues.delete(queueKey);
  else state.queues.set(queueKey, rest);
  const next = rest[0];
  if (next && !next.started) next.cause = eventId;
};

/** Queues in which this event, already folded, may have made something owed. */
export const queuesOf = (
  state: PipelineState,
  { event, stream, id }: Recorded<BatonEvent>,
): readonly string[] => {
  switch (event.type) {
    case 'StageTriggered':
      return [event.data.queueKey];
    case 'StageRunStarted':
    case 'StagePhaseFinished': {
      const key = state.queueOfRun.get(idIn(stream, 'stage_run'));
      return key === undefined ? [] : [key];
    }
    case 'PhaseFinished': {
      const place = state.phaseRuns.get(idIn(stream, 'phase_run'));
      const key = place && state.queueOfRun.get(place.stageRunId);
      return key === undefined ? [] : [key];
    }
    case 'StageRunFinished':
      // Its run is forgotten by now; only the next of its queue can owe because of it.
      return [...state.queues].filter(([, runs]) => runs[0]?.cause === id).map(([queueKey]) => queueKey);
    default:
      return [];
  }
};
