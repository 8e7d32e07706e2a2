/** API and pages as a middleware in somebody else's Koa: their listener and their login, our routes. */
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Caller } from '../src/app/use-cases.js';
import type { HostUser, Middleware } from './contract.js';
import { apiBelow, originalUrlOf, pageBelow } from './mounted-at.js';
import type { BatonOptions } from './options.js';

const ROLES: readonly string[] = ['viewer', 'operator', 'admin'] satisfies readonly HostUser['role'][];

/** Whoever the host is written in: a role that is none, or an actor that would be Baton itself, is nobody. */
const isUser = (value: unknown): value is HostUser =>
  typeof value === 'object' &&
  value !== null &&
  'actor' in value &&
  typeof value.actor === 'string' &&
  /^\S{1,100}$/u.test(value.actor) &&
  value.actor !== 'baton' &&
  'role' in value &&
  typeof value.role === 'string' &&
  ROLES.includes(value.role);

/** The same, as the application knows people. The role holds everywhere: the host's own login decides who gets here. */
const callerFrom = ({ actor, role }: HostUser): Caller => ({ actor, grants: [{ role }] });

export interface Mount {
  readonly middleware: Middleware;
  /** Whom the host let in with this request. */
  readonly callerOf: (request: IncomingMessage) => Caller | undefined;
}

export const mount = (
  options: Pick<BatonOptions, 'mount' | 'web' | 'authenticate'>,
  handler: () => RequestListener | undefined,
): Mount => {
  const callers = new WeakMap<IncomingMessage, Caller>();
  return {
    callerOf: (request) => callers.get(request),
    middleware: async (ctx, next) => {
      const { req, res } = ctx;
      const { url = '/', method } = req;
      const ofApi = apiBelow(options.mount, url);
      const isRead = method === 'GET' || method === 'HEAD';
      const ofPage = options.web && isRead ? pageBelow(options.mount, url, originalUrlOf(ctx)) : undefined;
      const rest = ofApi ?? ofPage?.url;
      if (rest === undefined) {
        await next();
        return;
      }
      // the pages tell nothing of what is stored, so nobody is asked for them
      const user = ofApi === undefined ? undefined : await options.authenticate?.(ctx);
      if (isUser(user)) callers.set(req, callerFrom(user));
      ctx.respond = false;
      const over = new Promise<void>((resolve) => res.once('close', () => resolve()));
      const serve = handler();
      if (serve === undefined) {
        const title = 'Baton has not been started, or was stopped.';
        res.writeHead(503, { 'Content-Type': 'application/problem+json', 'Retry-After': '5' });
        res.end(JSON.stringify({ status: 503, code: 'busy', reason: 'not_started', title }));
      } else if (ofPage?.moved !== undefined) {
        res.writeHead(302, { Location: ofPage.moved });
        res.end();
      } else {
        req.url = rest;
        serve(req, res);
      }
      await over;
    },
  };
};
