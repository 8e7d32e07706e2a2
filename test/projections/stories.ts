/** Histories that several tests of projections tell. */
import type { JobAssigned, JobQueued } from '../../src/events/job.js';
import type { RunnerEnrolled } from '../../src/events/runner.js';
import { anAssignment, anEnrolment, aQueuedJob } from '../builders.js';
import type { Given } from '../given.js';

type Extra = Pick<Given, 'by' | 'reason' | 'afterMs'>;

export const queued = (id: string, more: Partial<JobQueued> = {}): Given => ({
  stream: `job-${id}`,
  type: 'JobQueued',
  data: aQueuedJob(more),
});
export const assigned = (id: string, more: Partial<JobAssigned> = {}): Given => ({
  stream: `job-${id}`,
  type: 'JobAssigned',
  data: anAssignment(more),
});
export const started = (id: string, attempt = 1): Given => ({
  stream: `job-${id}`,
  type: 'JobStarted',
  data: { attempt, pid: 7, startTime: '9', bootId: 'boot' },
});
export const succeeded = (id: string, attempt = 1): Given => ({
  stream: `job-${id}`,
  type: 'JobSucceeded',
  data: { attempt },
});
export const failed = (id: string, exitCode: number, likelySignal?: string): Given => ({
  stream: `job-${id}`,
  type: 'JobFailed',
  data: { attempt: 1, exitCode, ...(likelySignal === undefined ? {} : { likelySignal }) },
});
export const requeued = (id: string, attempt = 1): Given => ({
  stream: `job-${id}`,
  type: 'JobRequeued',
  data: { attempt, cause: 'infrastructure', why: 'runner_failed', detail: 'no space on the runner' },
});
export const cancelAsked = (id: string, extra: Extra = {}): Given => ({
  stream: `job-${id}`,
  type: 'JobCancelRequested',
  data: {},
  ...extra,
});

/** Enrolled and ready, with that platform family. */
export const readyRunner = (
  name: string,
  platform_family: string,
  more: Partial<RunnerEnrolled> = {},
): readonly Given[] => [
  { stream: `runner-${name}`, type: 'RunnerEnrolled', data: anEnrolment({ name, ...more }) },
  { stream: `runner-${name}`, type: 'RunnerAttributesChanged', data: { attributes: { platform_family } } },
  { stream: `runner-${name}`, type: 'RunnerProbed', data: { verdict: 'ready', findings: [] } },
];
