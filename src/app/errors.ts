/** Expected failures of the whole application: a code for programs, a sentence and a way out for people. */

export interface Problem {
  /** Field or JSON path, e.g. `host` or `job_dispatch.filters.unit[0]`. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** How to mend it. */
  readonly mend?: string;
  /** In the file that the path names; both from 1. */
  readonly line?: number;
  readonly column?: number;
}

/** Codes are stable and documented in docs/api.md; `http/respond.ts` maps them to statuses and `cli/print.ts` to exit codes. */
export type ErrorCode =
  | 'invalid' // 422: `problems` says what, all at once
  | 'not_found' // 404
  | 'unauthenticated' // 401
  | 'forbidden' // 403
  | 'conflict' // 409: already finished, exists already, wrong state
  | 'idempotency_conflict' // 409: the same key with another body
  | 'not_dispatched_here' // 422: the project asks for Push Jobs (job_dispatch v1 or none)
  | 'source' // 422: git could not give what was asked for
  | 'runner' // 502: a runner could not be reached or used
  | 'too_many_requests' // 429
  | 'store_unavailable' // 503
  | 'busy' // 503
  | 'internal'; // 500: a bug

export interface AppError {
  readonly code: ErrorCode;
  /** Finer than `code`, e.g. `job_already_finished`, `merge_conflict`, `host_key_changed`. */
  readonly reason: string;
  /** What was expected, what was found. One sentence. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
  readonly problems?: readonly Problem[];
  /** When it is worth another try; absent: nobody knows. */
  readonly retryAfterMs?: number;
  /** The original error, for the server's log only. */
  readonly cause?: unknown;
}

export const appError = (
  code: ErrorCode,
  reason: string,
  message: string,
  more: { hint?: string; problems?: readonly Problem[]; retryAfterMs?: number; cause?: unknown } = {},
): AppError => ({ code, reason, message, ...more });
