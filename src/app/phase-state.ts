/** How does a phase run stand? Put together from its own stream and the view of jobs; pure. */
import { createHash } from 'node:crypto';
import type { JobsView, JobView } from '../../projections/jobs.js';
import { endOfPhase } from '../../projections/summary.js';
import { find } from '../../projections/table.js';
import { jobIdOf } from '../domain/phase-run.js';
import type { BatonEvent } from '../events/catalog.js';
import type { PhasePromoted } from '../events/phase-run.js';
import { Outcome } from '../events/shapes.js';
import type { Recorded } from '../kernel/recorded.js';
import type { PhaseJob, PhaseState } from './host-calls.js';

/** The promotion that a stream begins with; undefined of one that holds a cancel alone. */
export const promotionIn = (events: readonly Recorded<BatonEvent>[]): PhasePromoted | undefined => {
  for (const { event } of events) if (event.type === 'PhasePromoted') return event.data;
  return undefined;
};

/** The jobs of a phase run, by row. */
export const jobIdsOf = (phaseRunId: string, { rows }: PhasePromoted): readonly string[] =>
  rows.map((_, row) => jobIdOf(phaseRunId, row));

const ofJob = (job: JobView): PhaseJob => {
  const last = job.attempts.at(-1);
  return {
    ...{ id: job.id, label: job.label, status: job.status },
    ...(last === undefined ? {} : { attempt: last.attempt }),
    ...(last?.runner === undefined ? {} : { runner: last.runner }),
    ...(last?.exitCode === undefined ? {} : { exitCode: last.exitCode }),
    ...(job.summary === undefined ? {} : { cause: job.summary }),
    ...(job.output === undefined ? {} : { output: job.output }),
  };
};

const liveStatus = (jobs: readonly PhaseJob[]): 'queued' | 'running' =>
  jobs.some(({ status, attempt }) => status === 'running' || Outcome.is(status) || (attempt ?? 0) > 1)
    ? 'running'
    : 'queued';

export interface PhaseStory {
  readonly phaseRunId: string;
  readonly promoted: PhasePromoted;
  readonly events: readonly Recorded<BatonEvent>[];
  readonly lastAttempt: number;
}

/** `view` must include what the events do. */
export const phaseStateOf = (
  { phaseRunId, promoted, events, lastAttempt }: PhaseStory,
  view: JobsView,
): PhaseState => {
  const finished = events.find(({ event }) => event.type === 'PhaseFinished')?.event;
  const outcome = finished?.type === 'PhaseFinished' ? finished.data.outcome : undefined;
  const isCancelled = events.some(({ event }) => event.type === 'PhaseCancelRequested');
  // one that was cancelled before its promotion never has any
  const isEmpty = finished?.type === 'PhaseFinished' && finished.data.jobs.length === 0;
  const jobs = isEmpty
    ? []
    : jobIdsOf(phaseRunId, promoted).map((id, row): PhaseJob => {
        const job = find(view, id);
        return job === undefined
          ? { id, label: promoted.rows[row]?.label ?? '', status: 'queued' }
          : ofJob(job);
      });
  const { host, hostKey, attempt, scope, pipeline, stage, phase, change, retryOf } = promoted;
  const state = {
    ...{ host, hostKey, attempt, lastAttempt, phaseRunId, ...scope, pipeline, stage, phase },
    ...(change === undefined ? {} : { changeId: change.id }),
    ...(retryOf === undefined ? {} : { retryOf: retryOf.jobId }),
    status: outcome ?? liveStatus(jobs),
    ...(isCancelled ? { cancelRequested: true as const } : {}),
    ...(outcome === undefined ? {} : endOfPhase(jobs.find(({ status }) => status === outcome))),
    jobs,
    revision: events.at(-1)?.revision ?? 0,
  };
  const known = createHash('sha256').update(JSON.stringify(state)).digest('hex').slice(0, 16);
  return { ...state, known };
};
