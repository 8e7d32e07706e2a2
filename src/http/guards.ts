/** What every request passes before a route sees it: id, door, length, host, body. */
import { randomUUID } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bodyParser } from '@koa/bodyparser';
import type { Logger } from 'pino';
import { appError, type AppError } from '../app/errors.js';
import type { HttpMiddleware } from './context.js';
import type { Answered } from './metrics.js';
import { refuse } from './respond.js';
import { ofAnswers } from './web/headers.js';

const MAX_BODY_BYTES = 1_048_576;
const MAX_URL_LENGTH = 8192;

/** Gives the request its id. */
export const requestId: HttpMiddleware = async (ctx, next) => {
  ctx.state.requestId = randomUUID();
  ctx.set('X-Request-Id', ctx.state.requestId);
  ctx.set(ofAnswers);
  await next();
};

/** The one door: whatever is thrown behind it becomes a 500 without its inside, and a line in the log. */
export const door =
  (logger: Logger, count: (answered: Answered) => void): HttpMiddleware =>
  async (ctx, next) => {
    const start = performance.now();
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) {
        refuse(
          ctx,
          appError('not_found', 'route_not_found', `Nothing is served at ${ctx.method} ${ctx.path}.`, {
            hint: `See ${ctx.path.startsWith('/api/v0/') ? 'docs/api-v0.md' : 'docs/api.md'} for what is.`,
          }),
        );
      } else if ((ctx.status === 405 || ctx.status === 501) && ctx.body === undefined) {
        const allow = ctx.response.get('Allow');
        refuse(
          ctx,
          appError('invalid', 'method_not_allowed', `${ctx.path} does not understand ${ctx.method}.`, {
            ...(allow === '' ? {} : { hint: `It understands ${allow}.` }),
          }),
        );
      }
    } catch (cause) {
      refuse(ctx, appError('internal', 'internal', 'unexpected', { cause }));
    }
    const { refusal, route = 'none' } = ctx.state;
    const seconds = (performance.now() - start) / 1000;
    count({ method: ctx.method, route, status: ctx.status, seconds });
    const line = {
      requestId: ctx.state.requestId,
      method: ctx.method,
      path: ctx.path,
      status: ctx.status,
      actor: ctx.state.caller?.actor,
      ms: Math.round(seconds * 1000),
      ...(refusal === undefined ? {} : { code: refusal.code, reason: refusal.reason }),
    };
    if (refusal?.code === 'internal') {
      logger.error({ ...line, err: refusal.cause, detail: refusal.message }, 'request failed');
    } else if (refusal?.cause !== undefined) logger.warn({ ...line, err: refusal.cause }, 'request refused');
    else logger.info(line, 'request');
  };

/** Name and port of a `Host` header, lower case; undefined when it is not one. */
const parseHost = (header: string): { name: string; host: string } | undefined => {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/.exec(header.toLowerCase());
  return match?.[1] === undefined ? undefined : { name: match[1], host: match[0] };
};

const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));

/**
 * Keeps web pages of others out: a name that was rebound to this address is not ours (DNS rebinding), and a page from
 * another origin is refused even before its token is looked at.
 */
export const hostCheck =
  (allowed: readonly string[]): HttpMiddleware =>
  async (ctx, next) => {
    const listed = allowed.map((entry) => entry.toLowerCase());
    const isListed = (at: { name: string; host: string }): boolean =>
      listed.includes(at.name) || listed.includes(at.host);
    const host = parseHost(ctx.get('Host'));
    if (host === undefined || !(isLoopback(host.name) || isListed(host))) {
      refuse(
        ctx,
        appError(
          'forbidden',
          'host_not_allowed',
          'The Host header is not a name that this server answers to.',
          {
            hint: 'Use 127.0.0.1 or localhost, or start the server with --allowed-host NAME.',
          },
        ),
      );
      return;
    }
    const origin = ctx.get('Origin');
    if (origin !== '') {
      const from = parseHost(origin.replace(/^https?:\/\//i, ''));
      if (from === undefined || !(from.host === host.host || isListed(from))) {
        refuse(
          ctx,
          appError('forbidden', 'origin_not_allowed', 'Pages of another origin may not use this server.', {
            hint: 'Start the server with --allowed-host and the host of the page.',
          }),
        );
        return;
      }
    }
    await next();
  };

/** Before anything is taken from the URL. */
export const urlLength: HttpMiddleware = async (ctx, next) => {
  if (ctx.url.length > MAX_URL_LENGTH) {
    refuse(
      ctx,
      appError('invalid', 'url_too_long', `The URL is longer than ${MAX_URL_LENGTH} characters.`, {
        hint: 'Send less in the query.',
      }),
    );
    return;
  }
  await next();
};

const hasBody = (length: string, transferEncoding: string): boolean =>
  transferEncoding !== '' || (length !== '' && length !== '0');

/** JSON of at most so many bytes, or nothing; it is not read on when it is larger. */
export const jsonBody = (mostBytes: number, tooLarge: AppError): HttpMiddleware => {
  const parse = bodyParser({ enableTypes: ['json'], jsonLimit: mostBytes });
  return async (ctx, next) => {
    if (ctx.method === 'POST' && hasBody(ctx.get('Content-Length'), ctx.get('Transfer-Encoding'))) {
      if (ctx.is('application/json') !== 'application/json') {
        refuse(
          ctx,
          appError('invalid', 'body_not_json', 'The body is not of type application/json.', {
            hint: 'Send JSON with `Content-Type: application/json`.',
          }),
        );
        return;
      }
      try {
        await parse(ctx, () => Promise.resolve());
      } catch (cause) {
        // the message and members of `cause` repeat the body, which may hold a private key
        const status = typeof cause === 'object' && cause !== null && 'status' in cause ? cause.status : 0;
        refuse(
          ctx,
          status === 413
            ? tooLarge
            : appError('invalid', 'body_malformed', 'The body is not a JSON object.', {
                hint: 'Send an object, as docs/api.md shows for this route.',
              }),
        );
        return;
      }
    } else ctx.request.rawBody = '';
    await next();
  };
};

/** JSON of at most 1 MiB, or nothing. */
export const body = jsonBody(
  MAX_BODY_BYTES,
  appError('invalid', 'body_too_large', 'The body is larger than 1 MiB.', { hint: 'Send less.' }),
);
