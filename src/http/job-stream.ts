/** Jobs as they change: the reader gets the latest of each, so one that reads slowly skips states but misses no job. */
import type { JobFilter, UseCases } from '../app/use-cases.js';
import { comparePositions, type Position } from '../kernel/recorded.js';
import type { JobView } from '../../projections/jobs.js';
import { comment, failure, frame } from './sse.js';
import type { Pace } from './pace.js';
import { wakeOn } from '../app/wake.js';

interface Update {
  readonly position: Position;
  readonly job: JobView;
}

/** Events `job` with the whole view; id = a position up to which nothing is missing. */
export async function* jobFrames(
  useCases: UseCases,
  request: {
    readonly filter: JobFilter;
    readonly after?: Position;
    readonly pace: Pace;
    readonly requestId: string;
  },
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const latest = new Map<string, Update>();
  const wake = wakeOn(useCases.watchJobs(request.filter, request.after), (update) => {
    latest.set(update.job.id, update);
  });
  try {
    yield comment('jobs');
    while (!signal.aborted) {
      const batch = [...latest.values()].sort((a, b) => comparePositions(a.position, b.position));
      latest.clear();
      for (const [index, { position, job }] of batch.entries()) {
        // a newer state of it came while the reader was busy
        if (latest.has(job.id)) continue;
        // jobs of a snapshot may share a position: only behind the last of them is nothing missing
        const next = batch[index + 1];
        const complete = next === undefined || comparePositions(position, next.position) < 0;
        yield frame('job', job, complete ? position : undefined);
      }
      if (latest.size > 0) continue;
      const ended = wake.ended();
      if (ended !== undefined) {
        if ('error' in ended) yield failure(ended.error, request.requestId);
        return;
      }
      await wake.pause(request.pace.heartbeatMs, signal);
      if (latest.size === 0 && wake.ended() === undefined) yield comment('still here');
    }
  } finally {
    wake.close();
  }
}
