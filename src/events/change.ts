/** Streams of the standalone host: `change-<id>` and `stage_run-<id>`. The core knows nothing of them. */
import * as t from 'io-ts';
import {
  Count,
  Limits,
  Outcome,
  OutputForm,
  Retry,
  Row,
  Scope,
  shape,
  Source,
  Step,
  Whole,
  Workspace,
} from './shapes.js';

/** What may be configured of a phase beyond what each phase has. */
export const PhaseOptions = {
  output: OutputForm,
  /** Higher goes first; absent: 0. */
  priority: Whole,
  retry: Retry,
  workspace: Workspace,
  /** Its jobs may tell of themselves. */
  reports: t.literal(true),
  /** That each of its jobs takes on its runner, 2 or more; absent: 1. */
  slots: Count,
};

export const ChangeOpened = t.type(
  { scope: Scope, pipeline: t.string, branch: t.string, repository: t.string, title: t.string },
  'ChangeOpened',
);
export const PatchsetAdded = t.type({ number: Count, source: Source }, 'PatchsetAdded');

/** One phase of a stage as configured when the stage was triggered. Phases of the same group run together. */
export const PlannedPhase = shape(
  'PlannedPhase',
  {
    phase: t.string,
    group: Count,
    skipped: t.boolean,
    rows: t.readonlyArray(Row),
    steps: t.readonlyArray(Step),
    limits: Limits,
  },
  PhaseOptions,
);
export type PlannedPhase = t.TypeOf<typeof PlannedPhase>;

/** Queued behind the live run of the same stage queue, if there is one. */
export const StageTriggered = t.type(
  {
    stage: t.string,
    stageRunId: t.string,
    patchset: Count,
    queueKey: t.string,
    plan: t.readonlyArray(PlannedPhase),
  },
  'StageTriggered',
);

/** A pipeline that depends on the one whose Union this is: its latest delivered change, with that one's own commit and Union phases. */
export const Consumer = t.type(
  {
    changeId: t.string,
    title: t.string,
    scope: Scope,
    pipeline: t.string,
    source: Source,
    plan: t.readonlyArray(PlannedPhase),
  },
  'Consumer',
);
export type Consumer = t.TypeOf<typeof Consumer>;

export const StageRunStarted = shape(
  'StageRunStarted',
  {
    changeId: t.string,
    title: t.string,
    patchset: Count,
    scope: Scope,
    pipeline: t.string,
    stage: t.string,
    queueKey: t.string,
    source: Source,
    plan: t.readonlyArray(PlannedPhase),
  },
  /** Run side by side once the phases of `plan` have passed. */
  { consumers: t.readonlyArray(Consumer) },
);
export const StagePhaseFinished = shape(
  'StagePhaseFinished',
  { phase: t.string, phaseRunId: t.string, outcome: Outcome },
  /** Change of the consumer whose phase it is; absent: the change's own. */
  { consumer: t.string },
);
export const StageRunFinished = t.type(
  { status: t.keyof({ passed: null, failed: null }) },
  'StageRunFinished',
);

export const changeEvents = {
  ChangeOpened,
  PatchsetAdded,
  StageTriggered,
  StageRunStarted,
  StagePhaseFinished,
  StageRunFinished,
};
