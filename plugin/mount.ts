/** The API as a middleware in somebody else's Koa: their listener and their login, our routes. */
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Caller } from '../src/app/use-cases.js';
import type { HostUser, Middleware } from './contract.js';
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

/** The same, as the application knows people. */
/** The role holds everywhere: the host's own login decides who gets here. */
const callerFrom = ({ actor, role }: HostUser): Caller => ({ actor, grants: [{ role }] });

/** What is left of the address below the mount; undefined when it is not for Baton. */
export const below = (mount: string, url: string): string | undefined => {
  if (!url.startsWith(`${mount}/`)) return undefined;
  const rest = url.slice(mount.length);
  return rest.startsWith('/api/') || rest.startsWith('/workflow/api/') || /^\/healthz(?:\?|$)/.test(rest)
    ? rest
    : undefined;
};

export interface Mount {
  readonly middleware: Middleware;
  /** Whom the host let in with this request. */
  readonly callerOf: (request: IncomingMessage) => Caller | undefined;
}

export const mount = (
  options: Pick<BatonOptions, 'mount' | 'authenticate'>,
  handler: () => RequestListener | undefined,
): Mount => {
  const callers = new WeakMap<IncomingMessage, Caller>();
  return {
    callerOf: (request) => callers.get(request),
    middleware: async (ctx, next) => {
      const { req, res } = ctx;
      const url = below(options.mount, req.url ?? '/');
      if (url === undefined) {
        await next();
        return;
      }
      const user = await options.authenticate?.(ctx);
      if (isUser(user)) callers.set(req, callerFrom(user));
      ctx.respond = false;
      const over = new Promise<void>((resolve) => res.once('close', () => resolve()));
      const serve = handler();
      if (serve) {
        req.url = url;
        serve(req, res);
      } else {
        const title = 'Baton has not been started, or was stopped.';
        res.writeHead(503, { 'Content-Type': 'application/problem+json', 'Retry-After': '5' });
        res.end(JSON.stringify({ status: 503, code: 'busy', reason: 'not_started', title }));
      }
      await over;
    },
  };
};
