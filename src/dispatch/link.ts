/** Failures of the link to a runner: what they say of the runner, and of a start that was under way. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { TransportError } from '../app/ports.js';
import type { Probed } from '../domain/runner-probe.js';

/** Nothing can have been started when one of these came back from a start: it was never sent, or our program refused it. */
export const BEFORE_ANYTHING: ReadonlySet<string> = new Set([
  'name_not_found',
  'refused',
  'timed_out',
  'unreachable',
  'host_key_unknown',
  'host_key_changed',
  'permission_denied',
  'no_usable_shell',
  'workspace_not_writable',
  'missing_tool',
  'disk_full',
  'no_key',
  'forwarding_refused',
]);

/** What a probe would say of a runner that answered like this. */
export const probeOf = (error: TransportError): Probed => ({
  verdict: [
    'no_usable_shell',
    'workspace_not_writable',
    'missing_tool',
    'disk_full',
    'permission_denied',
    'no_key',
    'host_key_unknown',
    'host_key_changed',
    'forwarding_refused',
  ].includes(error.code)
    ? 'unfit'
    : 'unreachable',
  code: error.code,
  detail: error.message,
  findings: [],
  ...(error.fingerprint === undefined
    ? {}
    : error.hop === 'jump'
      ? { foundJumpHostKey: error.fingerprint }
      : { foundHostKey: error.fingerprint }),
});

/** Carries a transport error through `throw` inside one attempt's loop. */
export class LinkError extends Error {
  readonly error: TransportError;
  constructor(error: TransportError) {
    super(error.message);
    this.error = error;
  }
}

const isTransportError = (value: unknown): value is TransportError =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  'message' in value &&
  typeof value.code === 'string';

/** `follow` throws what the port says: a TransportError, or something that carries one. */
export const asTransportError = (cause: unknown): TransportError | undefined => {
  if (cause instanceof LinkError) return cause.error;
  if (cause instanceof Error && 'error' in cause && isTransportError(cause.error)) return cause.error;
  return isTransportError(cause) ? cause : undefined;
};

/** The answer, or the error thrown: one attempt is one story, told in one place. */
export const orThrow = async <A>(task: TaskEither<TransportError, A>): Promise<A> => {
  const answer = await task();
  if (E.isLeft(answer)) throw new LinkError(answer.left);
  return answer.right;
};
