/** Stream `job-<id>`: one phase job (one row of a matrix), its attempts, and exactly one terminal event. */
import * as t from 'io-ts';
import {
  ChangeRef,
  Count,
  EndEvidence,
  Filter,
  Limits,
  Millis,
  Outcome,
  OutputForm,
  Retry,
  Scope,
  SealedOutput,
  shape,
  Whole,
  Workspace,
} from './shapes.js';

export const JobQueued = shape(
  'JobQueued',
  {
    phaseRunId: t.string,
    /** Row of the matrix, from 0, and how a person knows it, e.g. `platform=debian`; empty without a matrix. */
    row: Count,
    label: t.string,
    scope: Scope,
    pipeline: t.string,
    stage: t.string,
    phase: t.string,
    filter: Filter,
    /** Hash of the canonical filter: jobs of one class wait for the same runners. */
    filterClass: t.string,
    limits: Limits,
    priority: Whole,
    whenUnmatchable: t.keyof({ wait: null, fail: null, expire: null }),
  },
  {
    change: ChangeRef,
    output: OutputForm,
    retry: Retry,
    workspace: Workspace,
    /** Its attempts may tell of themselves: an address and a token are in their environment. Absent: they may not. */
    reports: t.literal(true),
    /** That it takes on its runner, 2 or more. Absent: 1. */
    slots: Count,
  },
);
export type JobQueued = t.TypeOf<typeof JobQueued>;

export const JobAssigned = shape(
  'JobAssigned',
  {
    attempt: Count,
    runner: t.string,
    /** From 0: the one whose shell runs it. */
    slot: Count,
    /** Epoch of the dispatcher that owns the runner; the runner refuses a lower one. */
    fence: Count,
    /** Identity of the runner's base folder and of its boot when this was decided: "absent" means "never ran" only there. */
    baseId: t.string,
    bootId: t.string,
    filterClass: t.string,
    /** The rule that chose this runner, in one word. */
    rule: t.string,
  },
  /** The further slots that it holds until it ends. Absent: none. */
  { alsoSlots: t.readonlyArray(Count) },
);
export type JobAssigned = t.TypeOf<typeof JobAssigned>;

/** `startTime`: clock ticks after boot, field 22 of /proc/PID/stat (proc(5)); with pid and boot id it names a process for ever. */
export const JobStarted = t.type(
  { attempt: Count, pid: Count, startTime: t.string, bootId: t.string },
  'JobStarted',
);

/** `why` of `policy`: how the attempt ended, `failed`, `timed_out` or `lost`. */
export const JobRequeued = shape(
  'JobRequeued',
  { attempt: Count, cause: t.keyof({ infrastructure: null, runner_changed: null, policy: null }) },
  {
    exitCode: Count,
    why: t.string,
    detail: t.string,
    /** Pause before the next attempt, counted from this event, with `infrastructure` only on a runner that failed it; absent: none. */
    delayMs: Millis,
    /** Of an attempt that was ended on purpose, and is tried again by policy. */
    evidence: EndEvidence,
  },
);
export type JobRequeued = t.TypeOf<typeof JobRequeued>;

export const JobCancelRequested = t.type({}, 'JobCancelRequested');
export const JobOutputSealed = t.type(
  { attempt: Count, outputs: t.readonlyArray(SealedOutput) },
  'JobOutputSealed',
);

/** Nothing of the attempt's output is stored for now; the runner keeps it. `why`: a stable word; `detail`: one sentence for people. */
export const JobCollectionPaused = t.type(
  { attempt: Count, why: t.string, detail: t.string },
  'JobCollectionPaused',
);
export const JobCollectionResumed = t.type({ attempt: Count }, 'JobCollectionResumed');

/**
 * What the job itself told of its end; once per attempt. A failure counts whatever the exit code is, a success only where that is 0.
 * `status`: its own word.
 */
export const JobReported = t.type({ attempt: Count, success: t.boolean, status: t.string }, 'JobReported');
export type JobReported = t.TypeOf<typeof JobReported>;

/** `unreported`: it could have told how it went, and did not. */
export const JobSucceeded = shape('JobSucceeded', { attempt: Count }, { unreported: t.literal(true) });
/**
 * `likelySignal`: a shell cannot tell exit 143 from death by TERM, so this is a guess from the exit code. `reported`: it ended with 0,
 * and had told that it failed, in this word.
 */
export const JobFailed = shape(
  'JobFailed',
  { attempt: Count, exitCode: Count },
  { likelySignal: t.string, reported: t.string },
);
export const JobCancelled = shape('JobCancelled', { evidence: EndEvidence }, { attempt: Count });
export const JobTimedOut = shape(
  'JobTimedOut',
  { attempt: Count, which: t.keyof({ total: null, silence: null }) },
  { evidence: EndEvidence },
);
/** What a job that was closed had left on its runner has ended there, and its files are removed. It follows the job's end. */
export const JobRemainsEnded = t.type({ attempt: Count, evidence: EndEvidence }, 'JobRemainsEnded');
/**
 * What was said of an attempt after it was over, and therefore changed nothing; once per attempt and report. It may follow the
 * job's end. `outcome`, `exitCode`: as they were told. `why`: `job_already_finished` or `attempt_is_over`; of what the job itself
 * told (`job`) also `cancel_requested`.
 */
export const JobReportRefused = shape(
  'JobReportRefused',
  {
    attempt: Count,
    report: t.keyof({ started: null, finished: null, lost: null, job: null }),
    why: t.string,
  },
  { outcome: Outcome, exitCode: Count },
);
export type JobReportRefused = t.TypeOf<typeof JobReportRefused>;
/** `why`: a stable word; `detail`: one sentence for people. */
export const JobLost = shape('JobLost', { why: t.string, detail: t.string }, { attempt: Count });
export const JobExpired = t.type({ why: t.string, detail: t.string }, 'JobExpired');
export const JobUndeliverable = shape(
  'JobUndeliverable',
  { why: t.string, detail: t.string },
  { attempt: Count },
);

export const jobEvents = {
  JobQueued,
  JobAssigned,
  JobStarted,
  JobRequeued,
  JobCancelRequested,
  JobOutputSealed,
  JobCollectionPaused,
  JobCollectionResumed,
  JobReported,
  JobSucceeded,
  JobFailed,
  JobCancelled,
  JobTimedOut,
  JobLost,
  JobExpired,
  JobUndeliverable,
  JobRemainsEnded,
  JobReportRefused,
};
