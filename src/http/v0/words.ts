/** The original's words for states, and how it wrote times. */
import type { JobView } from '../../../projections/jobs.js';
import type { Instant } from '../../kernel/time.js';

/** Of a phase run, of a phase, and of a stage run. */
export type Status = 'idle' | 'running' | 'passed' | 'failed' | 'skipped';

/** Of a phase run. It knew no other ends: what was cancelled, timed out or lost had failed. */
export const statusOf = ({ status }: Pick<JobView, 'status'>): Status => {
  switch (status) {
    case 'queued':
      return 'idle';
    case 'assigned':
    case 'running':
      return 'running';
    case 'succeeded':
      return 'passed';
    default:
      return 'failed';
  }
};

const order: readonly Status[] = ['failed', 'running', 'idle'];

/** Of several: failed before running before idle; all skipped is skipped, and else passed. */
export const together = (statuses: readonly Status[]): Status =>
  order.find((status) => statuses.includes(status)) ??
  (statuses.every((status) => status === 'skipped') ? 'skipped' : 'passed');

/** `2016-09-13 01:52:04`, in UTC. */
export const timestamp = (at: Instant): string => at.slice(0, 19).replace('T', ' ');

/** `2016-09-13T01:52:04Z`, as the original wrote what came from its tables. */
export const storedTimestamp = (at: Instant): string => `${at.slice(0, 19)}Z`;

/** The same with the hour as it comes, `2016-09-13 1:52:04`; of the queue of stages only. */
export const enqueueTime = (at: Instant): string => timestamp(at).replace(/ 0(\d:)/, ' $1');

const two = (n: number): string => String(n).padStart(2, '0');

/** `00:07:56`, or `2d 00:07:56`. A clock that was set back makes no negative time. */
export const elapsed = (from: Instant, now: Instant): string => {
  const seconds = Math.max(0, Math.floor((Date.parse(now) - Date.parse(from)) / 1000));
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
    .map(two)
    .join(':');
  return days === 0 ? clock : `${days}d ${clock}`;
};
