/** Who asks, and how often: whom an embedding host says that it is, else `Authorization: Bearer <token>`. */
import type { IncomingMessage } from 'node:http';
import { appError } from '../app/errors.js';
import type { Caller, UseCases } from '../app/use-cases.js';
import type { HttpContext, HttpMiddleware } from './context.js';
import { rateLimiter, retryAfter, tooMany, type HttpLimits } from './limits.js';
import { refuse } from './respond.js';

const missing = appError(
  'unauthenticated',
  'token_missing',
  'The request carries no `Authorization: Bearer` token.',
  { hint: 'Set BATON_TOKEN to a token of this server; the first `baton serve` prints one.' },
);
/** Never known, revoked or expired: which of these is not told. */
const unknown = appError('unauthenticated', 'token_unknown', 'The token is not known here.', {
  hint: 'Set BATON_TOKEN to a token of this server; it may have been revoked, or have expired.',
});

/** `Authorization: Bearer …`, or undefined. */
export const bearerOf = (ctx: HttpContext): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization'))?.[1];

/**
 * Failures are counted per address, so that guessing does not fill log and processor. A usable token passes all the same:
 * behind a proxy all share an address, and nobody may shut the others out.
 */
export const auth = (
  useCases: Pick<UseCases, 'authenticate'>,
  limits: HttpLimits,
  callerOf: (request: IncomingMessage) => Caller | undefined = () => undefined,
  nowMs: () => number = () => performance.now(),
): HttpMiddleware => {
  const failures = rateLimiter(limits.failures);
  const requests = rateLimiter(limits.requests);
  return async (ctx, next) => {
    const token = bearerOf(ctx);
    const callerNow = () =>
      callerOf(ctx.req) ?? (token === undefined ? undefined : useCases.authenticate(token));
    const caller = callerNow();
    const waitMs =
      caller === undefined
        ? failures.waitFor(ctx.req.socket.remoteAddress ?? '', nowMs())
        : requests.waitFor(caller.tokenId ?? caller.actor, nowMs());
    if (waitMs !== undefined) {
      const seconds = retryAfter(waitMs);
      ctx.set('Retry-After', seconds);
      refuse(
        ctx,
        caller === undefined
          ? tooMany('too_many_failures', 'Too many requests without a usable token came from here.', seconds)
          : tooMany('rate_exceeded', 'This token is used more often than is allowed.', seconds),
      );
      return;
    }
    if (caller === undefined) {
      refuse(ctx, token === undefined ? missing : unknown);
      return;
    }
    ctx.state.caller = caller;
    ctx.state.callerNow = callerNow;
    await next();
  };
};
