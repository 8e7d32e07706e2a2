/** Talks to the API and the log store of Screwdriver. What may succeed later rejects; every other answer is a value. No error holds a token. */
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import type { FinalStatus } from './status.js';
import { ndjson, type Page } from './pages.js';
import { Build, EventOf, Pipeline, Secrets, Token } from './shapes.js';

/** The other side is not there, or not well: again later. */
export class Away extends Error {
  override readonly name = 'Away';
}

/** `closed`: whoever asks may not have or change it any more; that is final. */
export type Closed = { readonly closed: string };

/** The build has ended there before; whatever else is refused deserves a sentence. */
export const hasEnded = ({ closed }: Closed): boolean => closed.includes('Can only update');

export type BuildOf = t.TypeOf<typeof Build>;

export interface ApiOptions {
  /** Without a slash at its end. */
  readonly apiUri: string;
  readonly storeUri: string;
  /** An answer is waited for so long. */
  readonly timeoutMs: number;
}

export interface Access {
  readonly buildId: number;
  readonly token: string;
  readonly signal?: AbortSignal;
}

interface Call {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: string;
  readonly body?: string;
  readonly type?: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const isLater = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/** Undefined for what is no JSON. The error of `JSON.parse` quotes the text, which may hold a token. */
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const messageOf = (text: string): string => {
  const value = jsonOf(text);
  return typeof value === 'object' && value !== null && 'message' in value
    ? String(value.message).slice(0, 300)
    : '';
};

export interface ScrewdriverApi {
  /** Swaps the token of the start for one of the build, good for so many minutes: only while the build has not begun. */
  readonly exchange: (access: Access, minutes: number) => Promise<string | Closed>;
  readonly build: (access: Access) => Promise<BuildOf | Closed>;
  readonly pipeline: (access: Access, pipelineId: number) => Promise<t.TypeOf<typeof Pipeline> | Closed>;
  readonly event: (access: Access, eventId: number) => Promise<t.TypeOf<typeof EventOf> | Closed>;
  readonly secrets: (access: Access) => Promise<t.TypeOf<typeof Secrets> | Closed>;
  readonly blocked: (access: Access, message: string) => Promise<'ok' | Closed>;
  /** It is over: the build with this id runs instead. */
  readonly collapsed: (access: Access, into: number) => Promise<'ok' | Closed>;
  readonly running: (access: Access, runner: string) => Promise<'ok' | Closed>;
  readonly end: (
    access: Access,
    status: FinalStatus,
    meta: Readonly<Record<string, unknown>>,
  ) => Promise<'ok' | Closed>;
  /** Steps that are not there are left alone. Seconds since 1970. */
  readonly stepBegins: (access: Access, step: string, at: number) => Promise<void>;
  readonly stepEnds: (access: Access, step: string, at: number, code: number, lines: number) => Promise<void>;
  readonly page: (access: Access, page: Page) => Promise<void>;
}

const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

export const screwdriverApi = ({ apiUri, storeUri, timeoutMs }: ApiOptions): ScrewdriverApi => {
  const call = async ({ token, signal }: Access, { method, url, body, type }: Call): Promise<Answer> => {
    const limits = [AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])];
    const what = `${method} ${new URL(url).pathname}`;
    const answer = await fetch(url, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': type ?? 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any(limits),
    })
      .then(async (got) => ({ status: got.status, text: await got.text() }))
      .catch((cause: unknown) => {
        throw new Away(`${what} was not answered`, { cause });
      });
    if (isLater(answer.status))
      throw new Away(`${what} was answered with ${answer.status} ${messageOf(answer.text)}`);
    return answer;
  };

  const ask = async <A>(codec: t.Decoder<unknown, A>, access: Access, what: Call): Promise<A | Closed> => {
    const { status, text } = await call(access, what);
    if (status >= 400) return { closed: `${status} ${messageOf(text)}` };
    const decoded = codec.decode(jsonOf(text));
    if (E.isLeft(decoded))
      throw new Away(
        `${what.method} ${new URL(what.url).pathname} was answered with something else than expected`,
      );
    return decoded.right;
  };

  const ofBuild = ({ buildId }: Access): string => `${apiUri}/v4/builds/${buildId}`;

  const put = async (access: Access, url: string, value: unknown): Promise<'ok' | Closed> => {
    const { status, text } = await call(access, { method: 'PUT', url, body: JSON.stringify(value) });
    return status < 400 ? 'ok' : { closed: `${status} ${messageOf(text)}` };
  };

  const putStep = async (access: Access, step: string, value: unknown): Promise<void> => {
    await put(access, `${ofBuild(access)}/steps/${encodeURIComponent(step)}`, value);
  };

  return {
    exchange: async (access, minutes) => {
      const body = JSON.stringify({ buildTimeout: minutes });
      const answer = await ask(Token, access, { method: 'POST', url: `${ofBuild(access)}/token`, body });
      return 'closed' in answer ? answer : answer.token;
    },
    build: (access) => ask(Build, access, { method: 'GET', url: ofBuild(access) }),
    pipeline: (access, id) => ask(Pipeline, access, { method: 'GET', url: `${apiUri}/v4/pipelines/${id}` }),
    event: (access, id) => ask(EventOf, access, { method: 'GET', url: `${apiUri}/v4/events/${id}` }),
    secrets: (access) => ask(Secrets, access, { method: 'GET', url: `${ofBuild(access)}/secrets` }),
    blocked: (access, statusMessage) => put(access, ofBuild(access), { status: 'BLOCKED', statusMessage }),
    collapsed: (access, into) =>
      put(access, ofBuild(access), { status: 'COLLAPSED', statusMessage: `Collapsed to build: ${into}` }),
    running: async (access, hostname) => {
      const answer = await put(access, ofBuild(access), { status: 'RUNNING', stats: { hostname } });
      // it is known already: the answer to an earlier one was lost
      return answer !== 'ok' && /still running/.test(answer.closed) ? 'ok' : answer;
    },
    end: (access, status, meta) => put(access, ofBuild(access), { ...status, meta }),
    stepBegins: (access, step, at) => putStep(access, step, { startTime: isoOf(at) }),
    stepEnds: async (access, step, at, code, lines) => {
      await putStep(access, step, { endTime: isoOf(at), code });
      await putStep(access, step, { lines });
    },
    page: async (access, page) => {
      const url = `${storeUri}/v1/builds/${access.buildId}/${encodeURIComponent(page.step)}/log.${page.page}`;
      const what: Call = { method: 'PUT', url, body: ndjson(page), type: 'application/x-ndjson' };
      const { status } = await call(access, what);
      if (status >= 400) throw new Away(`PUT ${new URL(url).pathname} was answered with ${status}`);
    },
  };
};
