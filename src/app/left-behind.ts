/** What did a server leave on a runner that died between the end of a job and the tidying up? Looked after once a probe tells of it. */
import * as E from 'fp-ts/lib/Either.js';
import { isProof } from '../domain/proof.js';
import { job, type JobState } from '../domain/job.js';
import type { JobEvent } from '../events/catalog.js';
import { fold } from '../kernel/decider.js';
import { load } from './handle.js';
import type { AttemptRef, EventStore, RunnerTarget, RunnerTransport } from './ports.js';

const attemptOf = (name: string): AttemptRef | undefined => {
  const [, jobId, attempt] = /^([\w-]+)\.(\d{1,9})$/.exec(name) ?? [];
  return jobId === undefined ? undefined : { jobId, attempt: Number(attempt) };
};

/** All that is worth keeping of it is here: the job has ended, and this attempt is not one that may live on. */
const isDone = (state: JobState, attempt: number): boolean =>
  state.status === 'ended' && state.remains !== attempt;

/** Tidies up after those whose job has ended; what cannot be done now is told again by the next probe. */
export const tidyLeftBehind = async (
  { store, transport }: { readonly store: EventStore; readonly transport: Pick<RunnerTransport, 'cleanUp'> },
  target: RunnerTarget,
  names: readonly string[],
): Promise<void> => {
  for (const ref of names.map(attemptOf).filter((found) => found !== undefined)) {
    // of a proof that nobody saw the end of; it has no history
    if (isProof(ref.jobId)) {
      await transport.cleanUp(target, ref)();
      continue;
    }
    const history = await load(store, `job-${ref.jobId}`);
    if (E.isLeft(history)) return;
    const state = fold(
      job,
      history.right.events.map(({ event }) => event as JobEvent),
    );
    if (isDone(state, ref.attempt)) await transport.cleanUp(target, ref)();
  }
};
