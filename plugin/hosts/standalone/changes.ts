/** Every change as it is now: patchset, merge, stages, phases and their jobs, and what may be done next. */
import type { ChangeView, Deed } from '../../../src/app/use-cases.js';
import type { Stage } from '../../../src/domain/stage-plan.js';
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { EndedPhase } from '../../../src/events/promotion.js';
import type { Projection } from '../../../src/kernel/projection.js';
import type { Metadata, Recorded } from '../../../src/kernel/recorded.js';
import { HOST, idIn } from './ids.js';
import { allowedActions, type StageStatus } from './rules.js';

type Writable<T> = T extends readonly (infer A)[]
  ? Writable<A>[]
  : T extends object
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : T;
type Change = Writable<ChangeView>;
type StageRun = Change['stages'][number];
type Phase = StageRun['phases'][number];

/** Plain JSON; the indexes lead from the ids in events to the places in `changes`. */
export interface ChangesView {
  /** In the order in which they were opened. */
  readonly changes: Record<string, Change>;
  readonly stageRuns: Record<string, string>;
  readonly phaseRuns: Record<string, { readonly stageRunId: string; readonly phase: string }>;
  readonly jobs: Record<string, string>;
  /** Stage runs that have ended, of which their change has not taken notice → the change. */
  readonly unnoticed: Record<string, string>;
}

const stageRunOf = (view: ChangesView, stageRunId: string): StageRun | undefined =>
  view.changes[view.stageRuns[stageRunId] ?? '']?.stages.find((stage) => stage.stageRunId === stageRunId);

const phaseOf = (view: ChangesView, phaseRunId: string): Phase | undefined => {
  const place = view.phaseRuns[phaseRunId];
  return place && stageRunOf(view, place.stageRunId)?.phases.find(({ phase }) => phase === place.phase);
};

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
      const ended = kept.find(({ phase }) => phase === planned.phase);
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
  const stageRunId = data.hostKey.slice(0, data.hostKey.lastIndexOf('/'));
  if (data.host !== HOST || !stageRunOf(view, stageRunId)) return;
  view.phaseRuns[phaseRunId] = { stageRunId, phase: data.phase };
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

/** What follows from the rest. */
const refresh = (view: ChangesView, change: Change): void => {
  const latest = (stage: Stage): StageRun | undefined => change.stages.findLast((run) => run.stage === stage);
  const { status, supersededBy } = change;
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
      if (run) run.cancelRequested = { ...deed(metadata), why: event.data.why };
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
const evolveRuns = (view: ChangesView, { event, stream }: Recorded<BatonEvent>): void => {
  switch (event.type) {
    case 'StageRunStarted':
    case 'StageRunFinished':
    case 'StageRunCancelled': {
      const stageRunId = idIn(stream, 'stage_run');
      const run = stageRunOf(view, stageRunId);
      if (!run) break;
      if (event.type === 'StageRunStarted') run.status = 'running';
      else {
        run.status = event.type === 'StageRunFinished' ? event.data.status : 'cancelled';
        view.unnoticed[stageRunId] = view.stageRuns[stageRunId] ?? '';
      }
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

/** `status` of a phase is `waiting` until its first job has started on a runner. */
export const changes: Projection<ChangesView, BatonEvent> = {
  name: 'changes',
  version: 3,
  init: () => ({ changes: {}, stageRuns: {}, phaseRuns: {}, jobs: {}, unnoticed: {} }),
  evolve: (view, recorded) => {
    const { event, stream, revision } = recorded;
    if (event.type === 'ChangeOpened') open(view, event.data, idIn(stream, 'change'), revision);
    const own = view.changes[idIn(stream, 'change')];
    if (own) {
      own.revision = revision;
      evolveChange(view, own, recorded);
    } else evolveRuns(view, recorded);
    const change = own ?? view.changes[view.stageRuns[idIn(stream, 'stage_run')] ?? ''];
    if (change) refresh(view, change);
  },
};
