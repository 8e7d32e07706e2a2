/** A job that waits or runs, as the original's queue showed it. */
import type { NumberedJob } from '../../app/original.js';
import type { Instant } from '../../kernel/time.js';
import { elapsed, statusOf, timestamp } from './words.js';

/** Since when it is in its state: its own times, where the original counted from the change (B15). */
const since = ({ job }: NumberedJob): Instant =>
  statusOf(job) === 'running'
    ? (job.attempts.at(-1)?.assignedAt ?? job.queuedAt)
    : (job.waitsSince ?? job.queuedAt);

/** Without what passes by itself: two that are equal need not be told twice. */
export const jobState = ({ id, submittedAt, job }: NumberedJob) => ({
  id,
  project: job.project,
  change: { id: job.changeId ?? '', title: job.changeTitle ?? '' },
  org: job.organisation,
  stage: job.stage,
  phase: job.phase,
  status: statusOf(job) === 'running' ? 'running' : 'pending',
  submittedAt: timestamp(submittedAt),
});

export const jobJson = (numbered: NumberedJob, now: Instant) => ({
  ...jobState(numbered),
  timeInState: elapsed(since(numbered), now),
});
