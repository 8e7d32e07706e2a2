/** Who asks, and how often: whom an embedding host says that it is, else `Authorization: Bearer <token>`. */
import type { IncomingMessage } from 'node:http';
import { appError, type AppError } from '../app/errors.js';
import type { Caller, UseCases } from '../app/use-cases.js';
import type { Instant } from '../kernel/time.js';
import type { HttpContext, HttpMiddleware, RequestState } from './context.js';
import { crossSite, whereFrom } from './session/where-from.js';
import { rateLimiter, retryAfter, tooMany, type HttpLimits } from './limits.js';
import { refuse } from './respond.js';

const missing = appError(
  'unauthenticated',
  'token_missing',
  'The request carries no `Authorization: Bearer` token.',
  { hint: 'Set BATON_TOKEN to a token of this server; the first `baton serve` prints one.' },
);
/** Never known, revoked or expired: which of these is not told. */
export const unknownToken = appError('unauthenticated', 'token_unknown', 'The token is not known here.', {
  hint: 'Set BATON_TOKEN to a token of this server; it may have been revoked, or have expired.',
});

/** `Authorization: Bearer …`, or undefined. */
export const bearerOf = (ctx: HttpContext): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization'))?.[1];

/** What a request shows of its sender. `callerNow` may be asked again, for answers that go on; `refusal`: when that is nobody. */
export interface Shown {
  readonly via: NonNullable<RequestState['via']>;
  readonly callerNow: () => Caller | undefined;
  readonly refusal: AppError;
  /** When it ends, where that is not with the token alone. */
  readonly expiresAt?: Instant;
}

/** How the sender of a request is told. */
export type Authenticator = (ctx: HttpContext) => Shown;

/**
 * The host may know people by what a browser sends by itself, so a page of somebody else could give commands in their name. What says
 * nothing of where it comes from is no browser.
 */
const mayBeForged = (ctx: HttpContext): boolean =>
  ctx.method !== 'GET' && ctx.method !== 'HEAD' && whereFrom(ctx, ctx.secure) === 'elsewhere';

/** `Authorization: Bearer`, unless the embedding host knows who it is. */
export const bearer =
  (
    useCases: Pick<UseCases, 'authenticate'>,
    callerOf: (request: IncomingMessage) => Caller | undefined = () => undefined,
  ): Authenticator =>
  (ctx) => {
    const token = bearerOf(ctx);
    const via = callerOf(ctx.req) === undefined ? 'token' : 'host';
    if (via === 'host' && token === undefined && mayBeForged(ctx))
      return { via, callerNow: () => undefined, refusal: crossSite };
    return {
      via,
      callerNow: () => callerOf(ctx.req) ?? (token === undefined ? undefined : useCases.authenticate(token)),
      refusal: token === undefined ? missing : unknownToken,
    };
  };

/**
 * Failures are counted per address, so that guessing does not fill log and processor. A usable token passes all the same:
 * behind a proxy all share an address, and nobody may shut the others out. All guards that come of one call count together.
 */
export const guards = (limits: HttpLimits, nowMs: () => number = () => performance.now()) => {
  const failures = rateLimiter(limits.failures);
  const requests = rateLimiter(limits.requests);
  return (authenticator: Authenticator): HttpMiddleware =>
    async (ctx, next) => {
      const { callerNow, refusal, via, expiresAt } = authenticator(ctx);
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
            ? tooMany(
                'too_many_failures',
                'Too many requests without a usable token came from here.',
                seconds,
              )
            : tooMany('rate_exceeded', 'This token is used more often than is allowed.', seconds),
        );
        return;
      }
      if (caller === undefined) {
        refuse(ctx, refusal);
        return;
      }
      ctx.state.caller = caller;
      ctx.state.callerNow = callerNow;
      ctx.state.via = via;
      const endsAt = expiresAt ?? caller.tokenEndsAt;
      if (endsAt !== undefined) ctx.state.expiresAt = endsAt;
      await next();
    };
};
