/**
 * A change on its way through a pipeline. What may be done when is in `rules.ts`.
 *
 *   none ─Submit→ open ─Approve→ merging ─RecordMerged→ merged ─Deliver→ delivered
 *                  │ ↑└─Delete→ deleted    │               └─Supersede→ superseded
 *                  │ └──RecordMergeRefused─┘
 *                  └─Submit (another sha): the next patchset
 */
import * as E from 'fp-ts/lib/Either.js';
import { isStage, nextStage, type Stage } from '../../../src/domain/stage-plan.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import type { Dependency, EndedPhase, MergeObstacle, StageCancelWhy } from '../../../src/events/promotion.js';
import type { JobRef, Row, Scope, Source } from '../../../src/events/shapes.js';
import { never, type Decider } from '../../../src/kernel/decider.js';
import { evolveChange, standingOf, type ChangeState, type KnownChange } from './change-state.js';
import { keyOf, queueKeyOf, stageRunIdOf, type PhaseRef } from './ids.js';
import { phasesOf, planOf, type MergePlan } from './plan.js';
import {
  approveRefusal,
  cancelRefusal,
  deleteRefusal,
  deliverRefusal,
  liveStage,
  rerunRefusal,
  retryRefusal,
  type RetryAsked,
  type RuleRefusal,
} from './rules.js';

/** A branch handed in, looked at and merged. */
export interface Patchset {
  readonly scope: Scope;
  readonly pipeline: string;
  readonly branch: string;
  readonly title: string;
  readonly source: Source;
  readonly plan: readonly PlannedPhase[];
}

/** What becomes of jobs that a command makes useless: they are cancelled, or what runs goes on to its end. */
export type ObsoleteJobs = 'cancel' | 'finish';

/** Absent: `cancel`. */
interface Obsoletes {
  readonly obsolete?: ObsoleteJobs;
}

/** A new patchset always triggers Verify. `changeId` is `changeIdOf` the others. */
type SubmitPatchset = { readonly kind: 'SubmitPatchset' } & Patchset & Obsoletes;

/** Of the phase only this row runs again. `others`: how the other jobs of `job.phaseRunId` ended. */
interface RetryJob {
  readonly kind: 'RetryJob';
  readonly stage: Stage;
  readonly phase: string;
  readonly job: JobRef;
  readonly row: Row;
  readonly others: RetryAsked['others'];
}

export type ChangeCommand = { readonly changeId: string } & (
  | SubmitPatchset
  /** `source`: the merge that is to land; the plan and `dependencies` are what its own files configure. */
  | ({
      readonly kind: 'ApproveChange';
      readonly patchset: number;
      readonly source: Source;
      readonly dependencies?: readonly Dependency[];
    } & MergePlan)
  | { readonly kind: 'RecordMerged'; readonly sha: string; readonly branchDeleted: boolean }
  | {
      readonly kind: 'RecordMergeRefused';
      readonly sha: string;
      readonly why: MergeObstacle;
      readonly detail: string;
    }
  | {
      readonly kind: 'RecordStageEnded';
      readonly stage: string;
      readonly stageRunId: string;
      readonly status: 'passed' | 'failed' | 'cancelled';
      readonly phases: readonly EndedPhase[];
    }
  | { readonly kind: 'DeliverChange' | 'CancelStage' }
  | ({ readonly kind: 'DeleteChange' } & Obsoletes)
  /** `delivered`: the later change was delivered; else it has begun Acceptance. */
  | ({ readonly kind: 'SupersedeChange'; readonly by: string; readonly delivered: boolean } & Obsoletes)
  | { readonly kind: 'RerunStage'; readonly stage: Stage }
  | ({ readonly kind: 'RerunPhase'; readonly stage: Stage } & PhaseRef)
  | RetryJob
);

export type ChangeRefusal = RuleRefusal;

type Decision = E.Either<ChangeRefusal, readonly ChangeEvent[]>;
type Of<K extends ChangeCommand['kind']> = Extract<ChangeCommand, { kind: K }>;

const unknown = (changeId: string): ChangeRefusal => ({
  code: 'change_unknown',
  message: `A change was expected under ${changeId}; there is none.`,
  hint: 'Submit the branch first.',
});

const decide = (command: ChangeCommand, state: ChangeState): Decision => {
  if (command.kind === 'SubmitPatchset') return submit(command, state);
  if (state.status === 'none') return E.left(unknown(command.changeId));
  switch (command.kind) {
    case 'ApproveChange':
      return approve(command, state);
    case 'RecordMerged':
      return E.right(isMerging(state, command.sha) ? merged(command, state) : []);
    case 'RecordMergeRefused': {
      const { sha, why, detail } = command;
      return E.right(isMerging(state, sha) ? [{ type: 'MergeRefused', data: { why, detail } }] : []);
    }
    case 'RecordStageEnded':
      return E.right(state.unended.includes(command.stageRunId) ? stageEnded(command, state) : []);
    case 'DeliverChange':
      return unlessRefused(deliverRefusal(standingOf(state)), () => [
        { type: 'ChangeDelivered', data: { sha: state.merge?.source.sha ?? '' } },
        trigger(command.changeId, state, 'union'),
      ]);
    case 'DeleteChange':
      return unlessRefused(deleteRefusal(standingOf(state)), () => [
        { type: 'ChangeDeleted', data: { patchset: state.patchset } },
        ...cancels(state, 'deleted', command.obsolete),
      ]);
    case 'CancelStage':
      return unlessRefused(cancelRefusal(standingOf(state)), () => cancels(state, 'requested'));
    case 'SupersedeChange':
      return E.right(supersede(command, state));
    case 'RerunStage':
      return unlessRefused(rerunRefusal(standingOf(state), command.stage), () => [
        trigger(command.changeId, state, command.stage),
      ]);
    case 'RerunPhase':
      return rerunPhase(command, state);
    case 'RetryJob':
      return retryJob(command, state);
    default:
      return never(command);
  }
};

const unlessRefused = (refused: ChangeRefusal | undefined, events: () => readonly ChangeEvent[]): Decision =>
  refused ? E.left(refused) : E.right(events());

const submit = (command: Of<'SubmitPatchset'>, state: ChangeState): Decision => {
  const { changeId, scope, pipeline, branch, title, source, plan, obsolete } = command;
  const { repository } = source;
  if (state.status === 'none') {
    const opened: ChangeEvent = {
      type: 'ChangeOpened',
      data: { scope, pipeline, branch, repository, title },
    };
    return E.right([opened, ...patchset(changeId, source, plan, evolveChange(state, opened), obsolete)]);
  }
  if (state.status !== 'open')
    return E.left(
      state.status === 'merging'
        ? {
            code: 'change_merging',
            message: `An open change was expected for ${branch}; it is being merged just now.`,
            hint: 'Wait until the merge is through, then submit again.',
          }
        : {
            code: 'change_closed',
            message: `An open change was expected for ${branch}; that one is ${state.status}.`,
            hint: 'Submit again: this opens a new change.',
          },
    );
  if (state.repository !== repository)
    return E.left({
      code: 'other_repository',
      message: `Branch ${branch} of project ${scope.project} is a change of ${state.repository}; this one comes from ${repository}.`,
      hint: 'Give the other repository a project name of its own.',
    });
  if (state.source?.sha === source.sha)
    return E.left({
      code: 'same_patchset',
      message: `A new commit was expected on ${branch}; ${source.sha.slice(0, 12)} is patchset ${state.patchset} already.`,
      hint: 'Commit and push to the branch, then submit again.',
    });
  return E.right(patchset(changeId, source, plan, state, obsolete));
};

/** What still waits or runs for the patchsets before is of no use any more. */
const patchset = (
  changeId: string,
  source: Source,
  plan: readonly PlannedPhase[],
  state: ChangeState,
  obsolete: ObsoleteJobs | undefined,
): readonly ChangeEvent[] => {
  if (state.status === 'none') return [];
  const added: ChangeEvent = { type: 'PatchsetAdded', data: { number: state.patchset + 1, source } };
  const after = { ...state, patchset: state.patchset + 1, source };
  return [added, ...cancels(state, 'new_patchset', obsolete), trigger(changeId, after, 'verify', plan)];
};

const approve = (
  { patchset: wanted, source, phases, overrides, dependencies = [] }: Of<'ApproveChange'>,
  state: KnownChange,
): Decision => {
  const refused = approveRefusal(standingOf(state));
  if (refused) return E.left(refused);
  if (wanted !== state.patchset)
    return E.left({
      code: 'patchset_outdated',
      message: `Patchset ${wanted} was expected to be the latest; there is ${state.patchset} meanwhile.`,
      hint: 'Look at the new patchset, then approve again.',
    });
  const more = {
    ...(overrides === undefined ? {} : { overrides }),
    ...(dependencies.length === 0 ? {} : { dependencies }),
  };
  return E.right([{ type: 'MergeIntended', data: { patchset: wanted, source, phases, ...more } }]);
};

const isMerging = (state: KnownChange, sha: string): boolean =>
  state.status === 'merging' && state.merge?.source.sha === sha;

const merged = ({ changeId, sha, branchDeleted }: Of<'RecordMerged'>, state: KnownChange) => [
  { type: 'ChangeMerged', data: { sha, branchDeleted } } as const,
  trigger(changeId, state, 'build'),
];

/** The next stage is triggered in the same append, so that nothing can come between. */
const stageEnded = (
  { changeId, stage, stageRunId, status, phases }: Of<'RecordStageEnded'>,
  state: KnownChange,
): readonly ChangeEvent[] => {
  const ended: ChangeEvent = { type: 'StageEnded', data: { stage, stageRunId, status, phases } };
  const isLatest = state.stages[stage]?.stageRunId === stageRunId;
  const next = isStage(stage) ? nextStage[stage] : undefined;
  const goesOn = isLatest && status === 'passed' && next !== undefined && state.supersededBy === undefined;
  return goesOn ? [ended, trigger(changeId, state, next)] : [ended];
};

const supersede = (
  { by, delivered, obsolete }: Of<'SupersedeChange'>,
  state: KnownChange,
): readonly ChangeEvent[] => {
  const applies = state.status === 'merged' || (state.status === 'delivered' && delivered);
  if (!applies || state.supersededBy !== undefined) return [];
  const superseded: ChangeEvent = { type: 'ChangeSuperseded', data: { by } };
  // What was delivered goes on to its end: only running it once more would bring the old state back.
  return state.status === 'merged' ? [superseded, ...cancels(state, 'superseded', obsolete)] : [superseded];
};

/** All runs that have not ended are of one stage: only Verify can have several, of patchset after patchset. */
const cancels = (
  state: KnownChange,
  why: StageCancelWhy,
  obsolete: ObsoleteJobs = 'cancel',
): readonly ChangeEvent[] => {
  const stage = liveStage(standingOf(state));
  if (stage === undefined) return [];
  const more = obsolete === 'finish' ? { running: obsolete } : {};
  return state.unended
    .filter((stageRunId) =>
      obsolete === 'finish' ? state.toEnd[stageRunId] === undefined : state.toEnd[stageRunId] !== 'anyway',
    )
    .map((stageRunId) => ({ type: 'StageCancelRequested', data: { stage, stageRunId, why, ...more } }));
};

const rerunPhase = ({ changeId, stage, phase, consumer }: Of<'RerunPhase'>, state: KnownChange): Decision => {
  const refused = rerunRefusal(standingOf(state), stage);
  if (refused) return E.left(refused);
  const latest = state.stages[stage];
  const of = consumer === undefined ? {} : { consumer };
  const isIt = (candidate: PhaseRef): boolean => keyOf(candidate) === keyOf({ phase, ...of });
  const ended = latest?.phases.find(isIt);
  if (!latest || !ended || ended.outcome === 'succeeded')
    return E.left({
      code: 'phase_not_to_rerun',
      message: `A phase of ${stage} that has ended without success was expected; ${phase} ${ended ? 'has succeeded' : 'has not run'}.`,
      hint: 'Run the whole stage again, without --phase.',
    });
  const kept = latest.phases.filter((candidate) => !isIt(candidate));
  const { data } = trigger(changeId, state, stage, latest.plan);
  return E.right([
    { type: 'PhaseRerunTriggered', data: { ...data, phase, ...of, rerunOf: latest.stageRunId, kept } },
  ]);
};

const retryJob = (command: Of<'RetryJob'>, state: KnownChange): Decision => {
  const { changeId, stage, phase, job, row, others } = command;
  const latest = state.stages[stage];
  // jobs of consumers are no jobs of this change
  const ended = latest?.phases.find((candidate) => keyOf(candidate) === phase);
  const isLatest = ended?.phaseRunId === job.phaseRunId;
  const refused = retryRefusal(standingOf(state), { changeId, stage, phase, isLatest, others });
  if (refused) return E.left(refused);
  if (!latest) return E.left(unknown(changeId));
  const plan = latest.plan.map((planned) =>
    planned.phase === phase ? { ...planned, rows: [row] } : planned,
  );
  const kept = latest.phases.filter((candidate) => keyOf(candidate) !== phase);
  const { data } = trigger(changeId, state, stage, plan);
  const rerun = { ...data, phase, rerunOf: latest.stageRunId, kept, retryOf: job };
  return E.right([{ type: 'PhaseRerunTriggered', data: rerun }]);
};

/** Verify runs what its patchset configures, later stages what the merge does. */
const trigger = (
  changeId: string,
  state: KnownChange,
  stage: Stage,
  plan: readonly PlannedPhase[] = stage === 'verify'
    ? (state.stages[stage]?.plan ?? [])
    : planOf(stage, phasesOf(stage, state.merge ?? { phases: [] })),
): Extract<ChangeEvent, { type: 'StageTriggered' }> => ({
  type: 'StageTriggered',
  data: {
    stage,
    stageRunId: stageRunIdOf(changeId, stage, state.stages[stage]?.runs ?? 0),
    patchset: state.patchset,
    queueKey: queueKeyOf(stage, changeId, state.scope, state.pipeline),
    plan,
  },
});

/** Decides for streams `change-<id>`. */
export const changeDecider: Decider<ChangeCommand, ChangeState, ChangeEvent, ChangeRefusal> = {
  initial: { status: 'none' },
  decide,
  evolve: evolveChange,
};
