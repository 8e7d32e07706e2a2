/** Who asks, where it may be a browser that has logged in: the cookie, and that a page of ours sent it. */
import { appError } from '../../app/errors.js';
import { bearerOf, type Authenticator, type Shown } from '../auth.js';
import type { HttpContext } from '../context.js';
import type { SessionCookie } from './cookie.js';
import { crossSite, isVisit, whereFrom } from './where-from.js';

const ended = appError('unauthenticated', 'session_unknown', 'The login is not known here, or is over.', {
  hint: 'Log in again; its token may have been revoked, or have expired.',
});

const isRead = ({ method }: HttpContext): boolean => method === 'GET' || method === 'HEAD';

/** The one thing of the API that people open in a tab: a browser can run nothing of it. */
const isRawLog = ({ path }: HttpContext): boolean => /^\/api\/v1\/jobs\/[^/]+\/log$/.test(path);

const mayBeForged = (ctx: HttpContext, cookie: SessionCookie): boolean => {
  const from = whereFrom(ctx, cookie.isSecure(ctx));
  if (!isRead(ctx)) return from !== 'here';
  return from === 'elsewhere' && !(isRawLog(ctx) && isVisit(ctx));
};

/** The cookie, where the request shows nothing else: a token goes before it, usable or not. */
export const orCookie =
  (otherwise: Authenticator, cookie: SessionCookie): Authenticator =>
  (ctx) => {
    const shown = otherwise(ctx);
    if (shown.via === 'host' || bearerOf(ctx) !== undefined || !cookie.isShown(ctx)) return shown;
    const via = 'cookie';
    const nobody = (refusal: Shown['refusal']): Shown => ({ via, refusal, callerNow: () => undefined });
    // before it is looked at: nobody learns by another's browser whether it is good
    if (mayBeForged(ctx, cookie)) return nobody(crossSite);
    const session = cookie.read(ctx);
    if (session === undefined) return nobody(ended);
    const { renewed, expiresAt } = session;
    if (renewed !== undefined) cookie.set(ctx, renewed);
    return {
      via,
      refusal: ended,
      callerNow: () => cookie.read(ctx)?.caller,
      expiresAt: renewed?.expiresAt ?? expiresAt,
    };
  };
