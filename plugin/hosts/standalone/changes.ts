/** Every change as it is now: patchset, merge, stages, phases and their jobs, and what may be done next. */
import type { ChangeView, Deed, PromotionView } from '../../../src/app/use-cases.js';
import type { Stage } from '../../../src/domain/stage-plan.js';
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { EndedPhase } from '../../../src/events/promotion.js';
import type { Projection } from '../../../src/kernel/projection.js';
import type { Metadata, Recorded } from '../../../src/kernel/recorded.js';
import { afterUnion, memberOf, promotionOf, type BlockedSet } from './blocked.js';
import { HOST, idIn, placeOf, type PhaseRef } from './ids.js';
import { allowedActions, type StageStatus } from './rules.js';
import { nonePlaced, place, waitsForRunner, type Placed } from './waiting.js';

type Writable<T> = T extends readonly (infer A)[]
  ? Writable<A>[]
  : T extends object
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : T;
type Change = Writable<Omit<ChangeView, 'promotion'>> & { promotion: PromotionView };
type StageRun = Change['stages'][number];
type Phase = StageRun['phases'][number];
type Consumer = NonNullable<StageRun['consumers']>[number];

/** Plain JSON; the indexes lead from the ids in events to the places in `changes`. */
export interface ChangesView {
  /** In the order in which they were opened. */
  readonly changes: Record<string, Change>;
  readonly stageRuns: Record<string, string>;
  readonly phaseRuns: Record<string, PhaseRef & { readonly stageRunId: string }>;
  readonly jobs: Record<string, string>;
  readonly placed: Placed;
  /** Stage runs that have ended, of which their change has not taken notice → the change. */
  readonly unnoticed: Record<string, string>;
  /** Oldest first. */
  blocked: readonly BlockedSet[];
}

const stageRunOf = (view: ChangesView, stageRunId: string): StageRun | undefined =>
  view.changes[view.stageRuns[stageRunId] ?? '']?.stages.find((stage) => stage.stageRunId === stageRunId);

const phaseOf = (view: ChangesView, phaseRunId: string): Phase | undefined => {
  const place = view.phaseRuns[phaseRunId];
  const run = place && stageRunOf(view, place.stageRunId);
  return run && phasesOf(run, place.consumer)?.find(({ phase }) => phase === place.phase);
};

const phasesOf = (run: StageRun, consumer: string | undefined): Phase[] | undefined =>
  consumer === undefined ? run.phases : run.consumers?.find(({ changeId }) => changeId === consumer)?.phases;

type DataOf<T extends BatonEvent['type']> = Extract<BatonEvent, { type: T }>['data'];

const queued = (
  { stage, stageRunId, patchset, plan }: DataOf<'StageTriggered'>,
  phases: Phase[] = plan.map(waiting),
): StageRun => ({ stageRunId, stage, patchset, status: 'queued', phases });

const waiting = ({ phase, skipped }: PlannedPhase): Phase => ({
  ...{ phase, status: skipped ? 'skipped' : 'waiting', jobs: [] },
});

/** Phases that are kept show the jobs that they had. */
const requeued = (view: ChangesView, data: DataOf<'PhaseRerunTriggered'>): StageRun => {
  const { kept, plan, rerunOf } = data;
  const before = stageRunOf(view, rerunOf)?.phases ?? [];
  const keep = ({ phase, outcome, phaseRunId }: EndedPhase): Phase => ({
    ...{ phase, status: outcome, phaseRunId, kept: true },
    jobs: [...(before.find((other) => other.phase === phase)?.jobs ?? [])],
  });
  return queued(
    data,
    plan.map((planned) => {
      const ended = kept.find(({ phase, consumer }) => consumer === undefined && phase === planned.phase);
      return ended ? keep(ended) : waiting(planned);
    }),
  );
};

const deed = ({ actor, recordedAt, reason }: Metadata): Deed => ({
  ...{ by: actor, at: recordedAt },
  ...(reason === undefined ? {} : { reason }),
});

/** A retry by a person is a later attempt: its jobs show, the phase keeps the answer of the first. */
const promoted = (view: ChangesView, data: DataOf<'PhasePromoted'>, phaseRunId: string): void => {
  const place = placeOf(data.hostKey);
  if (data.host !== HOST || !stageRunOf(view, place.stageRunId)) return;
  view.phaseRuns[phaseRunId] = place;
  const phase = phaseOf(view, phaseRunId);
  if (phase) phase.phaseRunId ??= phaseRunId;
};

const statusOf: Readonly<Record<StageRun['status'], StageStatus>> = {
  queued: 'live',
  running: 'live',
  passed: 'passed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** Of a phase that was taken over: the jobs that it had, in whichever run that was. */
const jobsOf = (change: Change, phaseRunId: string): string[] =>
  change.stages
    .flatMap(({ phases, consumers = [] }) => [...phases, ...consumers.flatMap((other) => other.phases)])
    .find((phase) => phase.phaseRunId === phaseRunId)?.jobs ?? [];

const kept = (change: Change, run: StageRun, data: DataOf<'StagePhaseKept'>): void => {
  const { phase, consumer, phaseRunId, outcome } = data;
  if (consumer === undefined) return;
  const place = phasesOf(run, consumer)?.find((other) => other.phase === phase);
  const jobs = [...jobsOf(change, phaseRunId)];
  if (place) Object.assign(place, { status: outcome, phaseRunId, kept: true, jobs });
};

const joined = (consumers: NonNullable<DataOf<'StageRunStarted'>['consumers']>): Consumer[] =>
  consumers.map(({ changeId, scope, pipeline, source, plan }) => {
    const { organisation, project } = scope;
    const phases = plan.map(waiting);
    return { changeId, organisation, project, pipeline, sha: source.sha, status: 'waiting', phases };
  });

const isWell = ({ status }: Phase): boolean => status === 'succeeded' || status === 'skipped';
const OPEN: ReadonlySet<Phase['status']> = new Set(['waiting', 'running', 'not_run']);
const hasFailed = (phase: Phase): boolean => !isWell(phase) && !OPEN.has(phase.status);

/** The stage has ended, so whatever was not promoted by then never will be. */
const closePhases = ({ phases, consumers = [] }: StageRun): void => {
  for (const phase of [...phases, ...consumers.flatMap((consumer) => consumer.phases)])
    if (phase.status === 'waiting' && phase.phaseRunId === undefined) phase.status = 'not_run';
};

/** While the own phases have not passed, no consumer has had its turn. */
const consumerStatus = ({ status, phases }: StageRun, theirs: readonly Phase[]): Consumer['status'] => {
  if (theirs.some(hasFailed)) return 'failed';
  if (phases.every(isWell) && theirs.every(isWell)) return 'passed';
  if (statusOf[status] !== 'live') return 'not_run';
  return theirs.some((phase) => phase.phaseRunId !== undefined) ? 'running' : 'waiting';
};

const refreshConsumers = (run: StageRun): void => {
  for (const consumer of run.consumers ?? []) consumer.status = consumerStatus(run, consumer.phases);
};

const refreshRun = (view: ChangesView, run: StageRun): void => {
  refreshConsumers(run);
  if (run.status === 'running' && waitsForRunner(view.placed, run.stageRunId)) run.waiting = true;
  else delete run.waiting;
};

/** A Union has ended: for everybody's sake who took part, and all whose sets that touches. */
const unionEnded = (view: ChangesView, change: Change, run: StageRun, at: string): void => {
  const { enterprise } = change;
  const participants = [change, ...(run.consumers ?? []).map((consumer) => ({ ...consumer, enterprise }))];
  const before = view.blocked;
  view.blocked = afterUnion(before, participants.map(memberOf), run.status === 'passed', at);
  // the usual case
  if (before.length === 0 && view.blocked.length === 0) return;
  for (const other of Object.values(view.changes)) other.promotion = promotionOf(view.blocked, other);
};

/** What follows from the rest. */
const refresh = (view: ChangesView, change: Change): void => {
  const latest = (stage: Stage): StageRun | undefined => change.stages.findLast((run) => run.stage === stage);
  const { status, supersededBy } = change;
  change.promotion = promotionOf(view.blocked, change);
  change.actions = [
    ...allowedActions({
      ...{ status, supersededBy },
      stage: (stage) => {
        const run = latest(stage);
        return run && statusOf[run.status];
      },
    }),
  ];
  change.moving =
    status === 'merging' ||
    change.stages.some((run) => statusOf[run.status] === 'live') ||
    Object.values(view.unnoticed).includes(change.id);
};

const open = (
  view: ChangesView,
  { title, branch, pipeline, scope }: DataOf<'ChangeOpened'>,
  id: string,
  revision: number,
) => {
  view.changes[id] = {
    ...{ id, title, branch, pipeline, ...scope, patchset: 0, sha: '', revision },
    ...{ status: 'open', moving: false, actions: [], stages: [] },
    promotion: { status: 'proceed' },
  };
};

/** Events of `change-<id>`. */
const evolveChange = (view: ChangesView, change: Change, { event, metadata }: Recorded<BatonEvent>): void => {
  switch (event.type) {
    case 'PatchsetAdded':
      Object.assign(change, { patchset: event.data.number, sha: event.data.source.sha });
      break;
    case 'StageTriggered':
    case 'PhaseRerunTriggered': {
      const run = event.type === 'StageTriggered' ? queued(event.data) : requeued(view, event.data);
      change.stages.push(run);
      view.stageRuns[run.stageRunId] = change.id;
      break;
    }
    case 'StageCancelRequested': {
      const run = stageRunOf(view, event.data.stageRunId);
      // with `finish`, what runs goes on
      if (run?.status === 'queued' || (run && event.data.running !== 'finish'))
        run.cancelRequested = { ...deed(metadata), why: event.data.why };
      break;
    }
    case 'StageEnded':
      Reflect.deleteProperty(view.unnoticed, event.data.stageRunId);
      break;
    case 'MergeIntended': {
      const { sha, merge } = event.data.source;
      change.status = 'merging';
      change.approved = deed(metadata);
      change.merge = { sha, targetSha: merge?.targetSha ?? '' };
      delete change.mergeRefused;
      break;
    }
    case 'MergeRefused':
      change.status = 'open';
      change.mergeRefused = { ...event.data, at: metadata.recordedAt };
      delete change.merge;
      delete change.approved;
      break;
    case 'ChangeMerged':
      change.status = 'merged';
      if (change.merge) change.merge.branchDeleted = event.data.branchDeleted;
      break;
    case 'ChangeSuperseded':
      if (change.status === 'merged') change.status = 'superseded';
      change.supersededBy = event.data.by;
      break;
    case 'ChangeDelivered':
      Object.assign(change, { status: 'delivered', delivered: deed(metadata) });
      break;
    case 'ChangeDeleted':
      Object.assign(change, { status: 'deleted', deleted: deed(metadata) });
      break;
    default:
      break;
  }
};

/** Events of `stage_run-<id>`, `phase_run-<id>` and `job-<id>`. */
const evolveRuns = (view: ChangesView, { event, stream, metadata }: Recorded<BatonEvent>): void => {
  switch (event.type) {
    case 'StageRunStarted':
    case 'StageRunFinished':
    case 'StageRunCancelled': {
      const stageRunId = idIn(stream, 'stage_run');
      const run = stageRunOf(view, stageRunId);
      if (!run) break;
      const changeId = view.stageRuns[stageRunId] ?? '';
      if (event.type === 'StageRunStarted') {
        run.status = 'running';
        if (event.data.consumers) run.consumers = joined(event.data.consumers);
        break;
      }
      run.status = event.type === 'StageRunFinished' ? event.data.status : 'cancelled';
      // one that nobody asked for
      if (event.type === 'StageRunCancelled')
        run.cancelRequested ??= { ...deed(metadata), why: event.data.why };
      closePhases(run);
      view.unnoticed[stageRunId] = changeId;
      const change = view.changes[changeId];
      if (change && run.stage === 'union') unionEnded(view, change, run, metadata.recordedAt);
      break;
    }
    case 'StagePhaseKept': {
      const stageRunId = idIn(stream, 'stage_run');
      const run = stageRunOf(view, stageRunId);
      const change = view.changes[view.stageRuns[stageRunId] ?? ''];
      if (run && change) kept(change, run, event.data);
      break;
    }
    case 'PhasePromoted':
      promoted(view, event.data, idIn(stream, 'phase_run'));
      break;
    case 'PhaseFinished': {
      const phaseRunId = idIn(stream, 'phase_run');
      const phase = phaseOf(view, phaseRunId);
      if (phase?.phaseRunId === phaseRunId) phase.status = event.data.outcome;
      break;
    }
    case 'JobQueued': {
      const jobId = idIn(stream, 'job');
      const phase = phaseOf(view, event.data.phaseRunId);
      if (!phase) break;
      phase.jobs.push(jobId);
      view.jobs[jobId] = event.data.phaseRunId;
      break;
    }
    case 'JobStarted': {
      const phase = phaseOf(view, view.jobs[idIn(stream, 'job')] ?? '');
      if (phase?.status === 'waiting') phase.status = 'running';
      break;
    }
    default:
      break;
  }
};

/** Stage run that an event of another stream is about. */
const stageRunIdOf = (view: ChangesView, { event, stream }: Recorded<BatonEvent>): string => {
  if (event.type.startsWith('StageRun') || event.type === 'StagePhaseKept') return idIn(stream, 'stage_run');
  const phaseRunId = event.type.startsWith('Job')
    ? view.jobs[idIn(stream, 'job')]
    : idIn(stream, 'phase_run');
  return view.phaseRuns[phaseRunId ?? '']?.stageRunId ?? '';
};

/** `status` of a phase is `waiting` until its first job has started on a runner, or its stage has ended without it. */
export const changes: Projection<ChangesView, BatonEvent> = {
  name: 'changes',
  version: 6,
  init: () => ({
    ...{ changes: {}, stageRuns: {}, phaseRuns: {}, jobs: {}, placed: nonePlaced() },
    ...{ unnoticed: {}, blocked: [] },
  }),
  evolve: (view, recorded) => {
    const { event, stream, revision } = recorded;
    if (event.type === 'ChangeOpened') open(view, event.data, idIn(stream, 'change'), revision);
    const own = view.changes[idIn(stream, 'change')];
    if (own) {
      own.revision = revision;
      evolveChange(view, own, recorded);
    } else {
      evolveRuns(view, recorded);
      const stageRunId = stageRunIdOf(view, recorded);
      const run = stageRunOf(view, stageRunId);
      if (run) {
        if (event.type.startsWith('Job')) place(view.placed, event, idIn(stream, 'job'), stageRunId);
        refreshRun(view, run);
      }
    }
    const change = own ?? view.changes[view.stageRuns[idIn(stream, 'stage_run')] ?? ''];
    if (change) refresh(view, change);
  },
};
