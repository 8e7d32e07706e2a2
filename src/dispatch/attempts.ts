/** What dispatcher, cancellation and watchdog remember of live jobs. */
import { isJobEvent, type BatonEvent } from '../events/catalog.js';
import type { Limits } from '../events/shapes.js';
import type { Recorded } from '../kernel/recorded.js';
import { idOf } from './commands.js';

export interface LiveJob {
  readonly jobId: string;
  readonly phaseRunId: string;
  readonly limits: Limits;
  status: 'queued' | 'assigned' | 'running';
  attempt: number;
  runner: string;
  slot: number;
  /** Event that put it into this status, and when. */
  since: { readonly eventId: string; readonly at: string };
  /** Event of the current assignment; the cause of everything done to the attempt. */
  assignedBy: string;
  cancel: { readonly eventId: string; readonly at: string } | undefined;
}

export type LiveJobs = Map<string, LiveJob>;

/** Folds job events; jobs that have ended are forgotten. */
export const evolveAttempts = (
  jobs: LiveJobs,
  { stream, event, id, metadata }: Recorded<BatonEvent>,
): LiveJobs => {
  if (!isJobEvent(event)) return jobs;
  const jobId = idOf(stream);
  const since = { eventId: id, at: metadata.recordedAt };
  if (event.type === 'JobQueued') {
    const { phaseRunId, limits } = event.data;
    jobs.set(jobId, {
      jobId,
      phaseRunId,
      limits,
      status: 'queued',
      attempt: 0,
      runner: '',
      slot: 0,
      since,
      assignedBy: '',
      cancel: undefined,
    });
    return jobs;
  }
  const job = jobs.get(jobId);
  if (!job) return jobs;
  switch (event.type) {
    case 'JobAssigned': {
      const { runner, slot, attempt } = event.data;
      Object.assign(job, { status: 'assigned', runner, slot, attempt, since, assignedBy: id });
      return jobs;
    }
    case 'JobStarted':
      Object.assign(job, { status: 'running', since });
      return jobs;
    case 'JobRequeued':
      Object.assign(job, { status: 'queued', since });
      return jobs;
    case 'JobCancelRequested':
      job.cancel ??= { eventId: id, at: metadata.recordedAt };
      return jobs;
    case 'JobOutputSealed':
      return jobs;
    default:
      jobs.delete(jobId);
      return jobs;
  }
};
