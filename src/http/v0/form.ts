/** How the original refused: `{"error": word, "message": sentence}`, and its statuses. */
import type { AppError, ErrorCode } from '../../app/errors.js';
import type { RefusalBody, RefusalForm } from '../context.js';

type Words = readonly [status: number, error: string];

const codes: Readonly<Record<ErrorCode, Words>> = {
  invalid: [400, 'bad_request'],
  not_found: [404, 'not_found'],
  unauthenticated: [401, 'token_denied'],
  forbidden: [403, 'forbidden'],
  conflict: [409, 'conflict'],
  idempotency_conflict: [409, 'conflict'],
  not_dispatched_here: [404, 'invalid_config'],
  source: [412, 'precondition_failed'],
  runner: [502, 'runner'],
  too_many_requests: [429, 'too_many_requests'],
  store_unavailable: [503, 'service_unavailable'],
  busy: [503, 'service_unavailable'],
  internal: [500, 'internal_server_error'],
};

const reasons: Readonly<Record<string, Words>> = {
  change_unknown: [404, 'change_not_found'],
  invalid_config: [404, 'invalid_config'],
  log_not_found: [404, 'log_not_found'],
  merged_change: [409, 'merged_change'],
  not_implemented: [501, 'not_implemented'],
  precondition_failed: [412, 'precondition_failed'],
  unsupported_stage: [404, 'unsupported_stage'],
  method_not_allowed: [405, 'method_not_allowed'],
  request_malformed: [400, 'bad_request'],
  request_too_slow: [408, 'request_timeout'],
  revision_changed: [412, 'precondition_failed'],
  body_too_large: [413, 'body_too_large'],
  url_too_long: [414, 'url_too_long'],
  body_not_json: [415, 'unsupported_media_type'],
  header_too_large: [431, 'header_too_large'],
};

const sentences = ({ code, message, hint }: AppError, requestId: string): string =>
  code === 'internal'
    ? `Something went wrong inside Baton; look for ${requestId} in its log.`
    : [message, hint].filter((part) => part !== undefined).join(' ');

/** What is wrong with single values is told beside it, as everywhere. */
export const v0Form: RefusalForm = (error, requestId): RefusalBody => {
  const [status, word] = reasons[error.reason] ?? codes[error.code];
  return {
    status,
    contentType: 'application/json',
    body: {
      error: word,
      message: sentences(error, requestId),
      ...(error.code === 'internal' || error.problems === undefined ? {} : { problems: error.problems }),
    },
  };
};
