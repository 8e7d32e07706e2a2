/**
 * What does a host have to be told, and in which order? Pure: the same events give the same reports with the same numbers,
 * so a repeat after a crash is recognised as one.
 */
import { endOfPhase, exitCodeOf, isJobEnd, outcomeOf, summaryOf } from '../projections/summary.js';
import { find, idIn, put } from '../projections/table.js';
import { isJobEvent, type BatonEvent, type JobEvent } from '../src/events/catalog.js';
import type { Outcome } from '../src/events/shapes.js';
import type { Recorded } from '../src/kernel/recorded.js';
import type { JobEnd, Report } from './contract.js';
import { evolveLogs } from './owed-logs.js';
import { forgetLogs, owesLogs, tidy, type ReportsView, type TrackedJob, type TrackedRun } from './tracked.js';

type Content<R = Report> = R extends Report
  ? Omit<R, 'phaseRunId' | 'hostKey' | 'attempt' | 'seq' | 'at'>
  : never;

const add = (phaseRunId: string, run: TrackedRun, at: string, content: Content): void => {
  run.seq += 1;
  const { hostKey, attempt, seq } = run;
  // a union of objects spread into another is more than the compiler can follow
  if (!run.closed) run.due.push({ phaseRunId, hostKey, attempt, seq, at, ...content });
};

const evolveJob = (
  run: TrackedRun,
  phaseRunId: string,
  job: TrackedJob,
  event: JobEvent,
  recorded: Recorded,
): void => {
  const { actor, recordedAt } = recorded.metadata;
  if (event.type === 'JobAssigned') job.runner = event.data.runner;
  if (event.type === 'JobCancelRequested') job.canceller ??= actor;
  if (event.type === 'JobStarted' && !run.started) {
    run.started = true;
    add(phaseRunId, run, recordedAt, { type: 'phase.started', runner: job.runner ?? '' });
  }
  if (!isJobEnd(event)) return;
  const exitCode = exitCodeOf(event);
  job.end = {
    outcome: outcomeOf(event),
    cause: summaryOf(event, job.canceller),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
};

const finish = (
  run: TrackedRun,
  outcome: Outcome,
  ended: readonly { readonly jobId: string; readonly label: string; readonly outcome: Outcome }[],
): Content => {
  const jobs = ended.map((job): JobEnd => ({ cause: '', ...find(run.jobs, job.jobId)?.end, ...job }));
  return {
    type: 'phase.finished',
    outcome,
    ...endOfPhase(jobs.find((job) => job.outcome === outcome)),
    jobs,
  };
};

export interface Told {
  /** Recorded with its phase runs. */
  readonly host: string;
  /** It is told the output of its jobs. */
  readonly logs: boolean;
}

/** Folds one event into the view of that host. */
export const evolveReports = (
  { host, logs }: Told,
  view: ReportsView,
  recorded: Recorded<BatonEvent>,
): void => {
  const { stream, event, metadata } = recorded;
  const at = metadata.recordedAt;
  if (isJobEvent(event)) {
    const jobId = idIn('job', stream) ?? '';
    if (event.type === 'JobQueued') {
      const { phaseRunId, label, output } = event.data;
      const run = find(view.runs, phaseRunId);
      if (!run) return;
      put(run.jobs, jobId, { label, ...(logs && output === 'split' ? { split: true } : {}) });
      put(view.jobs, jobId, phaseRunId);
      return;
    }
    const phaseRunId = find(view.jobs, jobId) ?? '';
    const run = find(view.runs, phaseRunId);
    const job = run && find(run.jobs, jobId);
    if (!run || !job) return;
    evolveJob(run, phaseRunId, job, event, recorded);
    if (logs && !run.closed) evolveLogs(job, event);
    return;
  }
  const phaseRunId = idIn('phase_run', stream);
  if (phaseRunId === undefined) return;
  const known = find(view.runs, phaseRunId);
  if (event.type === 'PhasePromoted' && event.data.host === host && !known) {
    const { hostKey, attempt } = event.data;
    const run: TrackedRun = {
      ...{ hostKey, attempt, jobs: {}, seq: 0, due: [] },
      ...{ started: false, finished: false, closed: false },
    };
    put(view.runs, phaseRunId, run);
    add(phaseRunId, run, at, { type: 'phase.queued' });
  } else if (event.type === 'PhaseFinished' && known && !known.finished) {
    add(phaseRunId, known, at, finish(known, event.data.outcome, event.data.jobs));
    known.finished = true;
    tidy(view, phaseRunId, known);
  } else if (event.type === 'PhaseReportRefused') closeRun(view, phaseRunId);
};

/** The next report of that phase run; the end waits for the output of its jobs. */
export const nextReport = (view: ReportsView, phaseRunId: string): Report | undefined => {
  const run = find(view.runs, phaseRunId);
  const next = run?.due[0];
  const waits = next?.type === 'phase.finished' && run?.endFirst === undefined && run && owesLogs(run);
  return waits === true ? undefined : next;
};

/** Number of the last report of that phase run that the host took; 0 for none. */
export const lastTaken = (view: ReportsView, phaseRunId: string): number => {
  const run = find(view.runs, phaseRunId);
  return (run?.due[0]?.seq ?? (run?.seq ?? 0) + 1) - 1;
};

/** The host has it. */
export const takeReport = (view: ReportsView, phaseRunId: string): void => {
  const run = find(view.runs, phaseRunId);
  if (!run) return;
  run.due.shift();
  tidy(view, phaseRunId, run);
};

/** The host wants to hear no more of it. */
export const closeRun = (view: ReportsView, phaseRunId: string): void => {
  const run = find(view.runs, phaseRunId);
  if (!run) return;
  run.closed = true;
  run.due = [];
  forgetLogs(view, phaseRunId);
};
