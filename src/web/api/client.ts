/** The HTTP API for the pages: the same routes and shapes as for programs; the session cookie says who asks. */
import type { ProblemDocument } from '../../http/problem.js';
import { base } from './base.js';
import { tellServerTime } from './clock.js';

/** A refusal of the server, or that none answered. */
export class ApiProblem extends Error {
  readonly problem: ProblemDocument;
  constructor(problem: ProblemDocument) {
    super(problem.detail);
    this.name = 'ApiProblem';
    this.problem = problem;
  }
}

const ownProblem = (code: string, reason: string, detail: string, hint: string): ProblemDocument => ({
  ...{ type: `urn:baton:problem:${code}`, title: 'No usable answer', status: 0, instance: '' },
  ...{ code, reason, detail, hint },
});

/** No server answers. */
export const unreachable = ownProblem(
  'unreachable',
  'server_unreachable',
  'The server does not answer.',
  'The page goes on trying; what is shown may be old.',
);
const unexpected = ownProblem(
  'unreachable',
  'unexpected_answer',
  'What answered is not a Baton server.',
  'A proxy on the way may be failing; its administrator knows more.',
);

const isProblem = (value: unknown): value is ProblemDocument =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  typeof value.code === 'string' &&
  'detail' in value &&
  typeof value.detail === 'string';

const refusalOf = async (response: Response): Promise<ProblemDocument> => {
  if (response.headers.get('Content-Type')?.startsWith('application/problem+json') !== true)
    return unexpected;
  const document: unknown = await response.json();
  return isProblem(document) ? document : unexpected;
};

/** What stands in a query; undefined members are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `?a=b&…`, or nothing. */
export const queryOf = (values: Query): string => {
  const present = Object.entries(values).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return present.length === 0 ? '' : `?${new URLSearchParams(present).toString()}`;
};

/** Path below `/api/v1` with its parts quoted, as this host has it. */
export const apiPath = (...parts: readonly string[]): string =>
  `${base}/api/v1/${parts.map((part) => encodeURIComponent(part)).join('/')}`;

interface Sending {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  /** Names the command, so that a repeat does nothing twice. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One request; throws an `ApiProblem`, or what an abort throws. */
export const send = async (
  url: string,
  { method = 'GET', body, key, headers, signal }: Sending = {},
): Promise<Response> => {
  const response = await fetch(url, {
    method,
    credentials: 'same-origin',
    redirect: 'error',
    headers: {
      ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      ...headers,
    },
    ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw new ApiProblem(unreachable);
  });
  tellServerTime(response.headers.get('Date'));
  if (!response.ok) throw new ApiProblem(await refusalOf(response));
  return response;
};

/** The JSON of an answer. */
export const ask = async <A>(url: string, sending: Sending = {}): Promise<A> => {
  const response = await send(url, sending);
  if (response.headers.get('Content-Type')?.startsWith('application/json') !== true)
    throw new ApiProblem(unexpected);
  // pages and server are of one package; the version in the path stands for the shape
  return (await response.json()) as A;
};

/** What to tell a person of anything that was thrown. */
export const problemOf = (error: unknown): ProblemDocument =>
  error instanceof ApiProblem
    ? error.problem
    : ownProblem('internal', 'page_failed', 'The page failed.', error instanceof Error ? error.message : '');

/** For `Idempotency-Key`: `randomUUID` is there in secure contexts only (W3C Web Cryptography, §10). */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
