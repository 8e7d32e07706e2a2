/** What a person who waits for a change wants to be told beside the logs: what stands still and why, and what went wrong. */
import * as E from 'fp-ts/lib/Either.js';
import { Outcome } from '../events/shapes.js';
import type { JobView } from '../../projections/jobs.js';
import type { Client } from './client.js';
import { note, type Io } from './io.js';
import { short } from './print.js';
import { plain } from './terminal.js';

/** `unit(platform_family=rhel)`. */
export const phaseOf = ({ phase, label }: Pick<JobView, 'phase' | 'label'>): string =>
  label === '' ? phase : `${phase}(${label})`;

/** `union/deploy`; of a consumer `web union/deploy`. */
export const placeOf = (job: JobView): string =>
  `${job.unionOf === undefined ? '' : `${job.project} `}${job.stage}/${phaseOf(job)}`;

/** A runner that is busy will be free again; these last until somebody acts. */
const STANDS_STILL: ReadonlySet<string> = new Set(['no_runner', 'none_matches', 'none_available']);

/** Says of each job once per reason why it cannot start. `before` is called before a line is written. */
export const waitNotes = (io: Io, client: Client, before: () => void) => {
  const said = new Set<string>();
  return async (jobs: readonly JobView[]): Promise<void> => {
    const queued = new Set(jobs.filter(({ status }) => status === 'queued').map(({ id }) => id));
    if (queued.size === 0) return;
    const queue = await client.queue();
    // it is asked again soon
    if (E.isLeft(queue)) return;
    for (const { jobId, phase, label, waiting } of queue.right.entries) {
      if (!queued.has(jobId) || waiting === undefined || !STANDS_STILL.has(waiting.reason)) continue;
      const line = plain(`waiting: ${phaseOf({ phase, label })} (job ${short(jobId)}): ${waiting.detail}`);
      if (said.has(line)) continue;
      said.add(line);
      before();
      note(io, line);
    }
  };
};

/** A line for each job that did not succeed. */
export const failureText = (jobs: readonly JobView[]): readonly string[] =>
  jobs
    .filter(({ status }) => Outcome.is(status) && status !== 'succeeded')
    .map((job) => {
      const runner = job.attempts.at(-1)?.runner;
      const where = runner === undefined ? '' : ` on ${runner}`;
      return plain(
        `${job.unionOf === undefined ? '' : `${job.project} in `}${job.stage} ${phaseOf(job)} (job ${short(job.id)}${where}): ${job.summary ?? job.status}`,
      );
    });
