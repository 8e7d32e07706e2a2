/** What accompanies one request on its way through the middlewares. */
import type { ParameterizedContext } from 'koa';
import type { AppError } from '../app/errors.js';
import type { Caller } from '../app/use-cases.js';
import type { Instant } from '../kernel/time.js';

/** What a refusal is on the wire. */
export interface RefusalBody {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

export type RefusalForm = (error: AppError, requestId: string) => RefusalBody;

export interface RequestState {
  /** UUID; answered as `X-Request-Id`, and in every line of the log. */
  requestId: string;
  /** Present behind the check of the token. */
  caller?: Caller;
  /** The same token looked at again, for answers that go on. */
  callerNow?: () => Caller | undefined;
  /** How the caller is known: as whom an embedding host let in, by a token, or by the cookie of a login. */
  via?: 'host' | 'token' | 'cookie';
  /** When that ends by itself; absent: never. */
  expiresAt?: Instant;
  /** The pattern of the route that was found. */
  route?: string;
  /** How refusals are written below this path; absent: as RFC 9457 has it. */
  form?: RefusalForm;
  /** What was refused, for the log. */
  refusal?: AppError;
}

export type HttpContext = ParameterizedContext<RequestState>;
export type HttpMiddleware = (ctx: HttpContext, next: () => Promise<unknown>) => Promise<void>;
