/** Use cases of jobs: list, show, cancel, explain, log, watch; and the queue and the history they make. */
import type { QueuePolicy } from '../domain/queue-policy.js';
import * as E from 'fp-ts/lib/Either.js';
import { concatMap, defer, distinctUntilChanged, from, map, of, switchMap, type Observable } from 'rxjs';
import { explainJob, type ExplainView } from '../../projections/explain.js';
import { historyRows, type HistoryView } from '../../projections/history.js';
import type { JobsView, JobView } from '../../projections/jobs.js';
import { toQueueView, type QueueState } from '../../projections/queue.js';
import { job } from '../domain/job.js';
import { appError, type AppError } from './errors.js';
import { handle, type Deps } from './handle.js';
import type { LogStore } from './ports.js';
import type { Repeats } from './repeats.js';
import type { ReadModel } from './read-models.js';
import { envelopeOf } from './runners.js';
import type { CommandContext, Done, JobFilter, UseCases } from './use-cases.js';

export interface JobDeps extends Deps {
  readonly logs: LogStore;
  readonly repeats: Repeats;
  readonly jobs: ReadModel<JobsView>;
  readonly queue: ReadModel<QueueState>;
  readonly history: ReadModel<HistoryView>;
  readonly explain: ReadModel<ExplainView>;
  readonly queuePolicy: QueuePolicy;
}

const matchesFilter = (view: JobView, { status, runner, change }: JobFilter): boolean =>
  (status === undefined || view.status === status) &&
  (runner === undefined || view.attempts.at(-1)?.runner === runner) &&
  (change === undefined || view.changeId === change);

const MIN_PREFIX = 4;

/** The job with that id, or the only one whose id starts so. */
const find = (view: JobsView, id: string): E.Either<AppError, JobView> => {
  const exact = Object.hasOwn(view, id) ? view[id] : undefined;
  if (exact !== undefined) return E.right(exact);
  const matching = id.length < MIN_PREFIX ? [] : Object.values(view).filter((j) => j.id.startsWith(id));
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return E.right(only);
  return E.left(
    matching.length > 1
      ? appError('not_found', 'job_ambiguous', `${matching.length} jobs have ids that start with ${id}.`, {
          hint: 'Give more characters.',
        })
      : appError('not_found', 'job_unknown', `There is no job ${id}.`, { hint: 'baton job list' }),
  );
};

type JobUseCases = Pick<
  UseCases,
  | 'listJobs'
  | 'showJob'
  | 'cancelJob'
  | 'explainJob'
  | 'watchJobs'
  | 'readLog'
  | 'watchLog'
  | 'queue'
  | 'history'
>;

export const jobUseCases = (deps: JobDeps): JobUseCases => {
  const show = async (id: string): Promise<E.Either<AppError, JobView>> => {
    await deps.jobs.caughtUp();
    const found = find(deps.jobs.view(), id);
    return E.isLeft(found) ? found : E.right(structuredClone(found.right));
  };

  const cancel = async (context: CommandContext, id: string): Promise<E.Either<AppError, Done<JobView>>> => {
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    const found = await show(id);
    if (E.isLeft(found)) return found;
    const jobId = found.right.id;
    const handled = await handle(
      deps,
      `job-${jobId}`,
      job,
      { kind: 'CancelJob' },
      envelopeOf(context, found.right.phaseRunId),
    );
    if (E.isLeft(handled)) {
      if (handled.left.kind === 'failed') return E.left(handled.left.error);
      const { refusal } = handled.left;
      return E.left(
        refusal.code === 'job_already_finished'
          ? appError(
              'conflict',
              refusal.code,
              `The job ${jobId.slice(0, 8)} has already finished: ${refusal.outcome}.`,
            )
          : appError('not_found', 'job_unknown', `There is no job ${id}.`),
      );
    }
    const after = await show(jobId);
    return E.isLeft(after)
      ? after
      : E.right({
          value: after.right,
          repeated: handled.right.repeated || handled.right.events.length === 0,
        });
  };

  /** The attempt to show: the given one, else the last that there was. */
  const attemptOf = (
    id: string,
    attempt?: number,
  ): E.Either<AppError, { jobId: string; attempt: number } | undefined> => {
    const found = find(deps.jobs.view(), id);
    if (E.isLeft(found)) return found;
    const last = found.right.attempts.at(-1)?.attempt;
    const wanted = attempt ?? last;
    if (attempt !== undefined && !found.right.attempts.some((a) => a.attempt === attempt))
      return E.left(appError('not_found', 'attempt_unknown', `The job ${id} has no attempt ${attempt}.`));
    return E.right(wanted === undefined ? undefined : { jobId: found.right.id, attempt: wanted });
  };

  const readLog = async (
    id: string,
    at: number,
    maxBytes: number,
    attempt?: number,
  ): Promise<E.Either<AppError, { bytes: Buffer; size: number; sealed: boolean }>> => {
    await deps.jobs.caughtUp();
    const ref = attemptOf(id, attempt);
    if (E.isLeft(ref)) return ref;
    const ended = deps.jobs.view()[ref.right?.jobId ?? '']?.endedAt !== undefined;
    if (ref.right === undefined) {
      const found = find(deps.jobs.view(), id);
      return E.right({
        bytes: Buffer.alloc(0),
        size: 0,
        sealed: E.isRight(found) && found.right.endedAt !== undefined,
      });
    }
    const read = await deps.logs.read(ref.right, at, maxBytes)();
    if (E.isLeft(read))
      return E.left(appError('store_unavailable', read.left.why, read.left.message, { cause: read.left }));
    // an attempt that never wrote anything has no log to seal
    return E.right({ ...read.right, sealed: read.right.sealed || (ended && attempt === undefined) });
  };

  const watchLog = (id: string, attempt?: number): Observable<{ size: number; sealed: boolean }> =>
    deps.jobs.view$.pipe(
      map(({ view }) => {
        const ref = attemptOf(id, attempt);
        const found = find(view, id);
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
    listJobs: (wanted) => async () => {
      await deps.jobs.caughtUp();
      return E.right(
        structuredClone(
          Object.values(deps.jobs.view())
            .filter((view) => matchesFilter(view, wanted))
            .sort((a, b) => (a.queuedAt < b.queuedAt ? 1 : -1)),
        ),
      );
    },
    showJob: (id) => () => show(id),
    cancelJob: (context, id) => () => cancel(context, id),
    explainJob: (id) => async () => {
      const found = await show(id);
      if (E.isLeft(found)) return found;
      await deps.explain.caughtUp();
      const answer = explainJob(deps.explain.view(), found.right.id);
      return answer === undefined
        ? E.left(appError('not_found', 'job_unknown', `There is no job ${id}.`))
        : E.right(answer);
    },
    watchJobs: (wanted) =>
      defer(() =>
        deps.jobs.view$.pipe(
          concatMap(({ position, view, last }) => {
            const shown = (views: readonly JobView[]) =>
              views
                .filter((v) => matchesFilter(v, wanted))
                .map((v) => ({ position, job: structuredClone(v) }));
            if (last === undefined) return from(shown(Object.values(view)));
            const changed = last.stream.startsWith('job-') ? view[last.stream.slice(4)] : undefined;
            return from(changed === undefined ? [] : shown([changed]));
          }),
        ),
      ),
    readLog: (id, at, maxBytes, attempt) => () => readLog(id, at, maxBytes, attempt),
    watchLog,
    queue: () => async () => {
      await deps.queue.caughtUp();
      return E.right(
        structuredClone(toQueueView(deps.queue.view(), deps.queue.position(), deps.queuePolicy)),
      );
    },
    history: (wanted) => async () => {
      await deps.history.caughtUp();
      return E.right(structuredClone(historyRows(deps.history.view(), wanted)));
    },
  };
};
