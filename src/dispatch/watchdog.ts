/** Process: limits that pass while nothing happens. Time comes in through `tick`, never from a clock. */
import type { BatonEvent } from '../events/catalog.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import { millisBetween, type Instant } from '../kernel/time.js';
import { evolveAttempts, type LiveJob, type LiveJobs } from './attempts.js';
import type { DispatchCommand } from './commands.js';

/** The runner enforces the total limit itself; the server steps in this long after it should have. */
const MARGIN_MS = 30_000;

const overdue = (job: LiveJob, at: Instant): readonly DispatchCommand[] => {
  const { limits, since, jobId, phaseRunId } = job;
  const waited = millisBetween(since.at, at);
  const owed = { causationId: since.eventId, correlationId: phaseRunId };
  if (job.status === 'queued' && limits.queueMs !== undefined && waited > limits.queueMs)
    return [
      {
        ...owed,
        commandId: deriveId(since.eventId, 'watchdog', 'expire'),
        target: 'job',
        id: jobId,
        command: {
          kind: 'ExpireJob',
          why: 'queue_wait',
          detail: `It waited longer than its limit of ${Math.round(limits.queueMs / 1000)} s for a runner.`,
        },
      },
    ];
  const mayRunMs =
    limits.totalMs === undefined ? undefined : limits.totalMs + limits.cancelGraceMs + MARGIN_MS;
  if (job.status === 'running' && mayRunMs !== undefined && waited > mayRunMs)
    return [
      {
        ...owed,
        commandId: deriveId(since.eventId, 'watchdog', 'end'),
        target: 'effect',
        effect: 'end',
        jobId,
        attempt: job.attempt,
        runner: job.runner,
        graceMs: limits.cancelGraceMs,
      },
    ];
  return [];
};

export const watchdog: Process<BatonEvent, DispatchCommand, LiveJobs> = {
  name: 'watchdog',
  init: () => new Map(),
  evolve: evolveAttempts,
  react: () => [],
  tick: (jobs, at) => [...jobs.values()].flatMap((job) => overdue(job, at)),
  // what is overdue after a restart is found by the first tick, which brings the time
  resume: () => [],
};
