/** Use cases of jobs: list, show, cancel, close, retry, explain, log, watch; and the queue and the history they make. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { distinctUntilChanged, map, of, switchMap, type Observable } from 'rxjs';
import type { JobsView, JobView } from '../../projections/jobs.js';
import type { Compatibility } from '../domain/compatibility.js';
import { job, type JobCommand, type JobRefusal } from '../domain/job.js';
import type { QueuePolicy } from '../domain/queue-policy.js';
import { appError, type AppError } from './errors.js';
import { handle } from './handle.js';
import { findJob, jobReads, type FolderOn, type JobSources } from './job-reads.js';
import { outputOf } from './job-output.js';
import { ofExpression, unread } from './log-refusals.js';
import type { LogError, LogStore, OutputRef } from './ports.js';
import type { ReadModel } from './read-models.js';
import { retryJob, type RetryDeps } from './retry-job.js';
import { envelopeOf } from './runners.js';
import { watchJobs } from './watch-jobs.js';
import { keyOf } from './calls.js';
import { turns } from './turns.js';
import type { CommandContext, Done, FoundInLog, LogChoice, LogLines, UseCases } from './use-cases.js';

/** A search keeps the server busy: so many at once, and so many of one token that wait. */
const SEARCHES_AT_ONCE = 2;
const WAITING_SEARCHES = 8;

export interface JobDeps extends RetryDeps, JobSources {
  readonly logs: LogStore;
  readonly jobs: ReadModel<JobsView>;
  readonly queuePolicy: QueuePolicy;
  readonly folderOn: FolderOn;
  /** The rules that runners are judged by; absent: none. */
  readonly compatibility?: Compatibility;
}

type JobUseCases = Pick<
  UseCases,
  | 'listJobs'
  | 'showJob'
  | 'placeOfJob'
  | 'cancelJob'
  | 'closeJob'
  | 'retryJob'
  | 'explainJob'
  | 'jobTimeline'
  | 'watchJobs'
  | 'readLog'
  | 'logLines'
  | 'expressionProblems'
  | 'searchLog'
  | 'watchLog'
  | 'queue'
  | 'history'
  | 'summariseHistory'
>;

export const jobUseCases = (deps: JobDeps): JobUseCases => {
  const reads = jobReads(deps, deps.store, deps.queuePolicy, deps.folderOn, {
    now: () => deps.clock.now(),
    ...(deps.compatibility === undefined ? {} : { compatibility: deps.compatibility }),
  });
  const show = (id: string): Promise<E.Either<AppError, JobView>> => reads.showJob(id)();

  const refused = (id: string, jobId: string, refusal: JobRefusal): AppError => {
    const job = `The job ${jobId.slice(0, 8)}`;
    switch (refusal.code) {
      case 'job_already_finished':
        return appError('conflict', refusal.code, `${job} has already finished: ${refusal.outcome}.`);
      case 'job_still_queued':
        return appError(
          'conflict',
          refusal.code,
          `${job} waits in the queue: nothing of it can be on a runner.`,
          {
            hint: `Cancel it: baton job cancel ${jobId.slice(0, 8)}`,
          },
        );
      default:
        return appError('not_found', 'job_unknown', `There is no job ${id}.`);
    }
  };

  const act = async (
    context: CommandContext,
    id: string,
    command: JobCommand,
  ): Promise<E.Either<AppError, Done<JobView>>> => {
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    const found = await show(id);
    if (E.isLeft(found)) return found;
    const jobId = found.right.id;
    const handled = await handle(
      deps,
      `job-${jobId}`,
      job,
      command,
      envelopeOf(context, found.right.phaseRunId),
    );
    if (E.isLeft(handled)) {
      if (handled.left.kind === 'failed') return E.left(handled.left.error);
      return E.left(refused(id, jobId, handled.left.refusal));
    }
    const after = await show(jobId);
    return E.isLeft(after)
      ? after
      : E.right({
          value: after.right,
          repeated: handled.right.repeated || handled.right.events.length === 0,
        });
  };

  /** The output to show, of the given attempt, else of the last that there was. */
  const refOf = (
    id: string,
    { attempt, output: wantedOutput }: LogChoice,
  ): E.Either<AppError, OutputRef | undefined> => {
    const found = findJob(deps.jobs.view(), id);
    if (E.isLeft(found)) return found;
    const output = outputOf(found.right, wantedOutput);
    if (E.isLeft(output)) return output;
    const last = found.right.attempts.at(-1)?.attempt;
    const wanted = attempt ?? last;
    if (attempt !== undefined && !found.right.attempts.some((a) => a.attempt === attempt))
      return E.left(
        appError(
          'not_found',
          'attempt_unknown',
          `The job ${found.right.id.slice(0, 8)} has no attempt ${attempt}.`,
          {
            hint: `Those that it has: baton job show ${found.right.id.slice(0, 8)}`,
          },
        ),
      );
    if (wanted === undefined) return E.right(undefined);
    return E.right({
      ...{ jobId: found.right.id, attempt: wanted },
      ...(output.right === undefined ? {} : { output: output.right }),
    });
  };

  /** Something read of an output of an attempt; `nothing` where there was none. */
  const ofLog = async <A extends object>(
    id: string,
    which: LogChoice,
    nothing: A,
    read: (ref: OutputRef) => Promise<E.Either<LogError, A & { readonly sealed: boolean }>>,
  ): Promise<E.Either<AppError, A & { readonly sealed: boolean; readonly attempt?: number }>> => {
    await deps.jobs.caughtUp();
    const ref = refOf(id, which);
    if (E.isLeft(ref)) return ref;
    const found = findJob(deps.jobs.view(), id);
    const ended = E.isRight(found) && found.right.endedAt !== undefined;
    if (ref.right === undefined) return E.right({ ...nothing, sealed: ended });
    const got = await read(ref.right);
    if (E.isLeft(got)) return E.left(unread(got.left));
    // an attempt that never wrote anything has no log to seal
    const sealed = got.right.sealed || (ended && which.attempt === undefined);
    return E.right({ ...got.right, sealed, attempt: ref.right.attempt });
  };

  const readLog: UseCases['readLog'] =
    (id, at, maxBytes, which = {}) =>
    () =>
      ofLog<{ bytes: Buffer; size: number }>(id, which, { bytes: Buffer.alloc(0), size: 0 }, (ref) =>
        deps.logs.read(ref, at, maxBytes)(),
      );

  const logLines: UseCases['logLines'] =
    (id, from, count, which = {}, texts = false) =>
    () =>
      ofLog<Omit<LogLines, 'sealed' | 'attempt'>>(id, which, { items: [], lines: 0, size: 0 }, (ref) =>
        deps.logs.lines(ref, from, count, texts)(),
      );

  const expressionProblems: UseCases['expressionProblems'] = (text, caseSensitive) =>
    pipe(
      deps.logs.expressionProblem(text, caseSensitive),
      TE.bimap(unread, (problem) => (problem === undefined ? [] : [ofExpression(problem)])),
    );

  const searches = turns(SEARCHES_AT_ONCE, WAITING_SEARCHES);
  const searchLog: UseCases['searchLog'] = (asker, id, wanted, which, signal) => () =>
    searches.take(keyOf(asker), signal, () =>
      ofLog<Omit<FoundInLog, 'sealed' | 'attempt'>>(
        id,
        which,
        { items: [], total: { lines: 0, matches: 0 }, size: 0 },
        (ref) => deps.logs.search(ref, wanted, signal)(),
      ),
    );

  const watchLog = (id: string, which: LogChoice = {}): Observable<{ size: number; sealed: boolean }> =>
    deps.jobs.view$.pipe(
      map(({ view }) => {
        const ref = refOf(id, which);
        const found = findJob(view, id);
        return {
          ref: E.isRight(ref) ? ref.right : undefined,
          over: E.isLeft(found) || found.right.endedAt !== undefined,
        };
      }),
      distinctUntilChanged((a, b) => a.over === b.over && a.ref?.attempt === b.ref?.attempt),
      switchMap(({ ref, over }) =>
        ref === undefined
          ? of({ size: 0, sealed: over })
          : deps.logs.watch(ref).pipe(map(({ size, sealed }) => ({ size, sealed: sealed || over }))),
      ),
    );

  return {
    ...reads,
    placeOfJob: (id, sees) => async () => {
      await deps.jobs.caughtUp();
      return E.map(({ id: full, enterprise, organisation, project }: JobView) => ({
        id: full,
        scope: { enterprise, organisation, project },
      }))(findJob(deps.jobs.view(), id, sees));
    },
    cancelJob: (context, id) => () => act(context, id, { kind: 'CancelJob' }),
    closeJob: (context, id) => () => act(context, id, { kind: 'CloseJob' }),
    retryJob: retryJob(deps),
    watchJobs: (wanted, after) => watchJobs(deps.jobs, wanted, after),
    readLog,
    logLines,
    expressionProblems,
    searchLog,
    watchLog,
  };
};
