/**
 * `job retry`: a job that has ended is tried again, alone. In the core that is another phase run with the next attempt number; a
 * host that has rules of its own for what may run again decides itself.
 */
import * as E from 'fp-ts/lib/Either.js';
import { filter, firstValueFrom, map, race, timer } from 'rxjs';
import type { JobsView, JobView } from '../../projections/jobs.js';
import type { PhaseRunsView } from '../../projections/phase-runs.js';
import { jobIdOf, phaseRun, phaseRunIdOf } from '../domain/phase-run.js';
import type { BatonEvent } from '../events/catalog.js';
import type { PhasePromoted } from '../events/phase-run.js';
import { Outcome, type Clause, type Row } from '../events/shapes.js';
import type { Recorded } from '../kernel/recorded.js';
import { appError, type AppError } from './errors.js';
import { handle, load, type Deps } from './handle.js';
import { findJob } from './job-reads.js';
import type { ReadModel } from './read-models.js';
import type { Repeats } from './repeats.js';
import { envelopeOf, withoutRevision } from './runners.js';
import type { CommandContext, Done, JobRetried, RetryJob, UseCases } from './use-cases.js';

/** A job that has ended without success, as the whole phase run has. */
export interface EndedJob {
  readonly job: JobView;
  /** The phase run that it belongs to. */
  readonly promoted: PhasePromoted;
  /** As it is to be run. */
  readonly row: Row;
  /** The other jobs of its phase run. */
  readonly others: readonly { readonly label: string; readonly outcome: Outcome }[];
}

/** A host that decides itself; it answers a repeat of the command from what was recorded. */
export type RetryByHost = (
  context: CommandContext,
  ended: EndedJob,
) => Promise<E.Either<AppError, Done<JobRetried>>>;

export interface RetryDeps extends Deps {
  readonly repeats: Repeats;
  readonly jobs: ReadModel<JobsView>;
  readonly 'phase-runs': ReadModel<PhaseRunsView>;
  /** By the name of the host. */
  readonly retriesByHost: Readonly<Partial<Record<string, RetryByHost>>>;
}

type Answer<A = Done<JobRetried>> = Promise<E.Either<AppError, A>>;

/** The end of a phase run follows that of its last job within milliseconds; longer, and something else is wrong. */
const NOTICE_MS = 5000;

const short = (id: string): string => id.slice(0, 8);
const conflict = (reason: string, message: string, hint: string): AppError =>
  appError('conflict', reason, message, { hint });

const retriedOf = (job: JobView, phaseRunId: string, attempt: number): JobRetried => ({
  ...{ retryOf: job.id, jobId: jobIdOf(phaseRunId, 0), phaseRunId, attempt },
  ...{ stage: job.stage, phase: job.phase, label: job.label },
  ...(job.changeId === undefined ? {} : { changeId: job.changeId }),
});

/** What may not be tried again, whoever decides. */
const refusalOf = (job: JobView, siblings: readonly JobView[]): AppError | undefined => {
  const id = short(job.id);
  if (!Outcome.is(job.status))
    return conflict(
      'job_not_ended',
      `A job that has ended was expected; ${id} is ${job.status}.`,
      `Wait for its end, baton job watch ${id}, or cancel it first: baton job cancel ${id}.`,
    );
  if (job.status === 'succeeded')
    return conflict(
      'job_succeeded',
      `A job that has ended without success was expected; ${id} has succeeded.`,
      job.changeId === undefined
        ? 'What is to run in any case is promoted again by its host.'
        : `To run its whole stage again: baton change rerun ${short(job.changeId)} --stage ${job.stage}.`,
    );
  const live = siblings.find(({ status }) => !Outcome.is(status));
  return live === undefined
    ? undefined
    : conflict(
        'phase_not_ended',
        `The phase ${job.phase} was expected to have ended; its job ${short(live.id)} is ${live.status}.`,
        `Wait for its end, baton job watch ${short(live.id)}, then retry.`,
      );
};

/** Undefined: it ran on none. */
const elsewhereThan = ({ attempts }: JobView): Clause | undefined => {
  const runners = [...new Set(attempts.flatMap(({ runner }) => (runner === undefined ? [] : [runner])))];
  return runners.length === 0 ? undefined : { key: 'runner', op: 'none', values: runners };
};

const promotedIn = (events: readonly Recorded<BatonEvent>[]): PhasePromoted | undefined => {
  for (const { event } of events) if (event.type === 'PhasePromoted') return event.data;
  return undefined;
};

const gone = (job: JobView): AppError =>
  appError('internal', 'phase_run_unknown', `There is no phase run ${job.phaseRunId}.`);

export const retryJob = (deps: RetryDeps): UseCases['retryJob'] => {
  const { store } = deps;
  const eventsOf = async (stream: string): Answer<readonly Recorded<BatonEvent>[]> =>
    E.map(({ events }: { readonly events: readonly Recorded<BatonEvent>[] }) => events)(
      await load(store, stream),
    );

  /** That all its jobs have ended shows a moment before the phase run has. */
  const noticed = async (phaseRunId: string): Promise<void> => {
    const model = deps['phase-runs'];
    await model.caughtUp();
    const isOver = (): boolean => !Object.hasOwn(model.view().live, phaseRunId);
    if (isOver()) return;
    await firstValueFrom(race(model.view$.pipe(filter(isOver)), timer(NOTICE_MS)).pipe(map(() => undefined)));
  };

  const rowOf = async (job: JobView, promoted: PhasePromoted): Answer<Row> => {
    const events = await eventsOf(`job-${job.id}`);
    if (E.isLeft(events)) return events;
    for (const { event } of events.right) {
      const row = event.type === 'JobQueued' ? promoted.rows[event.data.row] : undefined;
      if (row !== undefined) return E.right(row);
    }
    return E.left(gone(job));
  };

  /** The job with all that a retry needs to know. */
  const endedJob = async (job: JobView, { elsewhere }: RetryJob): Answer<EndedJob> => {
    const events = await eventsOf(`phase_run-${job.phaseRunId}`);
    if (E.isLeft(events)) return events;
    const promoted = promotedIn(events.right);
    if (promoted === undefined) return E.left(gone(job));
    const row = await rowOf(job, promoted);
    if (E.isLeft(row)) return row;
    const clause = elsewhere ? elsewhereThan(job) : undefined;
    const filter = clause === undefined ? row.right.filter : [...row.right.filter, clause];
    const others = events.right.flatMap(({ event }) =>
      event.type === 'PhaseFinished' ? event.data.jobs.filter(({ jobId }) => jobId !== job.id) : [],
    );
    return E.right({ job, promoted, row: { ...row.right, filter }, others });
  };

  const refused = (context: CommandContext, job: JobView, { elsewhere }: RetryJob): AppError | undefined => {
    const { expectedRevision } = context;
    if (expectedRevision !== undefined && expectedRevision !== job.revision)
      return conflict(
        'revision_changed',
        `Expected revision ${expectedRevision}, found ${job.revision}: it changed since it was read.`,
        'Read it again, and decide anew.',
      );
    const siblings = Object.values(deps.jobs.view()).filter(
      ({ phaseRunId }) => phaseRunId === job.phaseRunId,
    );
    const refusal = refusalOf(job, siblings);
    if (refusal !== undefined || !elsewhere || elsewhereThan(job) !== undefined) return refusal;
    return conflict(
      'never_on_a_runner',
      `A job that was on a runner was expected for another runner than that; ${short(job.id)} was on none.`,
      'Leave elsewhere out.',
    );
  };

  /** The next free attempt number of the phase; refused while a later try of this job lives, or when one has succeeded. */
  const nextAttempt = async ({ job, promoted }: EndedJob): Answer<number> => {
    const { host, hostKey } = promoted;
    const line = new Set([job.id]);
    for (let attempt = promoted.attempt + 1; ; attempt++) {
      const phaseRunId = phaseRunIdOf(host, hostKey, attempt);
      const events = await eventsOf(`phase_run-${phaseRunId}`);
      if (E.isLeft(events)) return events;
      if (events.right.length === 0) return E.right(attempt);
      const later = promotedIn(events.right)?.retryOf;
      if (later === undefined || !line.has(later.jobId)) continue;
      const jobId = jobIdOf(phaseRunId, 0);
      line.add(jobId);
      const finished = events.right.find(({ event }) => event.type === 'PhaseFinished')?.event;
      if (finished?.type !== 'PhaseFinished')
        return E.left(
          conflict(
            'retried_already',
            `The job ${short(job.id)} is being tried again already, as job ${short(jobId)}.`,
            `See it: baton job watch ${short(jobId)}.`,
          ),
        );
      if (finished.data.outcome === 'succeeded')
        return E.left(
          conflict(
            'retry_succeeded',
            `The job ${short(job.id)} was tried again with success, as job ${short(jobId)}.`,
            `See it: baton job show ${short(jobId)}.`,
          ),
        );
    }
  };

  const isClosed = async ({ job, promoted }: EndedJob): Answer<undefined> => {
    const events = await eventsOf(`phase_run-${job.phaseRunId}`);
    if (E.isLeft(events)) return events;
    return events.right.some(({ event }) => event.type === 'PhaseReportRefused')
      ? E.left(
          conflict(
            'phase_closed',
            `A phase that its host still wants to hear of was expected; ${promoted.host} has closed this one.`,
            'Promote it again from the host.',
          ),
        )
      : E.right(undefined);
  };

  const promoteAgain = async (context: CommandContext, ended: EndedJob): Answer => {
    const { job, promoted, row } = ended;
    const open = await isClosed(ended);
    if (E.isLeft(open)) return open;
    for (;;) {
      const attempt = await nextAttempt(ended);
      if (E.isLeft(attempt)) return attempt;
      const phaseRunId = phaseRunIdOf(promoted.host, promoted.hostKey, attempt.right);
      const retryOf = { phaseRunId: job.phaseRunId, jobId: job.id };
      const data: PhasePromoted = { ...promoted, attempt: attempt.right, rows: [row], retryOf };
      const envelope = withoutRevision(envelopeOf(context, phaseRunId));
      const done = await handle(
        deps,
        `phase_run-${phaseRunId}`,
        phaseRun,
        { kind: 'PromotePhase', data },
        envelope,
      );
      if (E.isRight(done))
        return E.right({
          value: retriedOf(job, phaseRunId, attempt.right),
          repeated: done.right.repeated,
        });
      if (done.left.kind === 'failed') return E.left(done.left.error);
      // another took the number in between
    }
  };

  /** The answer that was given before. */
  const repeated = async (job: JobView, stream: string): Answer => {
    const events = await eventsOf(stream);
    if (E.isLeft(events)) return events;
    const promoted = promotedIn(events.right);
    if (promoted === undefined) return E.left(gone(job));
    const phaseRunId = phaseRunIdOf(promoted.host, promoted.hostKey, promoted.attempt);
    return E.right({ value: retriedOf(job, phaseRunId, promoted.attempt), repeated: true });
  };

  return (context, id, how) => async () => {
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    await deps.jobs.caughtUp();
    const found = E.map((job: JobView) => structuredClone(job))(findJob(deps.jobs.view(), id));
    if (E.isLeft(found)) return found;
    const isRepeat = before.right !== undefined;
    const refusal = isRepeat ? undefined : refused(context, found.right, how);
    if (refusal !== undefined) return E.left(refusal);
    if (!isRepeat) await noticed(found.right.phaseRunId);
    const ended = await endedJob(found.right, how);
    if (E.isLeft(ended)) return ended;
    const byHost = deps.retriesByHost[ended.right.promoted.host];
    if (byHost !== undefined) return byHost(context, ended.right);
    return before.right === undefined
      ? promoteAgain(context, ended.right)
      : repeated(found.right, before.right);
  };
};
