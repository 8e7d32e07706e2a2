/**
 * What a job tells of itself while it runs, over HTTP, with a token of its attempt alone: all that it has logged so far, and at last how
 * it went. Each byte is stored once, however often it is told again. The contract is that of the original's program on a runner.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { JobsView, JobView } from '../../projections/jobs.js';
import { job, type JobRefusal } from '../domain/job.js';
import { jobIdOf } from '../domain/phase-run.js';
import { isJobEvent } from '../events/catalog.js';
import type { SealedOutput } from '../events/shapes.js';
import { appError, type AppError } from './errors.js';
import { handle, load, type Deps } from './handle.js';
import type { JobSecrets } from './job-secrets.js';
import type { AttemptRef, LogError, LogStore, OutputRef, SecretStore } from './ports.js';
import type { ReadModel } from './read-models.js';
import type { AttemptReports, ProgressReport, ReportUseCases } from './reports.js';
import { tell, told, type Told } from './told-text.js';

export interface JobReports extends AttemptReports, ReportUseCases {
  readonly close: () => Promise<void>;
}

export interface ReportDeps extends Deps {
  readonly logs: LogStore;
  readonly secrets: Pick<JobSecrets, 'given'>;
  readonly jobs: Pick<ReadModel<JobsView>, 'view' | 'caughtUp'>;
  readonly sign: SecretStore['sign'];
  /** Address of this server as runners reach it, without a slash at its end. */
  readonly publicUrl?: string;
  readonly onProblem: (message: string, cause: unknown) => void;
}

/** One attempt that has told something since this server started. */
interface Teller {
  /** One report at a time, in the order in which they came. */
  queue: Promise<unknown>;
  waiting: number;
  open?: Told;
  /** Nothing more is taken. */
  isOver: boolean;
}

const nameOf = ({ jobId, attempt }: AttemptRef): string => `${jobId}.${attempt}`;
const outputOf = ({ jobId, attempt }: AttemptRef): OutputRef => ({ jobId, attempt, output: 'report' });

const isSame = (one: string, other: string): boolean => {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
};

const EXIT_CODE_DECIDES = 'The job ends as its exit code says.';

const overNow = appError(
  'conflict',
  'attempt_is_over',
  'The attempt is ending: nothing more of what it tells is stored.',
  { hint: 'Nothing is to be done: what it printed comes another way.' },
);

const unknownToken = appError(
  'unauthenticated',
  'report_token_unknown',
  'The token is not that of this attempt.',
  { hint: 'Use what BATON_REPORT_URL and BATON_REPORT_TOKEN hold in the environment of the job.' },
);

const lateError = ({ jobId, attempt }: AttemptRef, refusal: Pick<JobRefusal, 'code'>): AppError => {
  const which = `attempt ${attempt} of the job ${jobId.slice(0, 8)}`;
  const late = (sentence: string): AppError =>
    appError('conflict', refusal.code, sentence, { hint: 'Nothing is changed by it; stop telling.' });
  switch (refusal.code) {
    case 'job_already_finished':
      return late(`What ${which} tells comes too late: the job has ended.`);
    case 'attempt_is_over':
      return late(`What ${which} tells comes too late: that attempt is over.`);
    case 'cancel_requested':
      return late(`What ${which} tells no longer counts: it is being cancelled.`);
    case 'already_reported':
      return appError(
        'conflict',
        refusal.code,
        `It was told before that ${which} went otherwise, and that stands.`,
        { hint: EXIT_CODE_DECIDES },
      );
    default:
      return appError('not_found', 'job_unknown', `There is no ${which}.`);
  }
};

const asAppError = (error: LogError | AppError): AppError =>
  error.code === 'log_store'
    ? appError('store_unavailable', error.why, error.message, { cause: error })
    : error;

export const jobReports = (deps: ReportDeps): JobReports => {
  const { logs, publicUrl } = deps;
  const tellers = new Map<string, Teller>();
  const tokenOf = (attempt: AttemptRef): string => deps.sign(`report ${nameOf(attempt)}`);
  const mayReport: JobReports['mayReport'] = (attempt, token) => isSame(tokenOf(attempt), token);

  const tellerOf = (attempt: AttemptRef): Teller => {
    const name = nameOf(attempt);
    const teller = tellers.get(name) ?? { queue: Promise.resolve(), waiting: 0, isOver: false };
    tellers.set(name, teller);
    return teller;
  };

  const inTurn = async <A>(teller: Teller, task: () => Promise<A>): Promise<A> => {
    teller.waiting++;
    const result = teller.queue.then(task);
    teller.queue = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      teller.waiting--;
    }
  };

  /** Nothing is kept of one from whom nothing could be taken. */
  const dropIdle = (attempt: AttemptRef, teller: Teller): void => {
    const isIdle = teller.waiting === 0 && teller.open === undefined && !teller.isOver;
    if (isIdle && tellers.get(nameOf(attempt)) === teller) tellers.delete(nameOf(attempt));
  };

  const letGo = async (teller: Teller): Promise<void> => {
    const { open } = teller;
    delete teller.open;
    await open?.writer.close();
  };

  /** Its limit and what must not be stored are those of its log. */
  const openOutput = async (attempt: AttemptRef): Promise<E.Either<LogError | AppError, Told>> => {
    const history = await load(deps.store, `job-${attempt.jobId}`);
    if (E.isLeft(history)) return history;
    const queued = history.right.events.map(({ event }) => event).find(({ type }) => type === 'JobQueued');
    const limits = queued?.type === 'JobQueued' ? { limitBytes: queued.data.limits.logBytes } : {};
    const given = await deps.secrets.given(attempt);
    if (E.isLeft(given))
      // what it was given is forgotten when it has ended, just before that is recorded
      return given.left.reason === 'job_secrets_missing' ? E.left(overNow) : given;
    const writer = await logs.open(outputOf(attempt), Object.values(given.right), limits)();
    return E.map(told)(writer);
  };

  const store = async (
    attempt: AttemptRef,
    teller: Teller,
    text: Buffer,
  ): Promise<E.Either<LogError | AppError, number>> => {
    if (teller.isOver) return E.left(overNow);
    if (teller.open === undefined) {
      if (text.length === 0) return E.right(0);
      const opened = await openOutput(attempt);
      if (E.isLeft(opened)) return opened;
      teller.open = opened.right;
    }
    const { open } = teller;
    if (open.writer.isSealed()) return E.left(overNow);
    const written = await tell(open, text);
    // what is on disk tells the next one where to go on
    if (E.isLeft(written)) await letGo(teller);
    return E.map(() => open.writer.offsets().stored)(written);
  };

  const say = async (
    attempt: AttemptRef,
    final?: { readonly success: boolean; readonly status: string },
  ): Promise<E.Either<AppError, void>> => {
    const command = { kind: 'ReportJob' as const, attempt: attempt.attempt, ...(final && { final }) };
    const handled = await handle(deps, `job-${attempt.jobId}`, job, command, {
      ...{ commandId: crypto.randomUUID(), bodySha256: '', actor: 'baton', correlationId: attempt.jobId },
    });
    if (E.isLeft(handled))
      return E.left(
        handled.left.kind === 'failed' ? handled.left.error : lateError(attempt, handled.left.refusal),
      );
    for (const { event } of handled.right.events)
      if (event.type === 'JobReportRefused') {
        const { why } = event.data;
        const code = why === 'job_already_finished' || why === 'cancel_requested' ? why : 'attempt_is_over';
        return E.left(lateError(attempt, { code }));
      }
    return E.right(undefined);
  };

  /** What the job is at this moment lets it tell that end: else nothing of its log is stored either. */
  const mayEnd = async (
    attempt: AttemptRef,
    final: { readonly success: boolean; readonly status: string },
  ): Promise<E.Either<AppError, void>> => {
    const history = await load(deps.store, `job-${attempt.jobId}`);
    if (E.isLeft(history)) return history;
    const state = history.right.events.reduce(
      (before, { event }) => (isJobEvent(event) ? job.evolve(before, event) : before),
      job.initial,
    );
    const decided = job.decide({ kind: 'ReportJob', attempt: attempt.attempt, final }, state);
    return E.isLeft(decided) ? E.left(lateError(attempt, decided.left)) : E.right(undefined);
  };

  const report = async (
    attempt: AttemptRef,
    { success, log, status, complete }: ProgressReport,
  ): Promise<E.Either<AppError, { readonly storedBytes: number }>> => {
    // before anything is kept for it: who comes late may come for ever
    const heard = await say(attempt);
    if (E.isLeft(heard)) return heard;
    if (complete) {
      const allowed = await mayEnd(attempt, { success, status });
      if (E.isLeft(allowed)) return allowed;
    }
    const teller = tellerOf(attempt);
    const stored = await inTurn(teller, async () => {
      const answer = await store(attempt, teller, Buffer.from(log));
      // it will not be told again: on disk before that is answered
      if (complete) await letGo(teller);
      return answer;
    });
    dropIdle(attempt, teller);
    // how it went may still be in time when its log is not
    if (E.isLeft(stored) && !(complete && stored.left === overNow)) return E.left(asAppError(stored.left));
    const end = complete ? await say(attempt, { success, status }) : heard;
    return E.map(() => ({ storedBytes: E.isRight(stored) ? stored.right : 0 }))(end);
  };

  const attemptWith: JobReports['attemptWith'] = async (of, token) => {
    await deps.jobs.caughtUp();
    const view = deps.jobs.view();
    const find = (jobId: string): JobView | undefined =>
      Object.hasOwn(view, jobId) ? view[jobId] : undefined;
    const jobs: JobView[] = [];
    for (let row = 0; ; row++) {
      const found = find('jobId' in of ? of.jobId : jobIdOf(of.phaseRunId, row));
      if (found !== undefined) jobs.push(found);
      if (found === undefined || 'jobId' in of) break;
    }
    return jobs
      .flatMap(({ id, attempts }) => attempts.map(({ attempt }): AttemptRef => ({ jobId: id, attempt })))
      .find((attempt) => mayReport(attempt, token));
  };

  return {
    offer: (attempt) =>
      publicUrl === undefined
        ? undefined
        : {
            url: `${publicUrl}/api/v1/jobs/${attempt.jobId}/attempts/${attempt.attempt}/report`,
            token: tokenOf(attempt),
            apiUrl: (enterprise) => `${publicUrl}/api/v0/e/${enterprise}`,
          },
    mayReport,
    attemptWith,
    reportProgress: (attempt, token, told) => () =>
      mayReport(attempt, token) ? report(attempt, told) : Promise.resolve(E.left(unknownToken)),
    seal: (attempt) => async () => {
      const teller = tellerOf(attempt);
      teller.isOver = true;
      return inTurn(teller, async (): Promise<E.Either<LogError, readonly SealedOutput[]>> => {
        const found = await logs.read(outputOf(attempt), 0, 0)();
        if (E.isLeft(found)) return found;
        const { size, sealed } = found.right;
        if (teller.open === undefined && size === 0 && !sealed) return E.right([]);
        if (teller.open === undefined) {
          // a seal that is there is only read
          const opened = sealed
            ? E.map(told)(await logs.open(outputOf(attempt), [])())
            : E.mapLeft(asLogError)(await openOutput(attempt));
          if (E.isLeft(opened)) return opened;
          teller.open = opened.right;
        }
        const done = await teller.open.writer.seal(false)();
        await letGo(teller);
        return E.map((output: SealedOutput) => [output])(done);
      });
    },
    forget: async (attempt) => {
      const teller = tellers.get(nameOf(attempt));
      if (teller === undefined) return;
      tellers.delete(nameOf(attempt));
      await inTurn(teller, () => letGo(teller)).catch((cause: unknown) =>
        deps.onProblem(`closing what ${nameOf(attempt)} told failed`, cause),
      );
    },
    close: async () => {
      const all = [...tellers.values()];
      tellers.clear();
      await Promise.all(all.map((teller) => inTurn(teller, () => letGo(teller))));
    },
  };
};

const asLogError = (error: LogError | AppError): LogError =>
  error.code === 'log_store'
    ? error
    : { code: 'log_store', why: error.reason, message: error.message, cause: error };
