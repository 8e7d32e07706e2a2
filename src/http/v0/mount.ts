/** The original's API as a whole: its paths below both prefixes, who may come in, and how it refuses. */
import type Koa from 'koa';
import Router from 'koa-router';
import type { Authenticator } from '../auth.js';
import type { HttpMiddleware, RequestState } from '../context.js';
import { body as jsonBody } from '../guards.js';
import type { RouteDeps } from '../route.js';
import { v0Form } from './form.js';
import { healthTests } from './health-tests.js';
import { rows } from './row.js';
import { changeRoutes } from './routes/changes.js';
import { enterpriseRoutes, openRows } from './routes/enterprise.js';
import { jobRoutes } from './routes/jobs.js';
import { phaseRunRoutes } from './routes/phase-runs.js';
import { reportRows } from './routes/reports.js';
import { runnerRoutes } from './routes/runners.js';

/** Automate 1 had it below the first, Automate 2 below the second. */
const PREFIXES = ['/api/v0/e', '/workflow/api/v0/e'];

const isHere = (path: string): boolean => /^(\/workflow)?\/api\/v0(\/|$)/.test(path);

export interface V0 {
  /** Comes first: whatever is refused from here on is refused in the original's form. */
  readonly form: HttpMiddleware;
  /** Answers everything below the prefixes, from here on in the order of the application. */
  readonly serveOn: (app: Koa<RequestState>) => void;
}

export interface V0Options {
  readonly deps: RouteDeps;
  readonly authenticator: Authenticator;
  readonly guard: (authenticator: Authenticator) => HttpMiddleware;
}

const form: HttpMiddleware = async (ctx, next) => {
  if (isHere(ctx.path)) ctx.state.form = v0Form;
  await next();
};

/** What is not here is nowhere else: the door says so. */
const nothingElse: HttpMiddleware = async (ctx, next) => {
  if (!isHere(ctx.path)) await next();
};

export const v0 = ({ deps, authenticator, guard }: V0Options): V0 => {
  const all = [
    // a fixed path stands before one with a parameter in the same place
    ...rows([...runnerRoutes(healthTests()), ...jobRoutes, ...enterpriseRoutes]),
    ...rows([...changeRoutes, ...phaseRunRoutes]),
    ...reportRows,
  ];
  const routers = PREFIXES.map((prefix) => {
    const router = new Router<RequestState>({ prefix });
    for (const { method, path, answer } of openRows)
      router[method](path, (ctx, next) => {
        ctx.state.route = `v0${path}`;
        return answer(ctx, next);
      });
    for (const { route, authenticator: own = authenticator, body = jsonBody } of all)
      router[route.method](route.path, guard(own), body, (ctx) => {
        ctx.state.route = `v0${route.path}`;
        return route.handle(deps, ctx, { ...ctx.params });
      });
    return router;
  });
  return {
    form,
    serveOn: (app) => {
      for (const router of routers) app.use(router.routes()).use(router.allowedMethods());
      app.use(nothingElse);
    },
  };
};
