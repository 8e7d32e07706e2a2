/**
 * The life of one phase job and its attempts.
 *
 *   none ─QueueJob→ queued ─Assign→ assigned ─RecordStarted→ running ─Finish→ ended
 *                     ↑ └─Cancel, Expire, Refuse→ ended │               │
 *                     └──────────── Requeue ────────────┴───────────────┘
 */
import * as E from 'fp-ts/lib/Either.js';
import type { JobEvent } from '../events/catalog.js';
import type { JobAssigned, JobQueued } from '../events/job.js';
import type { EndEvidence, Outcome, SealedOutput } from '../events/shapes.js';
import { never, type Decider } from '../kernel/decider.js';
import type { Verdict } from './outcome.js';

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
      readonly cause: 'infrastructure' | 'runner_changed' | 'policy';
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
  | { readonly code: 'attempt_is_over'; readonly current: number };

interface Common {
  /** Attempts so far; the current one while assigned or running. */
  readonly attempt: number;
  readonly cancelRequested: boolean;
  readonly maxAttempts: number;
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
  | {
      readonly status: 'ended';
      readonly outcome: Outcome;
      /** Attempt that was closed, as long as it may live on its runner. */
      readonly remains?: number;
    };

/** `why` of a job that a person gave up. */
export const CLOSED = 'closed';

/**
 * Infrastructure may fail an attempt this often before the job is undeliverable. More often than a runner may fail in a row
 * (failures.ts), so that one bad machine cannot use up a job that another could run.
 */
const MAX_ATTEMPTS = 5;

const evolve = (state: JobState, event: JobEvent): JobState => {
  switch (event.type) {
    case 'JobQueued':
      return { status: 'queued', attempt: 0, cancelRequested: false, maxAttempts: MAX_ATTEMPTS };
    case 'JobSucceeded':
      return { status: 'ended', outcome: 'succeeded' };
    case 'JobFailed':
      return { status: 'ended', outcome: 'failed' };
    case 'JobCancelled':
      return { status: 'ended', outcome: 'cancelled' };
    case 'JobTimedOut':
      return { status: 'ended', outcome: 'timed_out' };
    case 'JobLost':
      return {
        ...{ status: 'ended', outcome: 'lost' },
        ...(event.data.why === CLOSED && event.data.attempt !== undefined
          ? { remains: event.data.attempt }
          : {}),
      };
    case 'JobExpired':
      return { status: 'ended', outcome: 'expired' };
    case 'JobUndeliverable':
      return { status: 'ended', outcome: 'undeliverable' };
  }
  if (event.type === 'JobRemainsEnded')
    return state.status === 'ended' ? { status: 'ended', outcome: state.outcome } : state;
  if (state.status === 'none' || state.status === 'ended') return state;
  const { cancelRequested, maxAttempts } = state;
  switch (event.type) {
    case 'JobAssigned':
    case 'JobStarted': {
      const status = event.type === 'JobAssigned' ? 'assigned' : 'running';
      const { attempt } = event.data;
      return { status, attempt, sealed: false, paused: false, cancelRequested, maxAttempts };
    }
    case 'JobRequeued':
      return { status: 'queued', attempt: event.data.attempt, cancelRequested, maxAttempts };
    case 'JobCancelRequested':
      return { ...state, cancelRequested: true };
    case 'JobOutputSealed':
      return state.status === 'queued' ? state : { ...state, sealed: true };
    case 'JobCollectionPaused':
    case 'JobCollectionResumed':
      return state.status === 'queued' ? state : { ...state, paused: event.type === 'JobCollectionPaused' };
    default:
      return never(event);
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

const endOf = (attempt: number, verdict: Exclude<Verdict, { kind: 'infrastructure' }>): JobEvent => {
  switch (verdict.kind) {
    case 'succeeded':
      return { type: 'JobSucceeded', data: { attempt } };
    case 'failed': {
      const { exitCode, likelySignal } = verdict;
      return {
        type: 'JobFailed',
        data: { attempt, exitCode, ...(likelySignal === undefined ? {} : { likelySignal }) },
      };
    }
    case 'cancelled':
      return { type: 'JobCancelled', data: { attempt, evidence: verdict.evidence } };
    case 'timed_out':
      return { type: 'JobTimedOut', data: { attempt, which: verdict.which, evidence: verdict.evidence } };
  }
};

/** An attempt that infrastructure ended: another try, or the end when a cancel waits or tries are used up. */
const again = (
  state: Common,
  attempt: number,
  cause: 'infrastructure' | 'runner_changed' | 'policy',
  why: string,
  detail: string,
): readonly JobEvent[] => {
  if (state.cancelRequested)
    return [{ type: 'JobCancelled', data: { attempt, evidence: { how: 'never_started', detail } } }];
  return attempt >= state.maxAttempts
    ? [{ type: 'JobUndeliverable', data: { attempt, why, detail: `${detail} (${attempt} attempts)` } }]
    : [{ type: 'JobRequeued', data: { attempt, cause, why, detail } }];
};

const decide = (command: JobCommand, state: JobState): Decision => {
  if (command.kind === 'QueueJob')
    return state.status === 'none'
      ? ok({ type: 'JobQueued', data: command.data })
      : refuse({ code: 'job_exists' });
  if (state.status === 'none') return refuse({ code: 'job_unknown' });
  if (command.kind === 'RecordRemains' && state.status === 'ended') {
    const { attempt, evidence } = command;
    return state.remains === attempt ? ok({ type: 'JobRemainsEnded', data: { attempt, evidence } }) : ok();
  }
  if (state.status === 'ended') return refuse({ code: 'job_already_finished', outcome: state.outcome });

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
      default:
        return refuse({ code: 'attempt_is_over', current: state.attempt });
    }
  }

  if (command.kind === 'AssignJob' || command.kind === 'ExpireJob')
    return refuse({ code: 'job_not_queued', status: state.status });
  if (command.attempt !== undefined && command.attempt !== state.attempt)
    return refuse({ code: 'attempt_is_over', current: state.attempt });
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
      return command.verdict.kind === 'infrastructure'
        ? ok(
            ...sealed,
            ...again(
              state,
              attempt,
              'infrastructure',
              'runner_failed',
              command.detail ?? 'The runner could not run the job.',
            ),
          )
        : ok(...sealed, endOf(attempt, command.verdict));
    }
    case 'LoseJob':
      return ok(...seal(state, attempt, command.outputs), {
        type: 'JobLost',
        data: { attempt, why: command.why, detail: command.detail },
      });
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
