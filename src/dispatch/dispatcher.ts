/** Process: assigned → start → follow → finish. After a restart every live attempt is asked for again, never blindly re-run. */
import type { BatonEvent } from '../events/catalog.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import { evolveAttempts, noJobs, type LiveJob, type LiveJobs } from './attempts.js';
import { idOf, type DispatchCommand } from './commands.js';

const drive = (job: LiveJob, fresh: boolean): DispatchCommand => ({
  commandId: deriveId(job.assignedBy, 'dispatcher', 'drive'),
  causationId: job.assignedBy,
  correlationId: job.phaseRunId,
  target: 'effect',
  effect: 'drive',
  jobId: job.jobId,
  attempt: job.attempt,
  runner: job.runner,
  fresh,
});

export const dispatcher: Process<BatonEvent, DispatchCommand, LiveJobs> = {
  name: 'dispatcher',
  version: 1,
  init: noJobs,
  evolve: (jobs, recorded) => {
    evolveAttempts(jobs, recorded);
    return jobs;
  },
  react: ({ live }, { stream, event }) => {
    const job = live.get(idOf(stream));
    // the state may be ahead of this event: drive only the attempt that it speaks of
    return event.type === 'JobAssigned' && job?.attempt === event.data.attempt ? [drive(job, true)] : [];
  },
  tick: () => [],
  resume: ({ live }) => [...live.values()].map((job) => drive(job, false)),
};
