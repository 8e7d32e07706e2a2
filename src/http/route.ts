/** What one route is, and how a request is led through it: role, codecs, command, answer. */
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type * as t from 'io-ts';
import { appError, type AppError } from '../app/errors.js';
import type { Caller, CommandContext, UseCases } from '../app/use-cases.js';
import { deriveId } from '../kernel/ids.js';
import { problemsFrom } from './closed.js';
import { HeaderValues, Nothing } from './codecs.js';
import type { HttpContext } from './context.js';
import { refuse } from './respond.js';
import type { Pace } from './pace.js';

export type Answer =
  /** A refusal with a header that belongs to it. */
  | {
      readonly kind: 'refusal';
      readonly error: AppError;
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'json';
      readonly status: 200 | 201 | 202;
      readonly value: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      /** Revision, for `ETag`. */
      readonly revision?: number;
      /** Answered from what was recorded before. */
      readonly repeated?: boolean;
    }
  | {
      readonly kind: 'stream';
      readonly status: 200 | 206;
      readonly headers: Readonly<Record<string, string>>;
      /** Pulled only as fast as the reader reads; must end soon after `signal` aborts. */
      readonly pieces: (
        signal: AbortSignal,
        requestId: string,
      ) => AsyncIterable<string | Buffer> | Iterable<string | Buffer>;
    };

export type Role = Caller['role'];
type Decoder<A> = t.Type<A, unknown>;

export interface Call<P, Q, H, B> {
  readonly params: P;
  readonly query: Q;
  readonly headers: H;
  readonly body: B;
  readonly context: CommandContext;
  readonly range: string;
  readonly pace: Pace;
}

/** One row of the table. `run` is given only what its codecs let through. */
export interface Spec<P, Q, H, B> {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly role: Role;
  readonly params: Decoder<P>;
  readonly query: Decoder<Q>;
  /** Headers beside `Idempotency-Key`. */
  readonly headers: Decoder<H>;
  readonly body: Decoder<B>;
  readonly run: (useCases: UseCases, call: Call<P, Q, H, B>) => TaskEither<AppError, Answer>;
}

/** A row whose codecs are closed over, so that rows of different types fit in one table. */
export interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly role: Role;
  readonly handle: (deps: RouteDeps, ctx: HttpContext, params: unknown) => Promise<void>;
}

export interface RouteDeps {
  readonly useCases: UseCases;
  readonly pace: Pace;
  /** Streams that are open, so that closing the server ends them. */
  readonly streams: Set<AbortController>;
}

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

const invalid = (errors: t.Errors): AppError => {
  const problems = problemsFrom(errors);
  const names = [...new Set(problems.map((problem) => `\`${problem.path || 'the whole'}\``))].join(', ');
  const message = `The request holds ${problems.length === 1 ? 'a value' : `${problems.length} values`} that cannot be used: ${names}.`;
  return appError('invalid', 'invalid_input', message, { hint: 'Mend what `problems` lists.', problems });
};

/** Present headers by the names under which people know them. */
const present = (ctx: HttpContext, names: readonly string[]): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const name of names) if (ctx.get(name) !== '') found[name] = ctx.get(name);
  return found;
};

/** The same actor, route and key give the same id, so a repeat is recognised; without a key every call is a new one. */
const contextOf = (
  ctx: HttpContext,
  caller: Caller,
  key: string | undefined,
  reason: string | undefined,
): CommandContext => ({
  caller,
  commandId: key === undefined ? randomUUID() : deriveId(caller.actor, ctx.method, ctx.path, key),
  bodySha256: createHash('sha256').update(ctx.request.rawBody).digest('hex'),
  ...(reason === undefined ? {} : { reason }),
});

const reasonOf = (body: unknown): string | undefined =>
  typeof body === 'object' && body !== null && 'reason' in body && typeof body.reason === 'string'
    ? body.reason
    : undefined;

const send = (deps: RouteDeps, ctx: HttpContext, answer: Answer): void => {
  if (answer.kind === 'refusal') {
    ctx.set({ ...answer.headers });
    refuse(ctx, answer.error);
    return;
  }
  ctx.status = answer.status;
  if (answer.kind === 'json') {
    ctx.set({ ...answer.headers });
    ctx.set('Cache-Control', 'no-store');
    if (answer.revision !== undefined) ctx.set('ETag', `"${answer.revision}"`);
    if (answer.repeated === true) ctx.set('Idempotency-Replayed', 'true');
    ctx.set('Content-Type', 'application/json; charset=utf-8');
    ctx.body = JSON.stringify(answer.value);
    return;
  }
  ctx.set({ ...answer.headers });
  if (ctx.method === 'HEAD') return;
  const abort = new AbortController();
  deps.streams.add(abort);
  ctx.res.once('close', () => {
    deps.streams.delete(abort);
    abort.abort();
  });
  // one piece ahead and no more: the reader's pace is the source's pace
  ctx.body = Readable.from(answer.pieces(abort.signal, ctx.state.requestId), { highWaterMark: 1 });
};

/** Browsers send headers on their own account; a row without a codec for them does not look. */
const takesNoHeaders = (codec: unknown): boolean => codec === Nothing;

/** Makes a row of the table. */
export const route = <P, Q, H, B>(spec: Spec<P, Q, H, B>): Route => ({
  method: spec.method,
  path: spec.path,
  role: spec.role,
  handle: async (deps, ctx, rawParams) => {
    const { caller } = ctx.state;
    if (caller === undefined || ranks[caller.role] < ranks[spec.role]) {
      const found = caller === undefined ? 'none' : caller.role;
      refuse(
        ctx,
        appError('forbidden', 'role_too_low', `This needs the role ${spec.role}; the token has ${found}.`, {
          hint: `Use a token with the role ${spec.role}.`,
        }),
      );
      return;
    }
    const params = spec.params.decode(rawParams);
    const query = spec.query.decode({ ...ctx.query });
    const key = HeaderValues.decode(spec.method === 'post' ? present(ctx, ['Idempotency-Key']) : {});
    const headers = spec.headers.decode(takesNoHeaders(spec.headers) ? {} : present(ctx, ['Last-Event-ID']));
    const body = spec.body.decode(spec.method === 'post' ? (ctx.request.body ?? {}) : {});
    if (E.isLeft(params) || E.isLeft(query) || E.isLeft(key) || E.isLeft(headers) || E.isLeft(body)) {
      const errors = [params, query, key, headers, body].flatMap((part) => (E.isLeft(part) ? part.left : []));
      refuse(ctx, invalid(errors));
      return;
    }
    const answer = await spec.run(deps.useCases, {
      params: params.right,
      query: query.right,
      headers: headers.right,
      body: body.right,
      context: contextOf(ctx, caller, key.right['Idempotency-Key'], reasonOf(body.right)),
      range: ctx.get('Range'),
      pace: deps.pace,
    })();
    if (E.isLeft(answer)) refuse(ctx, answer.left);
    else send(deps, ctx, answer.right);
  },
});
