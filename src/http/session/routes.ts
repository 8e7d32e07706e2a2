/** Logging in with a token, logging out, and who one is: `/api/v1/session`. */
import * as E from 'fp-ts/lib/Either.js';
import { appError } from '../../app/errors.js';
import type { UseCases } from '../../app/use-cases.js';
import { unknownToken, type Authenticator } from '../auth.js';
import { closed, text } from '../closed.js';
import type { HttpContext, HttpMiddleware, RequestState } from '../context.js';
import { jsonBody } from '../guards.js';
import { refuse } from '../respond.js';
import { invalid } from '../route.js';
import type { SessionCookie } from './cookie.js';
import { crossSite, whereFrom } from './where-from.js';

export const SESSION_PATH = '/session';
const PATH = `/api/v1${SESSION_PATH}`;

export const SessionBody = closed(
  {
    token: text(
      { expected: 'a token of this server', mend: 'give it as it was shown, without spaces', secret: true },
      (value) => /^[\u0021-\u007e]{1,500}$/.test(value),
    ),
  },
  {},
);

const off = appError('forbidden', 'sessions_off', 'Nobody can log in with a cookie here.', {
  hint: 'Send `Authorization: Bearer` with a token. The server was started with --no-web, or is a part of another program.',
});

const readBody = jsonBody(
  4096,
  appError('invalid', 'body_too_large', 'The body is larger than 4 KiB.', { hint: 'Send the token alone.' }),
);

/** Who asks, how that is known, and until when. */
const told = ({ caller, via, expiresAt }: RequestState): Record<string, unknown> => ({
  actor: caller?.actor,
  // the host of a plugin knows people by names of its own
  ...(via === 'host' ? {} : { subject: caller?.actor }),
  grants: caller?.grants,
  ...(expiresAt === undefined ? {} : { expiresAt }),
  via,
});

const answer = (ctx: HttpContext): void => {
  ctx.set('Cache-Control', 'no-store');
  ctx.body = told(ctx.state);
};

/** `GET`: behind the check of who asks. */
export const whoAsks: HttpMiddleware = async (ctx, next) => {
  if (ctx.path !== PATH || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) {
    await next();
    return;
  }
  ctx.state.route = SESSION_PATH;
  answer(ctx);
};

interface LoginOptions {
  readonly useCases: Pick<UseCases, 'authenticate'>;
  /** Absent: nobody logs in here. */
  readonly cookie?: SessionCookie;
  readonly guard: (authenticator: Authenticator) => HttpMiddleware;
}

/** `POST` and `DELETE`: before the check of who asks. */
export const logins = ({ useCases, cookie, guard }: LoginOptions): HttpMiddleware => {
  /** The token of the body, counted and limited like any other. */
  const logIn = async (ctx: HttpContext, cookie: SessionCookie): Promise<void> => {
    // somebody else's page could log people in as somebody else
    if (whereFrom(ctx, cookie.isSecure(ctx)) === 'elsewhere') {
      refuse(ctx, crossSite);
      return;
    }
    await readBody(ctx, async () => {
      const body = SessionBody.decode(ctx.request.body ?? {});
      if (E.isLeft(body)) {
        refuse(ctx, invalid(body.left));
        return;
      }
      const { token } = body.right;
      const callerNow = () => useCases.authenticate(token);
      await guard(() => ({ via: 'cookie', callerNow, refusal: unknownToken }))(ctx, () => {
        const { caller } = ctx.state;
        const expiresAt = caller === undefined ? undefined : cookie.open(ctx, caller);
        if (expiresAt !== undefined) ctx.state.expiresAt = expiresAt;
        answer(ctx);
        return Promise.resolve();
      });
    });
  };

  const logOut = (ctx: HttpContext, cookie: SessionCookie): void => {
    const from = whereFrom(ctx, cookie.isSecure(ctx));
    if (from === 'elsewhere' || (from !== 'here' && cookie.isShown(ctx))) {
      refuse(ctx, crossSite);
      return;
    }
    cookie.clear(ctx);
    ctx.set('Cache-Control', 'no-store');
    ctx.status = 204;
  };

  return async (ctx, next) => {
    if (ctx.path !== PATH || (ctx.method !== 'POST' && ctx.method !== 'DELETE')) {
      await next();
      return;
    }
    ctx.state.route = SESSION_PATH;
    if (cookie === undefined) refuse(ctx, off);
    else if (ctx.method === 'POST') await logIn(ctx, cookie);
    else logOut(ctx, cookie);
  };
};
