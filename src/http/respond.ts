/** How a refusal becomes an answer: the only table from codes to HTTP statuses. */
import type { AppError, ErrorCode } from '../app/errors.js';
import type { HttpContext, RefusalForm } from './context.js';
import { retryAfter } from './limits.js';
import type { ProblemDocument } from './problem.js';

interface Meaning {
  readonly status: number;
  readonly title: string;
}

const codes: Readonly<Record<ErrorCode, Meaning>> = {
  invalid: { status: 422, title: 'The request is not usable' },
  not_found: { status: 404, title: 'Not found' },
  unauthenticated: { status: 401, title: 'A valid token is needed' },
  forbidden: { status: 403, title: 'Not allowed' },
  conflict: { status: 409, title: 'Not possible in the present state' },
  idempotency_conflict: { status: 409, title: 'The Idempotency-Key was used with another body' },
  not_dispatched_here: { status: 422, title: 'The project does not ask for runners' },
  source: { status: 422, title: 'The source could not be had' },
  runner: { status: 502, title: 'The runner could not be used' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  store_unavailable: { status: 503, title: 'The event store does not answer' },
  busy: { status: 503, title: 'Busy' },
  internal: { status: 500, title: 'A mistake in Baton' },
};

/** Reasons of `invalid` and `not_found` for which HTTP has a better word. */
const reasons: Readonly<Record<string, Meaning>> = {
  body_malformed: { status: 400, title: 'The body is not JSON' },
  method_not_allowed: { status: 405, title: 'Not this method' },
  request_malformed: { status: 400, title: 'Not an HTTP request' },
  request_too_slow: { status: 408, title: 'Too slow' },
  url_too_long: { status: 414, title: 'The URL is too long' },
  header_too_large: { status: 431, title: 'The header is too large' },
  revision_changed: { status: 412, title: 'It has changed meanwhile' },
  body_too_large: { status: 413, title: 'The body is too large' },
  body_not_json: { status: 415, title: 'Only JSON is understood' },
  range_not_satisfiable: { status: 416, title: 'The range lies beyond the end' },
};

/** What each status stands for; where several refusals share one, all of their words. */
export const problemStatuses: ReadonlyMap<number, string> = [
  ...Object.values(codes),
  ...Object.values(reasons),
].reduce((all, { status, title }) => {
  const known = all.get(status);
  return all.set(status, known === undefined ? title : `${known}; ${title}`);
}, new Map<number, string>());

/** The answer to a refusal. What happened inside a 500 stays inside. */
export const problemOf = (error: AppError, requestId: string): ProblemDocument => {
  const meaning = reasons[error.reason] ?? codes[error.code];
  const head = { type: `urn:baton:problem:${error.code}`, title: meaning.title, status: meaning.status };
  const instance = `urn:uuid:${requestId}`;
  if (error.code === 'internal') {
    return {
      ...head,
      detail: 'Something went wrong inside Baton.',
      code: error.code,
      reason: 'internal',
      hint: `Look for ${requestId} in the log of the server, and report it as a bug.`,
      instance,
    };
  }
  return {
    ...head,
    detail: error.message,
    code: error.code,
    reason: error.reason,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.problems === undefined ? {} : { problems: error.problems }),
    instance,
  };
};

const asProblem: RefusalForm = (error, requestId) => {
  const body = problemOf(error, requestId);
  return { status: body.status, contentType: 'application/problem+json', body };
};

/** Writes the refusal as the answer, and the cause to the log. */
export const refuse = (ctx: HttpContext, error: AppError): void => {
  const { form = asProblem, requestId } = ctx.state;
  const { status, contentType, body } = form(error, requestId);
  ctx.status = status;
  ctx.set('Content-Type', contentType);
  ctx.set('Cache-Control', 'no-store');
  if (status === 401) ctx.set('WWW-Authenticate', 'Bearer realm="baton"');
  if (status === 503) ctx.set('Retry-After', retryAfter(error.retryAfterMs ?? 0));
  // what is left of a body that was not read would be taken for the next request
  if (status === 413) ctx.set('Connection', 'close');
  ctx.body = JSON.stringify(body);
  ctx.state.refusal = error;
};
