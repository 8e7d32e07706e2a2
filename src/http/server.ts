/** The HTTP edge as a whole: which middlewares a request passes, in which order, and what `close` ends. */
import type { IncomingMessage, RequestListener } from 'node:http';
import Koa from 'koa';
import Router from 'koa-router';
import type { Logger } from 'pino';
import type { Sessions } from '../app/sessions.js';
import type { Caller, UseCases } from '../app/use-cases.js';
import type { RequestState } from './context.js';
import { bearer, guards } from './auth.js';
import { body, door, hostCheck, requestId, urlLength } from './guards.js';
import { defaultLimits, type HttpLimits } from './limits.js';
import { ofAttempts } from './of-attempts.js';
import { openMetrics } from './metrics.js';
import { followedLogs } from './followed-logs.js';
import { openStreams } from './open-streams.js';
import { openApi } from './openapi.js';
import type { RouteDeps } from './route.js';
import { routes } from './routes.js';
import { description, health, metricsRoute, readiness } from './server-routes.js';
import type { Pace } from './pace.js';
import { orCookie } from './session/authenticator.js';
import { sessionCookie } from './session/cookie.js';
import { logins, whoAsks } from './session/routes.js';
import { v0Authenticator } from './v0/auth.js';
import { v0 } from './v0/mount.js';
import { pages } from './web/pages.js';

export interface HttpOptions {
  readonly useCases: UseCases;
  readonly logger: Logger;
  /** Names, or name:port, that are answered beside those of the loopback. */
  readonly hostAllowList?: readonly string[];
  readonly pace?: Pace;
  /** A host that mounts this says who asks; undefined: the request has to carry a token. */
  readonly callerOf?: (request: IncomingMessage) => Caller | undefined;
  readonly limits?: HttpLimits;
  /** `GET /metrics` needs no token. */
  readonly metricsPublic?: boolean;
  /** Folder of the built pages; absent: there are no pages. */
  readonly webRoot?: string;
  /** How logins of browsers last; absent: nobody logs in with a cookie. */
  readonly sessions?: Sessions;
  /** Where people reach this, perhaps through a proxy. */
  readonly publicUrl?: string;
}

export interface HttpEdge {
  readonly handler: RequestListener;
  /** Ends the streams that are open; the owner of the listener closes that. */
  readonly close: () => void;
}

const isGone = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(String(error.code));

/** Everything below `/api/v1` and, as the original had it, `/api/v0`; `/healthz`; and the pages. */
export const createHttpServer = ({
  useCases,
  logger,
  hostAllowList = [],
  pace = { heartbeatMs: 15_000, checkMs: 1_000 },
  callerOf = () => undefined,
  limits = defaultLimits,
  metricsPublic = false,
  webRoot,
  sessions,
  publicUrl,
}: HttpOptions): HttpEdge => {
  const deps: RouteDeps = {
    useCases,
    pace,
    streams: openStreams(limits.streams, pace.checkMs),
    logs: followedLogs(useCases),
  };
  const guard = guards(limits);
  const metrics = openMetrics(useCases.measures);
  const router = new Router<RequestState>({ prefix: '/api/v1' });
  for (const { method, path, handle } of routes) {
    router[method](path, (ctx) => {
      ctx.state.route = path;
      return handle(deps, ctx, { ...ctx.params });
    });
  }

  const byToken = bearer(useCases, callerOf);
  const cookie = sessions === undefined ? undefined : sessionCookie(sessions, publicUrl);
  const original = v0({ deps, guard, authenticator: v0Authenticator(useCases, callerOf) });

  const app = new Koa<RequestState>();
  // the order in which a request passes
  app
    .use(requestId)
    .use(original.form)
    .use(door(logger, metrics.count))
    .use(urlLength)
    .use(hostCheck(hostAllowList));
  if (webRoot !== undefined) {
    const login = cookie === undefined ? 'host' : 'token';
    const onProblem = (err: unknown): void =>
      logger.warn({ err }, 'the pages cannot be read: there are none');
    app.use(pages({ root: webRoot, login }, onProblem));
  }
  app
    .use(health)
    .use(readiness(useCases))
    .use(description(openApi(routes)))
    .use(metricsRoute(metrics, metricsPublic))
    .use(ofAttempts(useCases, limits.failures));
  original.serveOn(app);
  app
    .use(logins({ useCases, guard, ...(cookie === undefined ? {} : { cookie }) }))
    .use(guard(cookie === undefined ? byToken : orCookie(byToken, cookie)))
    .use(whoAsks)
    .use(metricsRoute(metrics, metricsPublic))
    .use(body)
    .use(router.routes())
    .use(router.allowedMethods());

  // only what fails after the answer has begun comes here; everything before lands in the door
  app.on('error', (err: unknown) => {
    if (isGone(err)) logger.debug({ err }, 'the reader left');
    else logger.error({ err }, 'an answer broke off');
  });

  const handle = app.callback();
  return {
    handler: (request, response) => void handle(request, response),
    close: () => {
      deps.streams.close();
    },
  };
};
