/** The HTTP API as functions: typed answers, refusals as values, streams that survive a lost connection. */
import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { ExplainAnswer } from '../../projections/explain.js';
import type { HistoryRow } from '../../projections/history.js';
import type { HistorySummary } from '../../projections/history-summary.js';
import type { JobView } from '../../projections/jobs.js';
import type { QueueAnswer } from '../app/queue-window.js';
import type { RunnerAsOf, RunnerStatus } from '../app/evidence.js';
import type { TimelineEntry } from '../../projections/timeline.js';
import type {
  AddRunner,
  JobRetried,
  ChangeView,
  FoundInLog,
  LogLines,
  RunnerAdded,
  RunnerTested,
  SecretView,
  SetRunner,
  SubmitChange,
} from '../app/use-cases.js';
import type { GrantView, IssuedToken, TokenView } from '../app/access-use-cases.js';
import type { Installation } from '../app/installation.js';
import type { ToolchainsView } from '../app/toolchains.js';
import type { WebhookView } from '../app/webhooks.js';
import type { ProblemDocument } from '../http/problem.js';
import type { Asked } from './as-of.js';
import { readEvents, type ServerEvent } from './events.js';
import type { Fetch } from './trusting-fetch.js';

export type Got<A> = E.Either<ProblemDocument, A>;
export interface Items<A> {
  readonly items: readonly A[];
}
/** One page of a list; without `next` it is the last. */
export type Paged<A> = Asked<Items<A> & { readonly next?: string }>;
/** Which page of a list, and of which moment. */
export interface Paging {
  readonly at?: string;
  readonly cursor?: string;
  readonly limit?: string;
}

export interface Endpoint {
  readonly url: string;
  readonly token: string | undefined;
  /** Absent: the one that is built in. */
  readonly fetch?: Fetch;
}

/** A refusal that the client itself makes. */
export const localProblem = (
  code: string,
  reason: string,
  detail: string,
  hint: string,
): ProblemDocument => ({
  type: `urn:baton:problem:${code}`,
  title: 'No usable answer',
  status: 0,
  detail,
  code,
  reason,
  hint,
  instance: `urn:uuid:${randomUUID()}`,
});

const unreachable = (url: string, cause: unknown): ProblemDocument => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const why = inner instanceof Error && inner.message !== '' ? inner.message : String(inner);
  return localProblem(
    'unreachable',
    'server_unreachable',
    `No Baton server answers at ${url} (${why}).`,
    'Start one with `baton serve`, or name another with --url or BATON_URL.',
  );
};

const isProblem = (value: unknown): value is ProblemDocument =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  typeof value.code === 'string' &&
  'detail' in value &&
  typeof value.detail === 'string' &&
  'status' in value;

const notBaton = (url: string, response: Response): ProblemDocument =>
  localProblem(
    'not_baton',
    'unexpected_answer',
    `What answers at ${url} is not a Baton server (status ${response.status}).`,
    'Check --url or BATON_URL.',
  );

const refusalOf = async (url: string, response: Response): Promise<ProblemDocument> => {
  if (response.headers.get('Content-Type')?.startsWith('application/problem+json') === true) {
    const document: unknown = await response.json();
    if (isProblem(document)) return document;
  }
  await response.body?.cancel();
  return notBaton(url, response);
};

const isReset = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof Error &&
  'code' in error.cause &&
  ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(String(error.cause.code));

interface Sending {
  readonly method?: 'POST';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One request. A command carries a key of its own, so that it is sent again without harm when the answer was lost. */
const send = async (at: Endpoint, path: string, sending: Sending = {}): Promise<Got<Response>> => {
  const request = {
    method: sending.method ?? 'GET',
    redirect: 'error' as const,
    headers: {
      ...(at.token === undefined ? {} : { Authorization: `Bearer ${at.token}` }),
      ...(sending.method === 'POST'
        ? { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() }
        : {}),
      ...sending.headers,
    },
    ...(sending.method === 'POST' ? { body: JSON.stringify(sending.body ?? {}) } : {}),
    ...(sending.signal === undefined ? {} : { signal: sending.signal }),
  };
  const target = `${at.url}/api/v1${path}`;
  try {
    const asked = at.fetch ?? fetch;
    const response = await asked(target, request).catch((error: unknown) => {
      if (isReset(error)) return asked(target, request);
      throw error;
    });
    return response.ok ? E.right(response) : E.left(await refusalOf(at.url, response));
  } catch (error) {
    return E.left(unreachable(at.url, error));
  }
};

const ask = async <A>(at: Endpoint, path: string, sending: Sending = {}): Promise<Got<A>> => {
  const response = await send(at, path, sending);
  if (E.isLeft(response)) return response;
  if (response.right.headers.get('Content-Type')?.startsWith('application/json') !== true) {
    await response.right.body?.cancel();
    return E.left(notBaton(at.url, response.right));
  }
  try {
    // client and server are of one package; the version in the path stands for the shape
    return E.right((await response.right.json()) as A);
  } catch (error) {
    return E.left(unreachable(at.url, error));
  }
};

/** Path with its parts quoted. */
const to = (...parts: readonly string[]): string =>
  `/${parts.map((part) => encodeURIComponent(part)).join('/')}`;

const query = (values: Readonly<Record<string, string | undefined>>): string => {
  const present = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return present.length === 0 ? '' : `?${present.join('&')}`;
};

export type NewRunner = Pick<AddRunner, 'name' | 'host' | 'user'> & Partial<AddRunner>;
/** As it was typed; the server says what of it cannot be used. */
export interface NewGrant {
  readonly subject: string;
  readonly role: string;
  readonly enterprise?: string;
  readonly organisation?: string;
  readonly project?: string;
  readonly reason?: string;
}
export type ChangesQuery = Readonly<Partial<Record<'status' | 'project', string>>>;
export type JobsQuery = Readonly<Partial<Record<'status' | 'runner' | 'change', string>>>;
/** Of a job's log: which attempt, and which output. */
export type LogQuery = Readonly<Partial<Record<'attempt' | 'output', string>>>;
export const logQueryOf = ({ attempt, output }: LogQuery): LogQuery => ({
  ...(attempt === undefined ? {} : { attempt }),
  ...(output === undefined ? {} : { output }),
});
/** Filters, `at` and paging, as they stand in a query. */
export type ReadQuery = Readonly<Record<string, string | undefined>>;

export type ChangeDeedWord = 'approve' | 'deliver' | 'cancel' | 'delete';

export type RunnerAct = 'drain' | 'pause' | 'resume' | 'clear' | 'remove';
export interface RunnerActBody {
  readonly reason?: string;
  readonly until?: string;
  readonly slot?: number;
  readonly cancelJobs?: boolean;
}
export interface TrustBody {
  readonly reason?: string;
  readonly fingerprint?: string;
  readonly jump?: boolean;
}

/** Everything that the commands need of a server. */
export const createClient = (at: Endpoint) => ({
  url: at.url,
  addRunner: (body: NewRunner) => ask<RunnerAdded>(at, '/runners', { method: 'POST', body }),
  listRunners: (when?: string) => ask<Asked<Items<RunnerAsOf>>>(at, `/runners${query({ at: when })}`),
  showRunner: (name: string, when?: string) =>
    ask<Asked<RunnerAsOf>>(at, to('runners', name) + query({ at: when })),
  testRunner: (
    name: string,
    body: { readonly acceptHostKey?: string; readonly acceptJumpHostKey?: string } = {},
  ) => ask<RunnerTested>(at, to('runners', name, 'test'), { method: 'POST', body }),
  proveRunner: (name: string) =>
    ask<RunnerTested>(at, to('runners', name, 'prove'), { method: 'POST', body: {} }),
  actOnRunner: (name: string, act: RunnerAct, body: RunnerActBody) =>
    ask<RunnerStatus>(at, to('runners', name, act), { method: 'POST', body }),
  trustRunner: (name: string, body: TrustBody) =>
    ask<RunnerTested>(at, to('runners', name, 'trust'), { method: 'POST', body }),
  setRunner: (name: string, body: SetRunner & { readonly reason?: string }) =>
    ask<RunnerAdded>(at, to('runners', name, 'settings'), { method: 'POST', body }),
  showInstallation: () => ask<Installation>(at, '/installation'),
  listToolchains: () => ask<ToolchainsView>(at, '/toolchains'),
  submitChange: (body: SubmitChange) => ask<ChangeView>(at, '/changes', { method: 'POST', body }),
  /** One page; `everyPage` asks for all. */
  listChanges: (filter: ChangesQuery & Paging) =>
    ask<Paged<ChangeView>>(at, `/changes${query({ ...filter })}`),
  showChange: (id: string, when?: string) =>
    ask<Asked<ChangeView>>(at, to('changes', id) + query({ at: when })),
  /** One page; `everyPage` asks for all. */
  listJobs: (filter: JobsQuery & Paging) => ask<Paged<JobView>>(at, `/jobs${query({ ...filter })}`),
  showJob: (id: string, when?: string) => ask<Asked<JobView>>(at, to('jobs', id) + query({ at: when })),
  /** `approve`, `deliver`, `cancel` or `delete`. */
  doChange: (id: string, deed: ChangeDeedWord, reason?: string) =>
    ask<ChangeView>(at, to('changes', id, deed), {
      method: 'POST',
      body: reason === undefined ? {} : { reason },
    }),
  rerunChange: (
    id: string,
    body: Readonly<Partial<Record<'stage' | 'phase' | 'consumer' | 'reason', string>>>,
  ) => ask<ChangeView>(at, to('changes', id, 'rerun'), { method: 'POST', body }),
  cancelJob: (id: string, reason?: string) =>
    ask<JobView>(at, to('jobs', id, 'cancel'), {
      method: 'POST',
      body: reason === undefined ? {} : { reason },
    }),
  closeJob: (id: string, as: string, reason: string) =>
    ask<JobView>(at, to('jobs', id, 'close'), { method: 'POST', body: { as, reason } }),
  retryJob: (id: string, elsewhere: boolean, reason?: string) =>
    ask<JobRetried>(at, to('jobs', id, 'retry'), {
      method: 'POST',
      body: { ...(elsewhere ? { elsewhere } : {}), ...(reason === undefined ? {} : { reason }) },
    }),
  explainJob: (id: string, when?: string) =>
    ask<Asked<ExplainAnswer>>(at, to('jobs', id, 'explain') + query({ at: when })),
  jobTimeline: (id: string, when?: string) =>
    ask<Asked<Items<TimelineEntry>>>(at, to('jobs', id, 'timeline') + query({ at: when })),
  /** All of it, or a part. */
  queue: (wanted: ReadQuery = {}) => ask<Asked<QueueAnswer>>(at, `/queue${query(wanted)}`),
  /** One page; `everyPage` asks for all. */
  history: (filter: ReadQuery) => ask<Paged<HistoryRow>>(at, `/history${query(filter)}`),
  summariseHistory: (filter: ReadQuery) =>
    ask<Asked<Items<HistorySummary>>>(at, `/history/summary${query(filter)}`),
  /** The bytes of the export, as they come. */
  exportHistory: (filter: ReadQuery) => send(at, `/history/export${query(filter)}`),
  setSecret: (ref: string, value: string, reason?: string) =>
    ask<SecretView>(at, '/secrets', {
      method: 'POST',
      body: { ref, value, ...(reason === undefined ? {} : { reason }) },
    }),
  listWebhooks: () => ask<Items<WebhookView>>(at, '/webhooks'),
  replayWebhook: (name: string, from: string) =>
    ask<WebhookView>(at, to('webhooks', name, 'replay'), { method: 'POST', body: { from } }),
  listSecrets: () => ask<Items<SecretView>>(at, '/secrets'),
  removeSecret: (ref: string, reason?: string) =>
    ask<{ readonly ref: string }>(at, '/secrets/remove', {
      method: 'POST',
      body: { ref, ...(reason === undefined ? {} : { reason }) },
    }),
  issueToken: (body: NewGrant & { readonly expiresAt?: string; readonly expiresIn?: string }) =>
    ask<IssuedToken>(at, '/tokens', { method: 'POST', body }),
  listTokens: () => ask<Items<TokenView>>(at, '/tokens'),
  revokeToken: (id: string, reason?: string) =>
    ask<TokenView>(at, to('tokens', id, 'revoke'), {
      method: 'POST',
      body: reason === undefined ? {} : { reason },
    }),
  listRoles: () => ask<Items<GrantView>>(at, '/roles'),
  grantRole: (body: NewGrant) => ask<GrantView>(at, '/roles/grant', { method: 'POST', body }),
  withdrawRole: (body: NewGrant) => ask<GrantView>(at, '/roles/withdraw', { method: 'POST', body }),
  /** The bytes stored now, as they come; of a part of it from one byte to before another. */
  log: (id: string, which: LogQuery, part?: { readonly from: number; readonly to: number }) =>
    send(at, to('jobs', id, 'log') + query({ ...which }), {
      ...(part === undefined ? {} : { headers: { Range: `bytes=${part.from}-${part.to - 1}` } }),
    }),
  logLines: (id: string, wanted: LogQuery & Readonly<Record<'from' | 'count', string>>) =>
    ask<LogLines>(at, to('jobs', id, 'log', 'lines') + query({ ...wanted })),
  searchLog: (id: string, wanted: LogQuery & ReadQuery) =>
    ask<FoundInLog>(at, to('jobs', id, 'log', 'search') + query({ ...wanted })),
  /** The log as it grows; ends with `end`. */
  followLog: (id: string, which: LogQuery, signal: AbortSignal) =>
    follow(at, to('jobs', id, 'log', 'stream') + query({ ...which }), signal),
  /** Jobs as they change; never ends by itself. */
  followJobs: (filter: JobsQuery, signal: AbortSignal) => follow(at, `/jobs/stream${query(filter)}`, signal),
});
export type Client = ReturnType<typeof createClient>;

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });

/** A call, since the compiler takes a property that it has seen for unchanging. */
const hasStopped = (signal: AbortSignal): boolean => signal.aborted;

/** How long a stream that once worked is tried again before it is given up. */
const PATIENCE_MS = 120_000;

/** Events in order; after a lost connection goes on behind the last id. A refusal is the last thing given. */
async function* follow(
  at: Endpoint,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Got<ServerEvent>, void, undefined> {
  let last: string | undefined;
  let lastSeen: number | undefined;
  let wait = 100;
  while (!hasStopped(signal)) {
    const response = await send(at, path, {
      signal,
      headers: { Accept: 'text/event-stream', ...(last === undefined ? {} : { 'Last-Event-ID': last }) },
    });
    if (hasStopped(signal)) return;
    if (E.isLeft(response)) {
      const passing = response.left.code === 'unreachable' || response.left.status >= 502;
      if (!passing || lastSeen === undefined || performance.now() - lastSeen > PATIENCE_MS) {
        yield response;
        return;
      }
    } else if (response.right.headers.get('Content-Type')?.startsWith('text/event-stream') !== true) {
      yield E.left(notBaton(at.url, response.right));
      return;
    } else {
      lastSeen = performance.now();
      try {
        for await (const event of readEvents(response.right.body)) {
          lastSeen = performance.now();
          wait = 100;
          if (event.event === 'problem') {
            const document: unknown = JSON.parse(event.data);
            if (isProblem(document) && document.status < 500) {
              yield E.left(document);
              return;
            }
            break;
          }
          last = event.id ?? last;
          yield E.right(event);
        }
      } catch (error) {
        // the connection was lost; anything else is a mistake here
        if (!(error instanceof TypeError) && !hasStopped(signal) && !isReset(error)) throw error;
      }
    }
    await sleep(wait, signal);
    wait = Math.min(wait * 2, 5_000);
  }
}
