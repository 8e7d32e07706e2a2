/** What one route is, and how a request is led through it: role, codecs, command, answer. */
import { createHash, randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type * as t from 'io-ts';
import { appError, type AppError, type Problem } from '../app/errors.js';
import type { Caller, CommandContext, Sees, UseCases } from '../app/use-cases.js';
import type { Role } from '../domain/grants.js';
import { deriveId } from '../kernel/ids.js';
import type { Answer } from './answer.js';
import { mayAtAll, mayHere, seesOf, type Where } from './authorize.js';
import { problemsFrom, type JsonSchema } from './closed.js';
import { HeaderValues, IfMatchHeader, Nothing } from './codecs.js';
import type { HttpContext } from './context.js';
import type { FollowedLogs } from './followed-logs.js';
import type { OpenStreams } from './open-streams.js';
import { refuse } from './respond.js';
import { send } from './send.js';
import type { Pace } from './pace.js';

export type { Answer };

type Decoder<A> = t.Type<A, unknown>;

type Method = 'get' | 'post' | 'delete';

export interface Call<P, Q, H, B> {
  readonly params: P;
  readonly query: Q;
  readonly headers: H;
  readonly body: B;
  readonly context: CommandContext;
  readonly range: string;
  /** As it was asked for, without the query. */
  readonly path: string;
  readonly pace: Pace;
  readonly logs: FollowedLogs;
  /** Aborts when the client has gone, or has its answer. */
  readonly gone: () => AbortSignal;
  /** What the caller may see; absent: everything. A row that is open `anywhere` hands it on. */
  readonly sees?: Sees;
}

/** What the description of the API says of a row. */
export interface Doc {
  readonly summary: string;
  /** Absent: an answer of a shape that is not described. */
  readonly answer?: JsonSchema;
  /** Absent: 200. */
  readonly status?: number;
  /** Another status with an answer of the same shape, and when it comes. */
  readonly also?: { readonly status: number; readonly when: string };
  /** Absent: JSON. */
  readonly media?: string;
  /** Of a body. */
  readonly example?: unknown;
}

/** One row of the table. `run` is given only what its codecs let through. */
export interface Spec<P, Q, H, B> {
  readonly method: Method;
  readonly path: string;
  readonly role: Role;
  /** Where the role is needed; absent: everywhere. */
  readonly where?: Where<NoInfer<P>, NoInfer<B>>;
  /** Whether `If-Match` names a revision here; absent: on commands to a thing that the path names. */
  readonly ifMatch?: boolean;
  readonly doc?: Doc;
  readonly params: Decoder<P>;
  readonly query: Decoder<Q>;
  /** Headers beside `Idempotency-Key`. */
  readonly headers: Decoder<H>;
  readonly body: Decoder<B>;
  /** What no codec can find wrong, of a query as it came in; told with what they find. */
  readonly alsoWrong?: (
    useCases: UseCases,
    query: Readonly<Record<string, unknown>>,
  ) => TaskEither<AppError, readonly Problem[]>;
  readonly run: (useCases: UseCases, call: Call<P, Q, H, B>) => TaskEither<AppError, Answer>;
}

/** A row whose codecs are closed over, so that rows of different types fit in one table. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly role: Role;
  readonly where: 'everywhere' | 'anywhere' | 'there';
  /** Whether `If-Match` is looked at. */
  readonly takesRevision: boolean;
  readonly doc: Doc;
  readonly input: Readonly<Record<'params' | 'query' | 'headers' | 'body', t.Mixed>>;
  readonly handle: (deps: RouteDeps, ctx: HttpContext, params: unknown) => Promise<void>;
}

export interface RouteDeps {
  readonly useCases: UseCases;
  readonly pace: Pace;
  readonly streams: OpenStreams;
  readonly logs: FollowedLogs;
}

/** What is wrong with what came in, all of it. */
export const invalid = (errors: t.Errors, further: readonly Problem[] = []): AppError => {
  const problems = [...problemsFrom(errors), ...further];
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
  { 'Idempotency-Key': key }: t.TypeOf<typeof HeaderValues>,
  { 'If-Match': expectedRevision }: t.TypeOf<typeof IfMatchHeader>,
  reason: string | undefined,
): CommandContext => ({
  caller,
  commandId: key === undefined ? randomUUID() : deriveId(caller.actor, ctx.method, ctx.path, key),
  bodySha256: createHash('sha256').update(ctx.request.rawBody).digest('hex'),
  ...(reason === undefined ? {} : { reason }),
  ...(expectedRevision === undefined || expectedRevision === '*' ? {} : { expectedRevision }),
});

const reasonOf = (body: unknown): string | undefined =>
  typeof body === 'object' && body !== null && 'reason' in body && typeof body.reason === 'string'
    ? body.reason
    : undefined;

/** Browsers send headers on their own account; a row without a codec for them does not look. */
const takesNoHeaders = (codec: unknown): boolean => codec === Nothing;

const takesRevision = ({
  method,
  path,
  ifMatch,
}: Pick<Spec<never, never, never, never>, 'method' | 'path' | 'ifMatch'>): boolean =>
  ifMatch ?? (method === 'post' && path.includes(':'));

const goneFrom = ({ res }: HttpContext): AbortSignal => {
  const abort = new AbortController();
  if (res.closed) abort.abort();
  else
    res.once('close', () => {
      abort.abort();
    });
  return abort.signal;
};

/** Makes a row of the table. */
export const route = <P, Q, H, B>(spec: Spec<P, Q, H, B>): Route => ({
  method: spec.method,
  path: spec.path,
  role: spec.role,
  where: typeof spec.where === 'function' ? 'there' : (spec.where ?? 'everywhere'),
  takesRevision: takesRevision(spec),
  doc: spec.doc ?? { summary: `${spec.method} ${spec.path}` },
  input: { params: spec.params, query: spec.query, headers: spec.headers, body: spec.body },
  handle: async (deps, ctx, rawParams) => {
    const { useCases, pace, logs } = deps;
    const { caller } = ctx.state;
    // no route is reached without a token; this is for the compiler
    if (caller === undefined || ctx.state.callerNow === undefined)
      throw new Error('a route was reached without a caller');
    const atAll = mayAtAll(caller, spec.role);
    if (E.isLeft(atAll)) {
      refuse(ctx, atAll.left);
      return;
    }
    const isCommand = spec.method !== 'get';
    const params = spec.params.decode(rawParams);
    const asked = { ...ctx.query };
    const query = spec.query.decode(asked);
    const key = HeaderValues.decode(isCommand ? present(ctx, ['Idempotency-Key']) : {});
    const match = (takesRevision(spec) ? IfMatchHeader : Nothing).decode(
      isCommand ? present(ctx, ['If-Match']) : {},
    );
    const headers = spec.headers.decode(takesNoHeaders(spec.headers) ? {} : present(ctx, ['Last-Event-ID']));
    const body = spec.body.decode(isCommand ? (ctx.request.body ?? {}) : {});
    const further = await (spec.alsoWrong?.(useCases, asked) ?? TE.right([]))();
    if (E.isLeft(further)) {
      refuse(ctx, further.left);
      return;
    }
    if (
      further.right.length > 0 ||
      E.isLeft(params) ||
      E.isLeft(query) ||
      E.isLeft(key) ||
      E.isLeft(match) ||
      E.isLeft(headers) ||
      E.isLeft(body)
    ) {
      const parts = [params, query, key, match, headers, body];
      const errors = parts.flatMap((part) => (E.isLeft(part) ? part.left : []));
      refuse(ctx, invalid(errors, further.right));
      return;
    }
    const named = await mayHere(useCases, caller, spec.role, spec.where ?? 'everywhere', {
      params: params.right,
      body: body.right,
    });
    if (E.isLeft(named)) {
      refuse(ctx, named.left);
      return;
    }
    const sees = seesOf(caller);
    const answer = await spec.run(useCases, {
      params: named.right,
      query: query.right,
      headers: headers.right,
      body: body.right,
      context: contextOf(ctx, caller, key.right, match.right, reasonOf(body.right)),
      range: ctx.get('Range'),
      path: ctx.path,
      pace,
      logs,
      gone: () => goneFrom(ctx),
      ...(sees === undefined ? {} : { sees }),
    })();
    if (E.isLeft(answer)) refuse(ctx, answer.left);
    else send(deps.streams, ctx, caller, ctx.state.callerNow, answer.right);
  },
});
