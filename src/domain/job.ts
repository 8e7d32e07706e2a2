/**
 * The life of one phase job and its attempts.
 *
 *   none ─QueueJob→ queued ─Assign→ assigned ─RecordStarted→ running ─Finish→ ended
 *                     ↑ └─Cancel, Expire, Refuse→ ended │               │
 *                     └──────────── Requeue ────────────┴───────────────┘
 *
 * An end of an attempt requeues instead when the infrastructure is to blame, or when the job's `retry` says so.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { JobEvent } from '../events/catalog.js';
import type { JobAssigned, JobQueued, JobReported, JobReportRefused } from '../events/job.js';
import type { EndEvidence, Outcome, Retry, SealedOutput } from '../events/shapes.js';
import { never, type Decider } from '../kernel/decider.js';
import { isJobEnd, OUTCOME_OF, type Verdict } from './outcome.js';

export type JobCommand =
  | { readonly kind: 'QueueJob'; readonly data: JobQueued }
  | { readonly kind: 'AssignJob'; readonly data: JobAssigned }
  | {
      readonly kind: 'RecordStarted';
      readonly attempt: number;
      readonly pid: number;
      readonly startTime: string;
      readonly bootId: string;
    }
  | {
      readonly kind: 'RequeueJob';
      readonly attempt: number;
      readonly cause: 'infrastructure' | 'runner_changed';
      readonly why: string;
      readonly detail: string;
    }
  | { readonly kind: 'CancelJob' }
  /** A person gives it up: whatever its runner says later, it is lost. */
  | { readonly kind: 'CloseJob' }
  /** What a closed job had left on its runner is no more. */
  | { readonly kind: 'RecordRemains'; readonly attempt: number; readonly evidence: EndEvidence }
  /** The runner said how the attempt ended; `outputs` are sealed. */
  | {
      readonly kind: 'FinishJob';
      readonly attempt: number;
      readonly verdict: Verdict;
      readonly outputs: readonly SealedOutput[];
      readonly detail?: string;
      /** The process that ran; recorded too where its start was not. */
      readonly started?: { readonly pid: number; readonly startTime: string; readonly bootId: string };
    }
  /** What the attempt writes cannot be stored for now. */
  | {
      readonly kind: 'PauseCollection';
      readonly attempt: number;
      readonly why: string;
      readonly detail: string;
    }
  | { readonly kind: 'ResumeCollection'; readonly attempt: number }
  /** The job tells of itself. `final`: how it went; absent: it goes on. */
  | {
      readonly kind: 'ReportJob';
      readonly attempt: number;
      readonly final?: { readonly success: boolean; readonly status: string };
    }
  /** The attempt was kept from starting. */
  | { readonly kind: 'RecordRevoked'; readonly attempt: number; readonly evidence: EndEvidence }
  | {
      readonly kind: 'LoseJob';
      readonly attempt: number;
      readonly why: string;
      readonly detail: string;
      readonly outputs: readonly SealedOutput[];
    }
  | { readonly kind: 'ExpireJob'; readonly why: string; readonly detail: string }
  | { readonly kind: 'RefuseJob'; readonly attempt?: number; readonly why: string; readonly detail: string };

export type JobRefusal =
  | { readonly code: 'job_unknown' }
  | { readonly code: 'job_exists' }
  | { readonly code: 'job_already_finished'; readonly outcome: Outcome }
  | { readonly code: 'job_not_queued'; readonly status: string }
  /** Nothing of it can be on a runner: it is cancelled, not closed. */
  | { readonly code: 'job_still_queued' }
  /** The command speaks of an attempt that is not the current one: a late report. */
  | { readonly code: 'attempt_is_over'; readonly current: number }
  /** It is being ended: what it says of itself no longer counts. */
  | { readonly code: 'cancel_requested' }
  /** It told another outcome before, and that stands. */
  | { readonly code: 'already_reported'; readonly status: string };

/** What stays known of a job, ended or not. */
interface Told {
  /** Attempts so far; the current one while assigned or running. */
  readonly attempt: number;
  /** Attempts whose start is recorded. */
  readonly started: readonly number[];
  /** Late reports that are recorded as refused, `attempt report`. */
  readonly refused: readonly string[];
}
interface Common extends Told {
  readonly cancelRequested: boolean;
  readonly maxAttempts: number;
  readonly retry?: Retry;
  /** Attempts that ended by themselves and were tried again; the others the infrastructure ended. */
  readonly ownEnds: number;
  /** It may tell of itself. */
  readonly reports?: true;
  /** What the current attempt told of its end. */
  readonly reported?: Omit<JobReported, 'attempt'>;
}
export type JobState =
  | { readonly status: 'none' }
  | ({ readonly status: 'queued' } & Common)
  | ({
      readonly status: 'assigned' | 'running';
      readonly sealed: boolean;
      /** Its output is not collected for now. */
      readonly paused: boolean;
    } & Common)
  | ({
      readonly status: 'ended';
      readonly outcome: Outcome;
      /** Attempt that was closed, as long as it may live on its runner. */
      readonly remains?: number;
    } & Told);

/** `why` of a job that a person gave up. */
export const CLOSED = 'closed';

/**
 * Infrastructure may fail this many attempts before the job is undeliverable. More often than a runner may fail in a row
 * (failures.ts), so that one bad machine cannot use up a job that another could run.
 */
const MAX_ATTEMPTS = 5;

/**
 * Pause after the first, second … attempt that infrastructure failed, before the same runner is tried again; another never waits. None
 * at first, since most such failures pass at once; then so long that all of them together outlast the restart of a machine, which takes
 * a minute or two.
 */
const INFRASTRUCTURE_DELAYS_MS = [0, 10_000, 30_000, 90_000];

const toldOf = (state: JobState): Told => {
  if (state.status === 'none') return { attempt: 0, started: [], refused: [] };
  const { attempt, started, refused } = state;
  return { attempt, started, refused };
};

const evolve = (state: JobState, event: JobEvent): JobState => {
  if (event.type === 'JobQueued') {
    const { retry, reports } = event.data;
    const fresh = { cancelRequested: false, maxAttempts: MAX_ATTEMPTS, ownEnds: 0 };
    const policy = {
      ...(retry === undefined ? {} : { retry }),
      ...(reports === undefined ? {} : { reports }),
    };
    return { status: 'queued', ...toldOf(state), ...fresh, ...policy };
  }
  if (isJobEnd(event.type)) {
    const closed =
      event.type === 'JobLost' && event.data.why === CLOSED && event.data.attempt !== undefined
        ? { remains: event.data.attempt }
        : {};
    return { status: 'ended', outcome: OUTCOME_OF[event.type], ...toldOf(state), ...closed };
  }
  if (state.status === 'none') return state;
  if (event.type === 'JobReportRefused') {
    const { attempt, report } = event.data;
    return { ...state, refused: [...state.refused, `${attempt} ${report}`] };
  }
  if (state.status === 'ended') {
    const { remains: _, ...rest } = state;
    return event.type === 'JobRemainsEnded' ? rest : state;
  }
  const { cancelRequested, maxAttempts, ownEnds, refused } = state;
  const policy = {
    ...(state.retry === undefined ? {} : { retry: state.retry }),
    ...(state.reports === undefined ? {} : { reports: state.reports }),
  };
  const common = { cancelRequested, maxAttempts, ownEnds, refused, ...policy };
  switch (event.type) {
    case 'JobAssigned':
    case 'JobStarted': {
      const status = event.type === 'JobAssigned' ? 'assigned' : 'running';
      const { attempt } = event.data;
      const started = event.type === 'JobStarted' ? [...state.started, attempt] : state.started;
      const { reported } = state;
      const told = event.type === 'JobStarted' && reported !== undefined ? { reported } : {};
      return { status, attempt, started, sealed: false, paused: false, ...common, ...told };
    }
    case 'JobRequeued': {
      const { attempt, cause } = event.data;
      const { started } = state;
      return {
        ...{ status: 'queued', ...common, attempt, started },
        ownEnds: cause === 'policy' ? ownEnds + 1 : ownEnds,
      };
    }
    case 'JobCancelRequested':
      return { ...state, cancelRequested: true };
    case 'JobReported': {
      const { success, status } = event.data;
      return { ...state, reported: { success, status } };
    }
    case 'JobOutputSealed':
      return state.status === 'queued' ? state : { ...state, sealed: true };
    case 'JobCollectionPaused':
    case 'JobCollectionResumed':
      return state.status === 'queued' ? state : { ...state, paused: event.type === 'JobCollectionPaused' };
    default:
      return state;
  }
};

type Decision = E.Either<JobRefusal, readonly JobEvent[]>;
const ok = (...events: readonly JobEvent[]): Decision => E.right(events);
const refuse = (refusal: JobRefusal): Decision => E.left(refusal);

const seal = (
  state: { readonly sealed: boolean },
  attempt: number,
  outputs: readonly SealedOutput[],
): readonly JobEvent[] =>
  state.sealed || outputs.length === 0 ? [] : [{ type: 'JobOutputSealed', data: { attempt, outputs } }];

type OwnEnd = Exclude<Verdict, { kind: 'infrastructure' }>;

/** The verdict where the job itself told how it went: a failure counts, a success has to be confirmed by the exit code. */
const asReported = (verdict: Verdict, { reported }: Pick<Common, 'reported'>): Verdict =>
  verdict.kind === 'succeeded' && reported?.success === false
    ? { kind: 'failed', exitCode: 0, reported: reported.status }
    : verdict;

const endOf = ({ attempt, reports, reported: told }: Common, verdict: OwnEnd): JobEvent => {
  switch (verdict.kind) {
    case 'succeeded': {
      const unreported = reports === true && told === undefined ? { unreported: reports } : {};
      return { type: 'JobSucceeded', data: { attempt, ...unreported } };
    }
    case 'failed': {
      const { exitCode, likelySignal, reported } = verdict;
      return {
        type: 'JobFailed',
        data: {
          ...{ attempt, exitCode },
          ...(likelySignal === undefined ? {} : { likelySignal }),
          ...(reported === undefined ? {} : { reported }),
        },
      };
    }
    case 'cancelled':
      return { type: 'JobCancelled', data: { attempt, evidence: verdict.evidence } };
    case 'timed_out':
      return { type: 'JobTimedOut', data: { attempt, which: verdict.which, evidence: verdict.evidence } };
  }
};

/** An end that the job's `retry` may be for. */
interface OwnFailure {
  readonly end: Retry['on'][number];
  /** One sentence. */
  readonly what: string;
  readonly exitCode?: number;
  readonly evidence?: EndEvidence;
}

const failureOf = (verdict: OwnEnd): OwnFailure | undefined => {
  if (verdict.kind === 'failed') {
    const { exitCode, likelySignal: signal, reported } = verdict;
    if (reported !== undefined)
      return { end: 'failed', exitCode, what: `It reported that it failed (${reported}).` };
    const guess = signal === undefined ? '' : `, probably ended by ${signal}`;
    return { end: 'failed', exitCode, what: `It failed with exit code ${exitCode}${guess}.` };
  }
  if (verdict.kind !== 'timed_out') return undefined;
  const { which, evidence } = verdict;
  const { exitCode } = evidence;
  return {
    ...{ end: 'timed_out', evidence, ...(exitCode === undefined ? {} : { exitCode }) },
    what: which === 'total' ? 'It reached its time limit.' : 'It printed nothing for too long.',
  };
};

/** The job is tried again, if its `retry` is for this; undefined: this is its end. Who asked for a cancel wants no other try. */
const byPolicy = (
  { retry, cancelRequested, ownEnds, attempt }: Common,
  { end, what, exitCode, evidence }: OwnFailure,
): JobEvent | undefined => {
  const tries = ownEnds + 1;
  if (retry === undefined || cancelRequested || tries >= retry.attempts || !retry.on.includes(end))
    return undefined;
  const { exitCodes, delayMs } = retry;
  const isListed = exitCodes === undefined || (exitCode !== undefined && exitCodes.includes(exitCode));
  if (end === 'failed' && !isListed) return undefined;
  return {
    type: 'JobRequeued',
    data: {
      ...{
        attempt,
        cause: 'policy',
        why: end,
        detail: `${what} That was try ${tries} of ${retry.attempts}.`,
      },
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(delayMs === 0 ? {} : { delayMs }),
      ...(evidence === undefined ? {} : { evidence }),
    },
  };
};

/** An attempt that infrastructure ended: another try, or the end when a cancel waits or tries are used up. */
const again = (
  state: Common,
  attempt: number,
  cause: 'infrastructure' | 'runner_changed',
  why: string,
  detail: string,
): readonly JobEvent[] => {
  if (state.cancelRequested)
    return [{ type: 'JobCancelled', data: { attempt, evidence: { how: 'never_started', detail } } }];
  const failed = attempt - state.ownEnds;
  if (failed >= state.maxAttempts)
    return [{ type: 'JobUndeliverable', data: { attempt, why, detail: `${detail} (${attempt} attempts)` } }];
  // where a machine was restarted it is known to be back
  const delayMs = cause === 'infrastructure' ? (INFRASTRUCTURE_DELAYS_MS[failed - 1] ?? 0) : 0;
  const pause = delayMs === 0 ? {} : { delayMs };
  return [{ type: 'JobRequeued', data: { attempt, cause, why, detail, ...pause } }];
};

type Report = Extract<JobCommand, { kind: 'RecordStarted' | 'FinishJob' | 'LoseJob' }>;

const REPORTS = { RecordStarted: 'started', FinishJob: 'finished', LoseJob: 'lost' } as const;

const isReport = (command: JobCommand): command is Report => Object.hasOwn(REPORTS, command.kind);

/** How the attempt ended, as far as the report says. */
const toldBy = (command: Report): Pick<JobReportRefused, 'outcome' | 'exitCode'> => {
  if (command.kind !== 'FinishJob') return command.kind === 'LoseJob' ? { outcome: 'lost' } : {};
  const { verdict } = command;
  switch (verdict.kind) {
    case 'succeeded':
      return { outcome: 'succeeded', exitCode: 0 };
    case 'infrastructure':
      return { exitCode: verdict.exitCode };
    case 'failed':
      return { outcome: 'failed', exitCode: verdict.exitCode };
    case 'cancelled':
    case 'timed_out': {
      const { exitCode } = verdict.evidence;
      return { outcome: verdict.kind, ...(exitCode === undefined ? {} : { exitCode }) };
    }
  }
};

/** A report of an attempt that is over changes nothing, but is not forgotten; what was known already is no news. */
const refuseReport = (command: Report, told: Told, refusal: JobRefusal): Decision => {
  const { attempt } = command;
  const report = REPORTS[command.kind];
  // an attempt that there never was
  if (attempt < 1 || attempt > told.attempt) return refuse(refusal);
  const isKnown = report === 'started' && told.started.includes(attempt);
  if (isKnown || told.refused.includes(`${attempt} ${report}`)) return ok();
  return ok({
    type: 'JobReportRefused',
    data: { attempt, report, why: refusal.code, ...toldBy(command) },
  });
};

/** Why nothing that the attempt says of itself counts any more. */
const lateFor = (state: Exclude<JobState, { status: 'none' }>, attempt: number): JobRefusal | undefined => {
  if (state.status === 'ended') return { code: 'job_already_finished', outcome: state.outcome };
  if (state.status === 'queued' || state.attempt !== attempt)
    return { code: 'attempt_is_over', current: state.attempt };
  return state.cancelRequested ? { code: 'cancel_requested' } : undefined;
};

/** What the job itself says. Late, it is refused, and that is recorded once: who says it may say it for ever. */
const hear = (
  { attempt, final }: Extract<JobCommand, { kind: 'ReportJob' }>,
  state: Exclude<JobState, { status: 'none' }>,
): Decision => {
  const late = lateFor(state, attempt);
  if (late !== undefined) {
    const isNews = attempt >= 1 && attempt <= state.attempt && !state.refused.includes(`${attempt} job`);
    return isNews
      ? ok({ type: 'JobReportRefused', data: { attempt, report: 'job', why: late.code } })
      : refuse(late);
  }
  const before = state.status === 'ended' ? undefined : state.reported;
  if (final === undefined) return ok();
  if (before === undefined) return ok({ type: 'JobReported', data: { attempt, ...final } });
  return before.success === final.success
    ? ok()
    : refuse({ code: 'already_reported', status: before.status });
};

const decide = (command: JobCommand, state: JobState): Decision => {
  if (command.kind === 'QueueJob')
    return state.status === 'none'
      ? ok({ type: 'JobQueued', data: command.data })
      : refuse({ code: 'job_exists' });
  if (state.status === 'none') return refuse({ code: 'job_unknown' });
  if (command.kind === 'ReportJob') return hear(command, state);
  if (command.kind === 'RecordRemains' && state.status === 'ended') {
    const { attempt, evidence } = command;
    return state.remains === attempt ? ok({ type: 'JobRemainsEnded', data: { attempt, evidence } }) : ok();
  }
  if (state.status === 'ended') {
    const refusal: JobRefusal = { code: 'job_already_finished', outcome: state.outcome };
    return isReport(command) ? refuseReport(command, state, refusal) : refuse(refusal);
  }

  if (command.kind === 'CancelJob') {
    if (state.cancelRequested) return ok();
    const asked: JobEvent = { type: 'JobCancelRequested', data: {} };
    return state.status === 'queued'
      ? ok(asked, { type: 'JobCancelled', data: { evidence: { how: 'never_started' } } })
      : ok(asked);
  }
  if (command.kind === 'CloseJob') {
    if (state.status === 'queued') return refuse({ code: 'job_still_queued' });
    const detail =
      'It was closed by a person. Whether it finished its work is not known; what still runs of it is ended when its runner answers.';
    return ok({ type: 'JobLost', data: { attempt: state.attempt, why: CLOSED, detail } });
  }
  if (state.status === 'queued') {
    switch (command.kind) {
      case 'AssignJob':
        return command.data.attempt === state.attempt + 1
          ? ok({ type: 'JobAssigned', data: command.data })
          : refuse({ code: 'attempt_is_over', current: state.attempt });
      case 'ExpireJob':
        return ok({ type: 'JobExpired', data: { why: command.why, detail: command.detail } });
      case 'RefuseJob':
        return ok({ type: 'JobUndeliverable', data: { why: command.why, detail: command.detail } });
      default: {
        const refusal: JobRefusal = { code: 'attempt_is_over', current: state.attempt };
        return isReport(command) ? refuseReport(command, state, refusal) : refuse(refusal);
      }
    }
  }

  if (command.kind === 'AssignJob' || command.kind === 'ExpireJob')
    return refuse({ code: 'job_not_queued', status: state.status });
  if (command.attempt !== undefined && command.attempt !== state.attempt) {
    const refusal: JobRefusal = { code: 'attempt_is_over', current: state.attempt };
    return isReport(command) ? refuseReport(command, state, refusal) : refuse(refusal);
  }
  const { attempt } = state;
  switch (command.kind) {
    case 'RecordRemains':
      return refuse({ code: 'attempt_is_over', current: attempt });
    case 'RecordStarted':
      if (state.status === 'running') return ok();
      return ok({
        type: 'JobStarted',
        data: { attempt, pid: command.pid, startTime: command.startTime, bootId: command.bootId },
      });
    case 'PauseCollection': {
      const { why, detail } = command;
      return state.paused ? ok() : ok({ type: 'JobCollectionPaused', data: { attempt, why, detail } });
    }
    case 'ResumeCollection':
      return state.paused ? ok({ type: 'JobCollectionResumed', data: { attempt } }) : ok();
    case 'RequeueJob':
      return ok(...again(state, attempt, command.cause, command.why, command.detail));
    case 'RecordRevoked':
      return state.cancelRequested
        ? ok({ type: 'JobCancelled', data: { attempt, evidence: command.evidence } })
        : ok(...again(state, attempt, 'infrastructure', 'revoked', 'The attempt was revoked on the runner.'));
    case 'FinishJob': {
      const sealed = [
        ...(state.status === 'assigned' && command.started !== undefined
          ? [{ type: 'JobStarted' as const, data: { attempt, ...command.started } }]
          : []),
        ...seal(state, attempt, command.outputs),
      ];
      const verdict = asReported(command.verdict, state);
      if (verdict.kind === 'infrastructure') {
        const detail = command.detail ?? 'The runner could not run the job.';
        return ok(...sealed, ...again(state, attempt, 'infrastructure', 'runner_failed', detail));
      }
      const failure = failureOf(verdict);
      return ok(...sealed, (failure && byPolicy(state, failure)) ?? endOf(state, verdict));
    }
    case 'LoseJob': {
      const { why, detail } = command;
      const lost: JobEvent = { type: 'JobLost', data: { attempt, why, detail } };
      const failure: OwnFailure = { end: 'lost', what: detail };
      return ok(...seal(state, attempt, command.outputs), byPolicy(state, failure) ?? lost);
    }
    case 'RefuseJob':
      return ok({ type: 'JobUndeliverable', data: { attempt, why: command.why, detail: command.detail } });
    default:
      return never(command);
  }
};

export const job: Decider<JobCommand, JobState, JobEvent, JobRefusal> = {
  initial: { status: 'none' },
  decide,
  evolve,
};
