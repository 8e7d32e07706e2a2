/**
 * Of which logs does the host not have all, and may they be told now? Pure: what is owed follows from the events, and how far the host has
 * come is kept apart.
 */
import { isJobEnd } from '../projections/summary.js';
import { find } from '../projections/table.js';
import { splitOutputs } from '../src/domain/output.js';
import type { JobEvent } from '../src/events/catalog.js';
import type { LogBatch } from './contract.js';
import {
  owesLogs,
  tidy,
  type ReportsView,
  type TrackedJob,
  type TrackedLog,
  type TrackedRun,
} from './tracked.js';

/** A job of which output is owed. */
export type OwedJob = Pick<LogBatch, 'phaseRunId' | 'hostKey' | 'attempt' | 'jobId' | 'label' | 'runner'> & {
  /** Of its first try of which not all was told. */
  readonly logs: readonly Readonly<TrackedLog>[];
};

/** Name of an output in the seal of a log. */
const sealedName = (output: LogBatch['output']): string => (output === 'merged' ? 'log' : output);

const track = (job: TrackedJob, attempt: number): void => {
  const logs = (job.logs ??= []);
  if (logs.some((log) => log.attempt === attempt)) return;
  const outputs = job.split === undefined ? (['merged'] as const) : splitOutputs;
  logs.push(...outputs.map((output): TrackedLog => ({ attempt, output, over: false })));
};

/**
 * Folds one event of a job whose output is told. A try has a log from its start on; what was written before somebody was there to hear of
 * it shows with its seal.
 */
export const evolveLogs = (job: TrackedJob, event: JobEvent): void => {
  if (event.type === 'JobStarted') track(job, event.data.attempt);
  else if (event.type === 'JobOutputSealed') {
    const { attempt, outputs } = event.data;
    track(job, attempt);
    for (const log of job.logs ?? []) {
      if (log.attempt !== attempt) continue;
      log.over = true;
      const seal = outputs.find(({ name }) => name === sealedName(log.output));
      if (seal?.truncated === true) log.cutAt = seal.sourceBytes;
    }
  } else if (event.type === 'JobRequeued' || isJobEnd(event))
    for (const log of job.logs ?? []) log.over = true;
};

/** The phase run, if the host knows of its start. */
const tellable = (view: ReportsView, phaseRunId: string): TrackedRun | undefined => {
  const run = find(view.runs, phaseRunId);
  const next = run?.due[0];
  return run?.closed === false && (next === undefined || next.type === 'phase.finished') ? run : undefined;
};

/** Its jobs of which output is owed; none while the host does not know of the start. */
export const owedJobs = (view: ReportsView, phaseRunId: string): readonly string[] =>
  Object.entries(tellable(view, phaseRunId)?.jobs ?? {}).flatMap(([jobId, { logs = [] }]) =>
    logs.length === 0 ? [] : [jobId],
  );

/** What of a job may be told now. */
export const owedLogs = (view: ReportsView, phaseRunId: string, jobId: string): OwedJob | undefined => {
  const run = tellable(view, phaseRunId);
  const job = run && find(run.jobs, jobId);
  if (!run || !job?.logs || job.logs.length === 0) return undefined;
  const { hostKey, attempt } = run;
  const logs = job.logs.filter((log) => log.attempt === job.logs?.[0]?.attempt);
  const { label, runner } = job;
  return {
    ...{ phaseRunId, hostKey, attempt, jobId, label, logs },
    ...(runner === undefined ? {} : { runner }),
  };
};

/** The host has that log to its end. */
export const takeLog = (
  view: ReportsView,
  { phaseRunId, jobId, jobAttempt, output }: Pick<LogBatch, 'phaseRunId' | 'jobId' | 'jobAttempt' | 'output'>,
): void => {
  const run = find(view.runs, phaseRunId);
  const job = run && find(run.jobs, jobId);
  if (!run || !job?.logs) return;
  job.logs = job.logs.filter((log) => log.attempt !== jobAttempt || log.output !== output);
  tidy(view, phaseRunId, run);
};

/** `held`: its end waits for its output. `behind`: its end comes before that. `none`: nobody waits, or it waits for its start to be taken. */
export const lateness = (view: ReportsView, phaseRunId: string): 'none' | 'held' | 'behind' => {
  const run = tellable(view, phaseRunId);
  if (!run?.finished || !owesLogs(run)) return 'none';
  return run.endFirst === undefined ? 'held' : 'behind';
};

/** The end is told now, and the rest of the output when the host takes it. */
export const tellEndFirst = (view: ReportsView, phaseRunId: string): void => {
  const run = find(view.runs, phaseRunId);
  if (run) run.endFirst = true;
};

/** The end was not taken either: then it waits for the output as before. */
export const waitAgain = (view: ReportsView, phaseRunId: string): void => {
  const run = find(view.runs, phaseRunId);
  if (run && owesLogs(run)) delete run.endFirst;
};
