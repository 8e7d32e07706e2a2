/** What was: one row per attempt, and one for each job that ended before there was an attempt. */
import type { BatonEvent, JobEvent } from '../src/events/catalog.js';
import { isJobEvent } from '../src/events/catalog.js';
import type { JobQueued } from '../src/events/job.js';
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

/** Adds to the row of an attempt, or makes it. What a row is found by is there from its beginning. */
const write = (view: HistoryView, job: LiveJob, attempt: number, more: Partial<HistoryRow>): void => {
  const known = view.rows[find(job.attempts, String(attempt)) ?? -1];
  if (known !== undefined) {
    Object.assign(known, more);
    return;
  }
  const row = { ...job.common, attempt, ...more };
  const index = view.rows.push(row) - 1;
  put(job.attempts, String(attempt), index);
  note(view.index.job, row.jobId, index);
  note(view.index.change, row.changeId, index);
  note(view.index.runner, row.runner, index);
};

/** Clocks may have been set back between two events; nothing takes less than no time. */
const elapsed = (from: string, to: string): number => Math.max(0, millisBetween(from, to));

/** How long an attempt that ends now has waited and run. */
const lengths = (view: HistoryView, job: LiveJob, attempt: number, at: string): Partial<HistoryRow> => {
  const startedAt = view.rows[find(job.attempts, String(attempt)) ?? -1]?.startedAt;
  return startedAt === undefined
    ? { endedAt: at, waitedMs: elapsed(job.waitsSince, at) }
    : { endedAt: at, ranMs: elapsed(startedAt, at) };
};

const whyOf = (event: JobEndEvent): string | undefined =>
  'why' in event.data ? event.data.why : 'which' in event.data ? event.data.which : undefined;

const end = (view: HistoryView, job: LiveJob, event: JobEndEvent, at: string): void => {
  const attempt = attemptOf(event) ?? job.current ?? 0;
  const exitCode = exitCodeOf(event);
  const evidence = evidenceOf(event);
  const why = whyOf(event);
  const detail = 'detail' in event.data ? event.data.detail : undefined;
  const reason = job.cancel?.cancelReason ?? detail;
  write(view, job, attempt, {
    outcome: outcomeOf(event),
    ...lengths(view, job, attempt, at),
    ...job.cancel,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(event.type === 'JobFailed' && event.data.likelySignal !== undefined
      ? { likelySignal: event.data.likelySignal }
      : {}),
    ...(why === undefined ? {} : { why }),
    ...(detail === undefined ? {} : { detail }),
    ...(reason === undefined ? {} : { reason }),
    ...(evidence === undefined ? {} : { evidence: evidenceText(evidence) }),
    summary: summaryOf(event, job.cancel?.cancelledBy),
  });
};

const change = (view: HistoryView, job: LiveJob, event: JobEvent, metadata: Metadata): void => {
  const at = metadata.recordedAt;
  switch (event.type) {
    case 'JobAssigned': {
      const { attempt, runner, slot, rule } = event.data;
      // an attempt has one runner; what a damaged history says again changes nothing
      if (find(job.attempts, String(attempt)) === undefined)
        write(view, job, attempt, { runner, slot, rule, assignedAt: at });
      job.current = attempt;
      return;
    }
    case 'JobStarted': {
      const { attempt } = event.data;
      const assignedAt = view.rows[find(job.attempts, String(attempt)) ?? -1]?.assignedAt;
      write(view, job, attempt, {
        startedAt: at,
        waitedMs: elapsed(job.waitsSince, at),
        ...(assignedAt === undefined ? {} : { connectMs: elapsed(assignedAt, at) }),
      });
      return;
    }
    case 'JobRequeued': {
      const { attempt, cause, exitCode, why, detail } = event.data;
      write(view, job, attempt, {
        outcome: 'requeued',
        ...lengths(view, job, attempt, at),
        requeueCause: cause,
        ...(why === undefined ? {} : { why }),
        ...(detail === undefined ? {} : { detail }),
        reason: detail ?? why ?? cause,
        ...(exitCode === undefined ? {} : { exitCode }),
      });
      job.waitsSince = at;
      delete job.current;
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

/** Folds the streams `job-<id>` and, for what was repeated, `phase_run-<id>`. */
export const history: Projection<HistoryView, BatonEvent> = {
  name: 'history',
  version: 2,
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
    if (job === undefined) {
      if (event.type === 'JobQueued') put(view.live, id, entered(view, id, event.data, metadata.recordedAt));
    } else if (isJobEnd(event)) {
      end(view, job, event, metadata.recordedAt);
      drop(view.live, id);
    } else change(view, job, event, metadata);
  },
};
