/**
 * How a change comes from Verify to Delivered: streams `change-<id>`, `stage_run-<id>` and `pipeline-<id>` of the
 * standalone host. The core knows nothing of them.
 */
import * as t from 'io-ts';
import { PhaseOptions, PlannedPhase } from './change.js';
import { Count, JobRef, Limits, Outcome, Row, shape, Source, Step } from './shapes.js';

/** A phase as the files of one commit configure it: for every stage that has it, or for the one that overrides it. */
export const ConfiguredPhase = shape(
  'ConfiguredPhase',
  {
    phase: t.string,
    skipped: t.boolean,
    rows: t.readonlyArray(Row),
    steps: t.readonlyArray(Step),
    limits: Limits,
  },
  PhaseOptions,
);
export type ConfiguredPhase = t.TypeOf<typeof ConfiguredPhase>;

/** How a phase of a stage run ended, and in which phase run. */
export const EndedPhase = shape(
  'EndedPhase',
  { phase: t.string, phaseRunId: t.string, outcome: Outcome },
  /** Change of the consumer whose phase it is; absent: the change's own. */
  { consumer: t.string },
);
export type EndedPhase = t.TypeOf<typeof EndedPhase>;

/** A pipeline that the project depends on, as its configuration names it. What is absent is told in `consumers.ts` of the host. */
export const Dependency = shape(
  'Dependency',
  { project: t.string },
  { organisation: t.string, pipeline: t.string },
);
export type Dependency = t.TypeOf<typeof Dependency>;

/** The phases that a stage runs otherwise than the other stages. */
export const StageOverride = t.type(
  { stage: t.string, phases: t.readonlyArray(ConfiguredPhase) },
  'StageOverride',
);
export type StageOverride = t.TypeOf<typeof StageOverride>;

/** Written before the target is touched: `source.sha` is to become its tip, if that still is `source.merge.targetSha`. */
const MergeIntended = shape(
  'MergeIntended',
  { patchset: Count, source: Source, phases: t.readonlyArray(ConfiguredPhase) },
  { overrides: t.readonlyArray(StageOverride), dependencies: t.readonlyArray(Dependency) },
);
/** The target holds the merge. */
const ChangeMerged = t.type({ sha: t.string, branchDeleted: t.boolean }, 'ChangeMerged');

/** Why the target was left as it is. */
export const MergeObstacle = t.keyof(
  {
    target_moved: null,
    target_missing: null,
    target_checked_out: null,
    not_writable: null,
    declined: null,
    merge_lost: null,
  },
  'MergeObstacle',
);
export type MergeObstacle = t.TypeOf<typeof MergeObstacle>;

/** The change is open again. */
const MergeRefused = t.type({ why: MergeObstacle, detail: t.string }, 'MergeRefused');

const ChangeSuperseded = t.type({ by: t.string }, 'ChangeSuperseded');
const ChangeDelivered = t.type({ sha: t.string }, 'ChangeDelivered');
const ChangeDeleted = t.type({ patchset: Count }, 'ChangeDeleted');

/** The change has taken notice of the end of one of its stage runs. */
const StageEnded = t.type(
  {
    stage: t.string,
    stageRunId: t.string,
    status: t.keyof({ passed: null, failed: null, cancelled: null }),
    phases: t.readonlyArray(EndedPhase),
  },
  'StageEnded',
);

/** Why a stage run is not to go on. */
export const StageCancelWhy = t.keyof(
  { requested: null, new_patchset: null, deleted: null, superseded: null, too_large: null },
  'StageCancelWhy',
);
export type StageCancelWhy = t.TypeOf<typeof StageCancelWhy>;

const StageCancelRequested = shape(
  'StageCancelRequested',
  { stage: t.string, stageRunId: t.string, why: StageCancelWhy },
  /** A run that has started goes on to its end; only one that still waits ends. Absent: both end. */
  { running: t.literal('finish') },
);

/**
 * Like StageTriggered, but only `phase` and what comes after it runs; `kept` is taken over from the run `rerunOf`. `retryOf`: of
 * the phase only the row of this job is in the plan, since the others had succeeded.
 */
const PhaseRerunTriggered = shape(
  'PhaseRerunTriggered',
  {
    stage: t.string,
    stageRunId: t.string,
    patchset: Count,
    queueKey: t.string,
    plan: t.readonlyArray(PlannedPhase),
    phase: t.string,
    rerunOf: t.string,
    kept: t.readonlyArray(EndedPhase),
  },
  {
    retryOf: JobRef,
    /** Change of the consumer whose phase runs again; absent: the change's own. */
    consumer: t.string,
  },
);

/** In a stage run: this phase is not run again, its end in an earlier stage run counts. */
const StagePhaseKept = shape(
  'StagePhaseKept',
  { phase: t.string, phaseRunId: t.string, outcome: Outcome },
  /** As in EndedPhase. */
  { consumer: t.string },
);
/** The end of a stage run that was not to go on; perhaps its only event. */
const StageRunCancelled = t.type(
  { changeId: t.string, stage: t.string, why: StageCancelWhy },
  'StageRunCancelled',
);

const ChangesetJoined = t.type({ changesetId: t.string, changeId: t.string }, 'ChangesetJoined');
const ChangesetClosed = t.type(
  { changesetId: t.string, changeId: t.string, changes: t.readonlyArray(t.string) },
  'ChangesetClosed',
);

export const promotionEvents = {
  MergeIntended,
  ChangeMerged,
  MergeRefused,
  ChangeSuperseded,
  ChangeDelivered,
  ChangeDeleted,
  StageEnded,
  StageCancelRequested,
  PhaseRerunTriggered,
  StagePhaseKept,
  StageRunCancelled,
};
export const pipelineEvents = { ChangesetJoined, ChangesetClosed };
