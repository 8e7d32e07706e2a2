/** What dispatcher, cancellation and watchdog remember of live jobs. */
import { isJobEvent, type BatonEvent } from '../events/catalog.js';
import type { Limits } from '../events/shapes.js';
import type { Recorded } from '../kernel/recorded.js';
import { idOf } from './commands.js';

interface Asked {
  readonly eventId: string;
  readonly at: string;
}

/** What is needed again once it is assigned; thousands may wait, so no more than that. */
interface WaitingJob {
  readonly phaseRunId: string;
  readonly limits: Limits;
  readonly attempt: number;
  readonly cancel: Asked | undefined;
}

/** One that is on a runner, as far as is known. */
export interface LiveJob extends WaitingJob {
  readonly jobId: string;
  readonly status: 'assigned' | 'running';
  readonly runner: string;
  readonly slot: number;
  /** The further ones that it holds. */
  readonly alsoSlots: readonly number[];
  /** Event that put it into this status, and when. */
  readonly since: Asked;
  /** Event of the current assignment; the cause of everything done to the attempt. */
  readonly assignedBy: string;
}

export interface LiveJobs {
  readonly waiting: Map<string, WaitingJob>;
  readonly live: Map<string, LiveJob>;
}

export const noJobs = (): LiveJobs => ({ waiting: new Map(), live: new Map() });

/** Folds job events; jobs that have ended are forgotten. */
export const evolveAttempts = (
  { waiting, live }: LiveJobs,
  { stream, event, id, metadata }: Recorded<BatonEvent>,
): void => {
  if (!isJobEvent(event)) return;
  const jobId = idOf(stream);
  const now: Asked = { eventId: id, at: metadata.recordedAt };
  if (event.type === 'JobQueued') {
    const { phaseRunId, limits } = event.data;
    waiting.set(jobId, { phaseRunId, limits, attempt: 0, cancel: undefined });
    return;
  }
  const queued = waiting.get(jobId);
  const job = live.get(jobId);
  switch (event.type) {
    case 'JobAssigned': {
      const { runner, slot, alsoSlots = [], attempt } = event.data;
      const known = job ?? queued;
      if (known === undefined) return;
      const { phaseRunId, limits, cancel } = known;
      const place = { runner, slot, alsoSlots, since: now, assignedBy: id };
      waiting.delete(jobId);
      live.set(jobId, { jobId, phaseRunId, limits, cancel, attempt, status: 'assigned', ...place });
      return;
    }
    case 'JobStarted':
      if (job !== undefined) live.set(jobId, { ...job, status: 'running', since: now });
      return;
    case 'JobRequeued': {
      if (job === undefined) return;
      const { phaseRunId, limits, attempt, cancel } = job;
      live.delete(jobId);
      waiting.set(jobId, { phaseRunId, limits, attempt, cancel });
      return;
    }
    case 'JobCancelRequested':
      if (job !== undefined) live.set(jobId, { ...job, cancel: job.cancel ?? now });
      if (queued !== undefined) waiting.set(jobId, { ...queued, cancel: queued.cancel ?? now });
      return;
    case 'JobOutputSealed':
    case 'JobCollectionPaused':
    case 'JobCollectionResumed':
    case 'JobRemainsEnded':
    case 'JobReported':
    case 'JobReportRefused':
      return;
    default:
      waiting.delete(jobId);
      live.delete(jobId);
  }
};
