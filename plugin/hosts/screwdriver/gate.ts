/** Which builds wait for others? Screwdriver names the jobs that block a job, itself among them; the older build goes first, and none overtakes one that runs. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import { wishesOf } from './annotations.js';
import type { BuildRecord } from './records.js';

type Gated = Pick<BuildRecord, 'buildId' | 'jobId' | 'blockedBy' | 'annotations' | 'state'>;

/** The builds that this one waits for: older ones, and those that Baton has. So none waits for one that waits for it. */
export const blockersOf = (record: Gated, live: readonly Gated[]): readonly number[] => {
  const wishes = wishesOf(record.annotations);
  const atOnce = E.isRight(wishes) && wishes.right.atOnce;
  const jobs = record.blockedBy.filter((jobId) => !(atOnce && jobId === record.jobId));
  return live
    .filter(
      ({ buildId, jobId, state }) =>
        jobs.includes(jobId) &&
        (buildId < record.buildId || (state === 'promoted' && buildId !== record.buildId)),
    )
    .map(({ buildId }) => buildId);
};
