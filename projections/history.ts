/** What was: one row per ended or started attempt, newest first. */
import type { BatonEvent } from '../src/events/catalog.js';
import { isJobEvent } from '../src/events/catalog.js';
import type { JobQueued } from '../src/events/job.js';
import type { Outcome } from '../src/events/shapes.js';
import type { Projection } from '../src/kernel/projection.js';
import { millisBetween } from '../src/kernel/time.js';
import { attemptOf, exitCodeOf, isJobEnd, outcomeOf } from './summary.js';
import { drop, find, idIn, put } from './table.js';

export interface HistoryRow {
  readonly jobId: string;
  /** 0 for a job that ended while it waited: nothing was tried. */
  readonly attempt: number;
  readonly project: string;
  readonly changeId?: string;
  readonly stage: string;
  readonly phase: string;
  readonly label: string;
  readonly runner?: string;
  readonly outcome?: Outcome | 'requeued';
  readonly exitCode?: number;
  readonly queuedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** From queued to started, and from started to ended. */
  readonly waitedMs?: number;
  readonly ranMs?: number;
  readonly cancelledBy?: string;
  /** Why it was cancelled, queued again, lost, expired or not delivered. */
  readonly reason?: string;
}

interface LiveJob {
  /** What all rows of the job have in common. */
  readonly common: Omit<HistoryRow, 'attempt'>;
  /** Since when it waits for the next attempt: when it was queued, or queued again. */
  waitsSince: string;
  /** Attempt → runner, and where its row is once it has one. */
  attempts: Record<string, { runner?: string; row?: number }>;
  /** The attempt that is under way: assigned, and not given back. */
  current?: number;
  cancelledBy?: string;
  reason?: string;
}

/** `rows` in order of appearance; `live` has the jobs that may still add to them. */
export interface HistoryView {
  rows: HistoryRow[];
  live: Record<string, LiveJob>;
}

const entered = (jobId: string, data: JobQueued, at: string): LiveJob => ({
  common: {
    jobId,
    project: data.scope.project,
    ...(data.change === undefined ? {} : { changeId: data.change.id }),
    stage: data.stage,
    phase: data.phase,
    label: data.label,
    queuedAt: at,
  },
  waitsSince: at,
  attempts: {},
});

/** Adds to the row of an attempt, or makes it. */
const write = (view: HistoryView, job: LiveJob, attempt: number, more: Partial<HistoryRow>): void => {
  const known = find(job.attempts, String(attempt)) ?? {};
  put(job.attempts, String(attempt), known);
  const index = (known.row ??= view.rows.length);
  view.rows[index] = {
    ...job.common,
    attempt,
    ...(known.runner === undefined ? {} : { runner: known.runner }),
    ...view.rows[index],
    ...more,
  };
};

/** Clocks may have been set back between two events; nothing takes less than no time. */
const elapsed = (from: string, to: string): number => Math.max(0, millisBetween(from, to) || 0);

const duration = (job: LiveJob, view: HistoryView, attempt: number, at: string): Partial<HistoryRow> => {
  const row = find(job.attempts, String(attempt))?.row;
  const startedAt = row === undefined ? undefined : view.rows[row]?.startedAt;
  return startedAt === undefined ? { endedAt: at } : { endedAt: at, ranMs: elapsed(startedAt, at) };
};

/** Folds the streams `job-<id>`. */
export const history: Projection<HistoryView, BatonEvent> = {
  name: 'history',
  version: 1,
  init: () => ({ rows: [], live: {} }),
  evolve: (view, { stream, event, metadata }) => {
    const id = idIn('job', stream);
    if (id === undefined || !isJobEvent(event)) return;
    const at = metadata.recordedAt;
    const job = find(view.live, id);
    if (job === undefined) {
      if (event.type === 'JobQueued') put(view.live, id, entered(id, event.data, at));
      return;
    }
    if (isJobEnd(event)) {
      const attempt = attemptOf(event) ?? job.current ?? 0;
      const exitCode = exitCodeOf(event);
      const reason = job.reason ?? ('detail' in event.data ? event.data.detail : undefined);
      write(view, job, attempt, {
        outcome: outcomeOf(event),
        ...duration(job, view, attempt, at),
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(job.cancelledBy === undefined ? {} : { cancelledBy: job.cancelledBy }),
        ...(reason === undefined ? {} : { reason }),
      });
      drop(view.live, id);
      return;
    }
    switch (event.type) {
      case 'JobAssigned':
        put(job.attempts, String(event.data.attempt), { runner: event.data.runner });
        job.current = event.data.attempt;
        return;
      case 'JobStarted':
        write(view, job, event.data.attempt, {
          startedAt: at,
          waitedMs: elapsed(job.waitsSince, at),
        });
        return;
      case 'JobRequeued': {
        const { attempt, cause, exitCode, why, detail } = event.data;
        write(view, job, attempt, {
          outcome: 'requeued',
          ...duration(job, view, attempt, at),
          reason: detail ?? why ?? cause,
          ...(exitCode === undefined ? {} : { exitCode }),
        });
        job.waitsSince = at;
        delete job.current;
        return;
      }
      case 'JobCancelRequested':
        if (job.cancelledBy !== undefined) return;
        job.cancelledBy = metadata.actor;
        if (metadata.reason !== undefined) job.reason = metadata.reason;
    }
  },
};

/** The newest rows that fit the filter, at most `limit`. Newest: started last, or ended last without a start. */
export const historyRows = (
  view: HistoryView,
  filter: {
    readonly runner?: string;
    readonly change?: string;
    readonly limit: number;
    /** Absent: every job is. */
    readonly isSeen?: (jobId: string) => boolean;
  },
): readonly HistoryRow[] => {
  const found: HistoryRow[] = [];
  for (let i = view.rows.length - 1; i >= 0 && found.length < filter.limit; i--) {
    const row = view.rows[i];
    if (row === undefined) continue;
    if (filter.runner !== undefined && row.runner !== filter.runner) continue;
    if (filter.change !== undefined && row.changeId !== filter.change) continue;
    if (filter.isSeen?.(row.jobId) === false) continue;
    found.push(row);
  }
  return found;
};
