/** What the server says of itself, beside the API: alive, ready, its measures, and its description. */
import type { HealthUseCases } from '../app/health.js';
import type { HttpMiddleware } from './context.js';
import { authorizedEverywhere } from './authorize.js';
import type { Metrics } from './metrics.js';
import { refuse } from './respond.js';

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** Answers reads of this one path; everything else goes on. */
const at =
  (path: string, answer: HttpMiddleware): HttpMiddleware =>
  async (ctx, next) => {
    if (ctx.path !== path || !isRead(ctx.method)) {
      await next();
      return;
    }
    ctx.state.route = path;
    ctx.set('Cache-Control', 'no-store');
    await answer(ctx, next);
  };

/** `GET /healthz`: that the process answers; needs no token and tells nothing else. */
export const health: HttpMiddleware = at('/healthz', (ctx) => {
  ctx.body = { status: 'ok' };
  return Promise.resolve();
});

/** `GET /readyz`: whether it can do its work, and what is missing; needs no token and tells nothing of what is stored. */
export const readiness = ({ readiness: look }: Pick<HealthUseCases, 'readiness'>): HttpMiddleware =>
  at('/readyz', async (ctx) => {
    const found = await look();
    ctx.status = found.ready ? 200 : 503;
    ctx.body = { status: found.ready ? 'ready' : 'not_ready', checks: found.checks };
  });

/** `GET /metrics`. They count over all projects: without `isPublic`, for viewers of everything. */
export const metricsRoute = (metrics: Metrics, isPublic: boolean): HttpMiddleware =>
  at('/metrics', async (ctx, next) => {
    if (!isPublic) {
      // before the check of the token
      if (ctx.state.caller === undefined) {
        await next();
        return;
      }
      const refusal = authorizedEverywhere(ctx.state.caller, 'viewer');
      if (refusal !== undefined) {
        refuse(ctx, refusal);
        return;
      }
    }
    ctx.set('Content-Type', metrics.contentType);
    ctx.body = await metrics.text();
  });

/** `GET /api/v1/openapi.json`: what this program serves; it tells nothing of this installation, so it needs no token. */
export const description = (document: unknown): HttpMiddleware => {
  const text = JSON.stringify(document);
  return at('/api/v1/openapi.json', (ctx) => {
    ctx.set('Content-Type', 'application/json; charset=utf-8');
    ctx.body = text;
    return Promise.resolve();
  });
};
