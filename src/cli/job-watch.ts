/** `baton job watch`: each state of a job as it comes, until it has ended. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { Outcome } from '../events/shapes.js';
import type { JobView } from '../../projections/jobs.js';
import { exitCodes, exitOfOutcome } from './exit.js';
import { interruptible } from './follow.js';
import { note, say, type Io } from './io.js';
import { example } from './options.js';
import { fail, jsonLine, short } from './print.js';
import { sessionOf, type Session } from './session.js';
import { plain } from './terminal.js';

const line = (job: JobView): string => {
  const runner = job.attempts.at(-1)?.runner;
  return [
    short(job.id),
    job.cancelRequested !== undefined && job.endedAt === undefined ? `${job.status}, cancelling` : job.status,
    ...(runner === undefined ? [] : [`on ${runner}`]),
    ...(job.summary === undefined ? [] : [`- ${job.summary}`]),
  ]
    .map(plain)
    .join(' ');
};

/** Prints each state; the job as it ended, or undefined when it was not awaited to its end. */
export const watchJob = async (
  io: Io,
  session: Session,
  first: JobView,
  farewell = 'No longer watching; the job goes on. End it with `baton job cancel`.',
): Promise<JobView | undefined> => {
  const { signal, release } = interruptible(io.onInterrupt, () => note(io, `\n${farewell}`));
  let said = '';
  const tell = (job: JobView): void => {
    const now = session.asJson ? jsonLine(job) : line(job);
    if (now !== said) say(io, now);
    said = now;
  };
  try {
    tell(first);
    if (Outcome.is(first.status)) return first;
    const near = first.changeId === undefined ? {} : { change: first.changeId };
    for await (const got of session.client.followJobs(near, signal)) {
      if (E.isLeft(got)) {
        fail(io, session.asJson, got.left);
        return undefined;
      }
      const job = JSON.parse(got.right.data) as JobView;
      if (got.right.event !== 'job' || job.id !== first.id) continue;
      tell(job);
      if (Outcome.is(job.status)) return job;
    }
    return undefined;
  } finally {
    release();
  }
};

const exitOf = ({ status }: JobView): number => (Outcome.is(status) ? exitOfOutcome[status] : exitCodes.lost);

/** Adds `watch`. */
export const registerJobWatch = (job: Command, io: Io): void => {
  job
    .command('watch')
    .description('each state until it has ended; Ctrl-C leaves the job alone')
    .argument('<id>', 'id, or its first characters')
    .option('--exit-status', 'exit with 0, 6, 7, 8, 9 or 10, as the job ended')
    .addHelpText(...example('baton job watch 0b7f2c1e --exit-status'))
    .action(async (id: string, options: { exitStatus?: boolean }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const got = await session.client.showJob(id);
      if (E.isLeft(got)) {
        fail(io, session.asJson, got.left);
        return;
      }
      const last = await watchJob(io, session, got.right);
      if (options.exitStatus === true && last !== undefined) io.exit(exitOf(last));
    });
};
