/** What the standalone host's process remembers of stage runs: queues of those that have not ended, and ends that are owed to their changes. */
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { EndedPhase } from '../../../src/events/promotion.js';
import type { Scope, Source } from '../../../src/events/shapes.js';
import type { Recorded } from '../../../src/kernel/recorded.js';
import { consumersOf, type Delivered } from './consumers.js';
import { HOST, hostKeyOf, idIn, keyOf, pipelineIdOf, placeOf, type PhaseRef } from './ids.js';
import { movedOn, progressOf, triggeredRun, type Ending, type LiveRun } from './live-run.js';
import { phasesOf, planOf } from './plan.js';

interface KnownChange {
  readonly scope: Scope;
  readonly pipeline: string;
  readonly title: string;
  /** Of the latest patchset: what Verify runs. */
  source?: Source;
  /** The merge: what later stages run. */
  merge?: Source;
  /** With what it takes part in Unions of others once it is delivered. */
  offer?: Pick<Delivered, 'plan' | 'dependencies'>;
}

export interface PipelineState {
  readonly changes: Map<string, KnownChange>;
  /** Queue key → stage runs in the order of their trigger; the first one is live or about to be. */
  readonly queues: Map<string, LiveRun[]>;
  readonly queueOfRun: Map<string, string>;
  /** By pipeline: its latest delivered change, if that depends on anything. */
  readonly delivered: Map<string, Delivered>;
  /** Phase run → its place, for phase runs of this host that have not been recorded. */
  readonly phaseRuns: Map<string, PhaseRef & { readonly stageRunId: string }>;
  /** By stage run. */
  readonly endings: Map<string, Ending>;
}

/** Nothing has happened yet. */
export const noPipelines = (): PipelineState => ({
  changes: new Map(),
  queues: new Map(),
  queueOfRun: new Map(),
  delivered: new Map(),
  phaseRuns: new Map(),
  endings: new Map(),
});

const runOf = (state: PipelineState, stageRunId: string): LiveRun | undefined =>
  state.queues.get(state.queueOfRun.get(stageRunId) ?? '')?.find((run) => run.stageRunId === stageRunId);

/** Folds one event in place. */
export const evolvePipeline = (state: PipelineState, recorded: Recorded<BatonEvent>): PipelineState => {
  const { event, stream, id, metadata } = recorded;
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
    case 'MergeIntended': {
      const change = state.changes.get(idIn(stream, 'change'));
      if (!change) break;
      const { source, dependencies = [] } = event.data;
      change.merge = source;
      // nobody's Union needs more of a change that depends on nothing
      if (dependencies.length > 0) {
        const plan = planOf('union', phasesOf('union', event.data));
        change.offer = { plan, dependencies };
      }
      break;
    }
    case 'MergeRefused':
    case 'ChangeSuperseded':
      delete state.changes.get(idIn(stream, 'change'))?.offer;
      break;
    case 'ChangeDelivered':
      delivered(state, idIn(stream, 'change'));
      break;
    case 'StageTriggered':
      enqueue(state, idIn(stream, 'change'), event.data, [], id);
      break;
    case 'PhaseRerunTriggered':
      enqueue(state, idIn(stream, 'change'), event.data, event.data.kept, id, event.data);
      break;
    case 'StageCancelRequested': {
      const { actor, reason } = metadata;
      const run = runOf(state, event.data.stageRunId);
      if (run?.started && event.data.running === 'finish') break;
      cancelled(run, { why: event.data.why, actor, reason }, id);
      break;
    }
    case 'StageEnded':
      state.endings.delete(event.data.stageRunId);
      break;
    case 'StageRunStarted': {
      const run = runOf(state, idIn(stream, 'stage_run'));
      if (!run) break;
      Object.assign(run, { started: true, cause: id, cancelCause: id });
      withData(run, event.data);
      movedOn(run, undefined, id);
      break;
    }
    case 'PhasePromoted':
      promoted(state, event.data, idIn(stream, 'phase_run'), id);
      break;
    case 'PhaseCancelRequested': {
      const place = state.phaseRuns.get(idIn(stream, 'phase_run'));
      const phase = place && runOf(state, place.stageRunId)?.promoted.get(keyOf(place));
      if (phase) phase.cancelAsked = true;
      break;
    }
    case 'PhaseFinished': {
      const phaseRunId = idIn(stream, 'phase_run');
      const place = state.phaseRuns.get(phaseRunId);
      const run = place && runOf(state, place.stageRunId);
      if (!run) break;
      const { stageRunId: _, ...phase } = place;
      const { outcome } = event.data;
      run.unrecorded.set(keyOf(place), { ...phase, phaseRunId, outcome, eventId: id });
      break;
    }
    case 'StagePhaseFinished':
      phaseRecorded(state, idIn(stream, 'stage_run'), event.data, id);
      break;
    case 'StageRunFinished':
      dequeue(state, idIn(stream, 'stage_run'), event.data.status, id);
      break;
    case 'StageRunCancelled':
      dequeue(state, idIn(stream, 'stage_run'), 'cancelled', id);
      break;
    default:
      break;
  }
  return state;
};

type DataOf<T extends BatonEvent['type']> = Extract<BatonEvent, { type: T }>['data'];

/** What is delivered later takes the place of what was delivered before, whether it depends on anything or not. */
const delivered = (state: PipelineState, changeId: string): void => {
  const change = state.changes.get(changeId);
  if (!change?.merge) return;
  const { title, scope, pipeline, merge: source, offer } = change;
  const pipelineId = pipelineIdOf(scope, pipeline);
  if (offer) state.delivered.set(pipelineId, { changeId, title, scope, pipeline, source, ...offer });
  else state.delivered.delete(pipelineId);
  delete change.offer;
};

/** What was kept of a consumer that takes no part any more, or has delivered anew meanwhile, counts no more. */
const withData = (run: LiveRun, data: LiveRun['data']): void => {
  run.data = data;
  const takesPart = ({ consumer }: PhaseRef): boolean =>
    consumer === undefined || (data.consumers ?? []).some(({ changeId }) => changeId === consumer);
  run.kept = run.kept.filter(takesPart);
  for (const [key, phase] of run.ended) if (!takesPart(phase)) run.ended.delete(key);
};

/** It is the first of its queue, and so may start: now it is settled who takes part. */
const isFirst = (state: PipelineState, run: LiveRun): void => {
  const { data } = run;
  const consumers = data.stage === 'union' ? consumersOf(state.delivered.values(), data) : [];
  withData(run, consumers.length === 0 ? data : { ...data, consumers });
};

const enqueue = (
  state: PipelineState,
  changeId: string,
  { stage, stageRunId, patchset, queueKey, plan }: DataOf<'StageTriggered'>,
  kept: readonly EndedPhase[],
  cause: string,
  rerun?: DataOf<'PhaseRerunTriggered'>,
): void => {
  const change = state.changes.get(changeId);
  const source = stage === 'verify' ? change?.source : change?.merge;
  if (!change || !source) return;
  const { title, scope, pipeline } = change;
  const data = { changeId, title, patchset, scope, pipeline, stage, queueKey, source, plan };
  const retry = rerun?.retryOf && { phase: rerun.phase, of: rerun.retryOf };
  const run = triggeredRun(stageRunId, data, kept, cause, retry);
  const before = state.queues.get(queueKey) ?? [];
  state.queues.set(queueKey, [...before, run]);
  if (before.length === 0) isFirst(state, run);
  state.queueOfRun.set(stageRunId, queueKey);
};

/** A later attempt is a retry of one job by a person; the stage has had its answer from the first. */
const promoted = (
  state: PipelineState,
  data: DataOf<'PhasePromoted'>,
  phaseRunId: string,
  eventId: string,
): void => {
  if (data.host !== HOST || data.attempt !== 1) return;
  const { stageRunId, ...phase } = placeOf(data.hostKey);
  const run = runOf(state, stageRunId);
  if (!run || phase.phase !== data.phase || data.hostKey !== hostKeyOf(stageRunId, phase)) return;
  const cancelCause = run.cancel ? eventId : undefined;
  run.promoted.set(keyOf(phase), { ...phase, phaseRunId, cancelCause, cancelAsked: false });
  state.phaseRuns.set(phaseRunId, { stageRunId, ...phase });
};

const cancelled = (run: LiveRun | undefined, cancel: LiveRun['cancel'], eventId: string): void => {
  if (!run || run.cancel) return;
  Object.assign(run, { cancel, cancelCause: eventId });
  for (const phase of run.promoted.values()) phase.cancelCause = eventId;
};

const phaseRecorded = (
  state: PipelineState,
  stageRunId: string,
  ended: DataOf<'StagePhaseFinished'>,
  eventId: string,
): void => {
  const run = runOf(state, stageRunId);
  if (!run) return;
  const before = progressOf(run);
  run.ended.set(keyOf(ended), ended);
  run.unrecorded.delete(keyOf(ended));
  state.phaseRuns.delete(ended.phaseRunId);
  movedOn(run, before, eventId);
  if (run.cancel) run.cancelCause = eventId;
};

const dequeue = (
  state: PipelineState,
  stageRunId: string,
  status: Ending['status'],
  eventId: string,
): void => {
  const queueKey = state.queueOfRun.get(stageRunId);
  const run = runOf(state, stageRunId);
  if (queueKey === undefined || !run) return;
  const runs = state.queues.get(queueKey) ?? [];
  const rest = runs.filter((other) => other !== run);
  for (const { phaseRunId } of run.promoted.values()) state.phaseRuns.delete(phaseRunId);
  state.queueOfRun.delete(stageRunId);
  const { changeId, stage } = run.data;
  const phases = [...run.ended.values()];
  state.endings.set(stageRunId, { changeId, stage, stageRunId, status, phases, eventId });
  if (rest.length === 0) state.queues.delete(queueKey);
  else state.queues.set(queueKey, rest);
  const next = rest[0];
  if (runs[0] === run && next && !next.started) {
    next.cause = eventId;
    isFirst(state, next);
  }
};

/** Queues in which this event, already folded, may have made something owed. */
export const queuesOf = (
  state: PipelineState,
  { event, stream, id }: Recorded<BatonEvent>,
): readonly string[] => {
  switch (event.type) {
    case 'StageTriggered':
    case 'PhaseRerunTriggered':
      return [event.data.queueKey];
    case 'StageCancelRequested': {
      const key = state.queueOfRun.get(event.data.stageRunId);
      return key === undefined ? [] : [key];
    }
    case 'StageRunStarted':
    case 'StagePhaseFinished': {
      const key = state.queueOfRun.get(idIn(stream, 'stage_run'));
      return key === undefined ? [] : [key];
    }
    case 'PhasePromoted':
    case 'PhaseFinished': {
      const place = state.phaseRuns.get(idIn(stream, 'phase_run'));
      const key = place && state.queueOfRun.get(place.stageRunId);
      return key === undefined ? [] : [key];
    }
    case 'StageRunFinished':
    case 'StageRunCancelled':
      // Its run is forgotten by now; only the next of its queue can owe because of it.
      return [...state.queues].filter(([, runs]) => runs[0]?.cause === id).map(([queueKey]) => queueKey);
    default:
      return [];
  }
};
