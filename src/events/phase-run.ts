/** Stream `phase_run-<id>`: a promotion is taken once and ends once. */
import * as t from 'io-ts';
import {
  ChangeRef,
  Count,
  JobRef,
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

export const PhasePromoted = shape(
  'PhasePromoted',
  {
    /** Which host asked, and its own key for the phase run: with `attempt` the identity of this phase run. */
    host: t.string,
    hostKey: t.string,
    attempt: Count,
    scope: Scope,
    pipeline: t.string,
    stage: t.string,
    phase: t.string,
    steps: t.readonlyArray(Step),
    /** Names only: values never enter an event. */
    variables: t.readonlyArray(t.string),
    secretRefs: t.readonlyArray(t.string),
    rows: t.readonlyArray(Row),
    limits: Limits,
    /** Higher goes first; 0 is usual. */
    priority: Whole,
    /** What to do when no enrolled runner can ever match. */
    whenUnmatchable: t.keyof({ wait: null, fail: null, expire: null }),
  },
  {
    /** Without it the jobs get an empty workspace. */
    source: Source,
    change: ChangeRef,
    retryOf: JobRef,
    output: OutputForm,
    retry: Retry,
    workspace: Workspace,
    /** Its jobs may tell of themselves; absent: they may not. */
    reports: t.literal(true),
    /** That each of its jobs takes on its runner, 2 or more; absent: 1. */
    slots: Count,
  },
);
export type PhasePromoted = t.TypeOf<typeof PhasePromoted>;

export const PhaseCancelRequested = shape(
  'PhaseCancelRequested',
  { host: t.string, hostKey: t.string },
  { attempt: Count },
);

export const PhaseFinished = t.type(
  { outcome: Outcome, jobs: t.readonlyArray(t.type({ jobId: t.string, label: t.string, outcome: Outcome })) },
  'PhaseFinished',
);

/** `phase.log`: output of a job. */
const ReportKind = t.keyof({
  'phase.queued': null,
  'phase.started': null,
  'phase.finished': null,
  'phase.log': null,
});
export type ReportKind = t.TypeOf<typeof ReportKind>;

/**
 * The host answered that it has closed the phase run: this report and what would follow is not told any more. Of output, `seq` is that of
 * the last report before it.
 */
export const PhaseReportRefused = t.type({ seq: Count, report: ReportKind }, 'PhaseReportRefused');

export const phaseRunEvents = { PhasePromoted, PhaseCancelRequested, PhaseFinished, PhaseReportRefused };
