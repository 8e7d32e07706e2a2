/** What a program learns from the exit code. */
import type { Outcome } from '../events/shapes.js';

/** The codes, everywhere in `baton`. */
export const exitCodes = {
  ok: 0,
  error: 1,
  problems: 2,
  notFound: 3,
  auth: 4,
  conflict: 5,
  unmatched: 6,
  failed: 7,
  cancelled: 8,
  timedOut: 9,
  lost: 10,
  usage: 64,
} as const;

const ofCode: Readonly<Record<string, number>> = {
  invalid: exitCodes.problems,
  not_found: exitCodes.notFound,
  unauthenticated: exitCodes.auth,
  forbidden: exitCodes.auth,
  conflict: exitCodes.conflict,
  idempotency_conflict: exitCodes.conflict,
  not_dispatched_here: exitCodes.problems,
};

/** Of the code of a problem document. */
export const exitOfProblem = (code: string): number => ofCode[code] ?? exitCodes.error;

/** Of the outcome of a job, or of a phase. */
export const exitOfOutcome: Readonly<Record<Outcome, number>> = {
  succeeded: exitCodes.ok,
  failed: exitCodes.failed,
  cancelled: exitCodes.cancelled,
  timed_out: exitCodes.timedOut,
  lost: exitCodes.lost,
  // no runner took it, or none could be used
  expired: exitCodes.unmatched,
  undeliverable: exitCodes.unmatched,
};

/** Worst first: what a set of jobs counts as. */
const order: readonly Outcome[] = [
  'cancelled',
  'failed',
  'timed_out',
  'lost',
  'undeliverable',
  'expired',
  'succeeded',
];

/** The outcome that stands for all; undefined when none is one. */
export const worstOf = (statuses: readonly string[]): Outcome | undefined =>
  order.find((outcome) => statuses.includes(outcome));
