/** What was: one row per attempt, and one for each job that ended before there was an attempt. */
import type { BatonEvent, JobEvent } from '../src/events/catalog.js';
import { isJobEvent } from '../src/events/catalog.js';
import type { JobQueued, JobReportRefused } from '../src/events/job.js';
import type { Projection } from '../src/kernel/projection.js';
import type { Metadata } from '../src/kernel/recorded.js';
import { millisBetween } from '../src/kernel/time.js';
import type { HistoryRow } from './history-row.js';
import type { JobEndEvent } from './summary.js';
import {
  attemptOf,
  evidenceOf,
  evidenceText,
  exitCodeOf,
  isJobEnd,
  outcomeOf,
  summaryOf,
} from './summary.js';
import { drop, find, idIn, put } from './table.js';

export type { HistoryRow };

interface LiveJob {
  /** What all rows of the job have in common. */
  readonly common: Omit<HistoryRow, 'attempt'>;
  /** Since when it waits for the next attempt: when it was queued, or queued again. */
  waitsSince: string;
  /** Attempt → its row. */
  readonly attempts: Record<string, number>;
  /** The attempt that is under way: assigned, and not given back. */
  current?: number;
  cancel?: Pick<HistoryRow, 'cancelledBy' | 'cancelReason' | 'cancelledAt'>;
}

/** By job, change, runner: the numbers of their rows, growing. So that a question about one does not read all. */
export interface HistoryIndex {
  readonly job: Record<string, number[]>;
  readonly change: Record<string, number[]>;
  readonly runner: Record<string, number[]>;
}

/** A row's number is its place in `rows`, given when the row appears and never changed: cursors rest on that. */
export interface HistoryView {
  rows: HistoryRow[];
  index: HistoryIndex;
  /** Jobs that may still add to the rows. */
  live: Record<string, LiveJob>;
  /** Phase run → the job that it repeats. */
  retries: Record<string, string>;
}

const entered = (view: HistoryView, jobId: string, data: JobQueued, at: string): LiveJob => {
  const retryOf = find(view.retries, data.phaseRunId);
  return {
    common: {
      jobId,
      phaseRunId: data.phaseRunId,
      ...(retryOf === undefined ? {} : { retryOf }),
      enterprise: data.scope.enterprise,
      organisation: data.scope.organisation,
      project: data.scope.project,
      ...(data.change === undefined ? {} : { changeId: data.change.id, changeTitle: data.change.title }),
      pipeline: data.pipeline,
      stage: data.stage,
      phase: data.phase,
      label: data.label,
      queuedAt: at,
    },
    waitsSince: at,
    attempts: {},
  };
};

const note = (table: Record<string, number[]>, key: string | undefined, index: number): void => {
  if (key === undefined) return;
  const known = find(table, key);
  if (known === undefined) put(table, key, [index]);
  else known.push(index);
};

type Row = { -readonly [K in keyof HistoryRow]: HistoryRow[K] };

const rowOf = (view: HistoryView, job: LiveJob, attempt: number): Row | undefined => {
  const index = find(job.attempts, String(attempt));
  return index === undefined ? undefined : view.rows[index];
};

/** Written out: V8 gives the copy of an object a layout of its own, and each member that is added to it then costs microseconds. */
const beginning = (common: LiveJob['common'], attempt: number): Row => {
  const { jobId, phaseRunId, enterprise, organisation, project } = common;
  const { pipeline, stage, phase, label, queuedAt } = common;
  const { retryOf, changeId, changeTitle } = common;
  const row: Row = {
    jobId,
    attempt,
    phaseRunId,
    enterprise,
    organisation,
    project,
    pipeline,
    stage,
    phase,
    label,
    queuedAt,
  };
  if (retryOf !== undefined) row.retryOf = retryOf;
  if (changeId !== undefined) row.changeId = changeId;
  if (changeTitle !== undefined) row.changeTitle = changeTitle;
  return row;
};

/**
 * The row of an attempt, to be added to; made when there is none. What a row is found by is there from its beginning.
 */
const writable = (view: HistoryView, job: LiveJob, attempt: number, runner?: string): Row => {
  const known = rowOf(view, job, attempt);
  if (known !== undefined) return known;
  const row = beginning(job.common, attempt);
  if (runner !== undefined) row.runner = runner;
  const index = view.rows.push(row) - 1;
  put(job.attempts, String(attempt), index);
  note(view.index.job, row.jobId, index);
  note(view.index.change, row.changeId, index);
  note(view.index.runner, row.runner, index);
  return row;
};

/** Clocks may have been set back between two events; nothing takes less than no time. */
const elapsed = (from: string, to: string): number => Math.max(0, millisBetween(from, to));

/** How long an attempt that ends now has waited and run. */
const measure = (row: Row, job: LiveJob, at: string): void => {
  row.endedAt = at;
  if (row.startedAt === undefined) row.waitedMs = elapsed(job.waitsSince, at);
  else row.ranMs = elapsed(row.startedAt, at);
};

const whyOf = (event: JobEndEvent): string | undefined =>
  'why' in event.data ? event.data.why : 'which' in event.data ? event.data.which : undefined;

const end = (view: HistoryView, job: LiveJob, event: JobEndEvent, at: string): void => {
  const row = writable(view, job, attemptOf(event) ?? job.current ?? 0);
  row.outcome = outcomeOf(event);
  measure(row, job, at);
  if (job.cancel !== undefined) Object.assign(row, job.cancel);
  const exitCode = exitCodeOf(event);
  if (exitCode !== undefined) row.exitCode = exitCode;
  if (event.type === 'JobFailed' && event.data.likelySignal !== undefined)
    row.likelySignal = event.data.likelySignal;
  const why = whyOf(event);
  if (why !== undefined) row.why = why;
  const detail = 'detail' in event.data ? event.data.detail : undefined;
  if (detail !== undefined) row.detail = detail;
  const reason = job.cancel?.cancelReason ?? detail;
  if (reason !== undefined) row.reason = reason;
  const evidence = evidenceOf(event);
  if (evidence !== undefined) row.evidence = evidenceText(evidence);
  row.summary = summaryOf(event, job.cancel?.cancelledBy);
};

const change = (view: HistoryView, job: LiveJob, event: JobEvent, metadata: Metadata): void => {
  const at = metadata.recordedAt;
  switch (event.type) {
    case 'JobAssigned': {
      const { attempt, runner, slot, alsoSlots, rule } = event.data;
      // an attempt has one runner; what a damaged history says again changes nothing
      if (rowOf(view, job, attempt) === undefined) {
        const row = writable(view, job, attempt, runner);
        row.slot = slot;
        if (alsoSlots !== undefined) row.alsoSlots = alsoSlots;
        row.rule = rule;
        row.assignedAt = at;
      }
      job.current = attempt;
      return;
    }
    case 'JobStarted': {
      const row = writable(view, job, event.data.attempt);
      row.startedAt = at;
      row.waitedMs = elapsed(job.waitsSince, at);
      if (row.assignedAt !== undefined) row.connectMs = elapsed(row.assignedAt, at);
      return;
    }
    case 'JobRequeued': {
      const { attempt, cause, exitCode, why, detail } = event.data;
      const row = writable(view, job, attempt);
      row.outcome = 'requeued';
      measure(row, job, at);
      row.requeueCause = cause;
      if (why !== undefined) row.why = why;
      if (detail !== undefined) row.detail = detail;
      row.reason = detail ?? why ?? cause;
      if (exitCode !== undefined) row.exitCode = exitCode;
      job.waitsSince = at;
      delete job.current;
      return;
    }
    case 'JobReported': {
      const row = rowOf(view, job, event.data.attempt);
      if (row !== undefined) row.reported = event.data.success ? 'success' : 'failure';
      return;
    }
    case 'JobCancelRequested':
      job.cancel ??= {
        cancelledBy: metadata.actor,
        ...(metadata.reason === undefined ? {} : { cancelReason: metadata.reason }),
        cancelledAt: at,
      };
  }
};

/** Of what the job told itself; mostly it has ended by then. What its runner told late is in the job, not here. */
const refused = (view: HistoryView, jobId: string, { attempt, report, why }: JobReportRefused): void => {
  if (report !== 'job') return;
  const numbers = find(view.index.job, jobId) ?? [];
  const row: Row | undefined = numbers
    .map((number) => view.rows[number])
    .find((one) => one?.attempt === attempt);
  if (row !== undefined) row.reportRefused = why;
};

/** Folds the streams `job-<id>` and, for what was repeated, `phase_run-<id>`. */
export const history: Projection<HistoryView, BatonEvent> = {
  name: 'history',
  version: 4,
  init: () => ({ rows: [], index: { job: {}, change: {}, runner: {} }, live: {}, retries: {} }),
  evolve: (view, { stream, event, metadata }) => {
    const phaseRun = idIn('phase_run', stream);
    if (phaseRun !== undefined) {
      if (event.type === 'PhasePromoted' && event.data.retryOf !== undefined)
        put(view.retries, phaseRun, event.data.retryOf.jobId);
      // its jobs have been queued long since
      if (event.type === 'PhaseFinished') drop(view.retries, phaseRun);
      return;
    }
    const id = idIn('job', stream);
    if (id === undefined || !isJobEvent(event)) return;
    const job = find(view.live, id);
    if (event.type === 'JobReportRefused') refused(view, id, event.data);
    else if (job === undefined) {
      if (event.type === 'JobQueued') put(view.live, id, entered(view, id, event.data, metadata.recordedAt));
    } else if (isJobEnd(event)) {
      end(view, job, event, metadata.recordedAt);
      drop(view.live, id);
    } else change(view, job, event, metadata);
  },
};
