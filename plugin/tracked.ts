/** What is remembered of the phase runs of a host until it was told all of them. Plain JSON; kept in a checkpoint, so members are only added. */
import { drop, find } from '../projections/table.js';
import type { JobEnd, LogBatch, Report } from './contract.js';

/** A log that the host does not have to its end. */
export interface TrackedLog {
  /** Of the job. */
  readonly attempt: number;
  readonly output: LogBatch['output'];
  /** Nothing is written to it any more. */
  over: boolean;
  /** So many bytes were kept of what the job wrote; absent: all. */
  cutAt?: number;
}

export interface TrackedJob {
  readonly label: string;
  runner?: string;
  canceller?: string;
  end?: Pick<JobEnd, 'outcome' | 'cause' | 'exitCode'>;
  /** Its outputs are kept apart. */
  readonly split?: true;
  /** In the order in which they are told; absent: none. */
  logs?: TrackedLog[];
}

export interface TrackedRun {
  readonly hostKey: string;
  readonly attempt: number;
  readonly jobs: Record<string, TrackedJob>;
  /** Number of the last report that was made. */
  seq: number;
  started: boolean;
  finished: boolean;
  /** The host has closed it: nothing is told any more. */
  closed: boolean;
  /** Not yet taken by the host, in order. */
  due: Report[];
  /** The end is told although there is output that the host has not taken. */
  endFirst?: true;
}

/** Phase runs of one host that live, or of which the host was not told all. */
export interface ReportsView {
  readonly runs: Record<string, TrackedRun>;
  /** Job → its phase run. */
  readonly jobs: Record<string, string>;
}

export const noReports = (): ReportsView => ({ runs: {}, jobs: {} });

/** There is output that the host has not taken to its end. */
export const owesLogs = (run: TrackedRun): boolean =>
  Object.values(run.jobs).some(({ logs }) => logs !== undefined && logs.length > 0);

/** Forgets the phase run once there is nothing left to tell. */
export const tidy = (view: ReportsView, phaseRunId: string, run: TrackedRun): void => {
  if (!run.finished || run.due.length > 0 || owesLogs(run)) return;
  for (const jobId of Object.keys(run.jobs)) drop(view.jobs, jobId);
  drop(view.runs, phaseRunId);
};

/** Nothing of its output is told any more. */
export const forgetLogs = (view: ReportsView, phaseRunId: string): void => {
  const run = find(view.runs, phaseRunId);
  if (!run) return;
  for (const job of Object.values(run.jobs)) delete job.logs;
  tidy(view, phaseRunId, run);
};
