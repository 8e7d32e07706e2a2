/** Every change as it is now: patchset, stages, phases and their jobs. What `change show` and `change list` tell. */
import type { ChangeView } from '../../../src/app/use-cases.js';
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { Projection } from '../../../src/kernel/projection.js';
import { HOST, idIn } from './ids.js';

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
}

const stageRunOf = (view: ChangesView, stageRunId: string): StageRun | undefined =>
  view.changes[view.stageRuns[stageRunId] ?? '']?.stages.find((stage) => stage.stageRunId === stageRunId);

const phaseOf = (view: ChangesView, phaseRunId: string): Phase | undefined => {
  const place = view.phaseRuns[phaseRunId];
  return place && stageRunOf(view, place.stageRunId)?.phases.find(({ phase }) => phase === place.phase);
};

const queued = (stage: string, stageRunId: string, plan: readonly PlannedPhase[]): StageRun => ({
  stageRunId,
  stage,
  status: 'queued',
  phases: plan.map(({ phase, skipped }) => ({ phase, status: skipped ? 'skipped' : 'waiting', jobs: [] })),
});

type DataOf<T extends BatonEvent['type']> = Extract<BatonEvent, { type: T }>['data'];

/** A retry by a person is a later attempt: its jobs show, the phase keeps the answer of the first. */
const promoted = (view: ChangesView, data: DataOf<'PhasePromoted'>, phaseRunId: string): void => {
  const stageRunId = data.hostKey.slice(0, data.hostKey.lastIndexOf('/'));
  if (data.host !== HOST || !stageRunOf(view, stageRunId)) return;
  view.phaseRuns[phaseRunId] = { stageRunId, phase: data.phase };
  const phase = phaseOf(view, phaseRunId);
  if (phase) phase.phaseRunId ??= phaseRunId;
};

const finished = (
  view: ChangesView,
  phaseRunId: string,
  outcome: DataOf<'PhaseFinished'>['outcome'],
): void => {
  const phase = phaseOf(view, phaseRunId);
  if (phase?.phaseRunId === phaseRunId) phase.status = outcome;
};

/** `status` of a phase is `waiting` until its first job has started on a runner. */
export const changes: Projection<ChangesView, BatonEvent> = {
  name: 'changes',
  version: 2,
  init: () => ({ changes: {}, stageRuns: {}, phaseRuns: {}, jobs: {} }),
  evolve: (view, { event, stream, revision }) => {
    const own = stream.startsWith('change-') ? view.changes[idIn(stream, 'change')] : undefined;
    if (own) own.revision = revision;
    switch (event.type) {
      case 'ChangeOpened': {
        const { title, branch, pipeline, scope } = event.data;
        const id = idIn(stream, 'change');
        view.changes[id] = {
          id,
          title,
          branch,
          pipeline,
          ...scope,
          patchset: 0,
          sha: '',
          stages: [],
          revision,
        };
        break;
      }
      case 'PatchsetAdded': {
        const change = view.changes[idIn(stream, 'change')];
        if (change) Object.assign(change, { patchset: event.data.number, sha: event.data.source.sha });
        break;
      }
      case 'StageTriggered': {
        const { stage, stageRunId, plan } = event.data;
        const id = idIn(stream, 'change');
        view.changes[id]?.stages.push(queued(stage, stageRunId, plan));
        view.stageRuns[stageRunId] = id;
        break;
      }
      case 'StageRunStarted':
      case 'StageRunFinished': {
        const run = stageRunOf(view, idIn(stream, 'stage_run'));
        if (run) run.status = event.type === 'StageRunStarted' ? 'running' : event.data.status;
        break;
      }
      case 'PhasePromoted':
        promoted(view, event.data, idIn(stream, 'phase_run'));
        break;
      case 'PhaseFinished':
        finished(view, idIn(stream, 'phase_run'), event.data.outcome);
        break;
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
  },
};
