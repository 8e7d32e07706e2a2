/** `fetch` that trusts a certificate of one's own: the one that is built in takes none but from NODE_EXTRA_CA_CERTS. */
import { request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';

/** What the client asks of `fetch`. */
export interface Asked {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}
export type Fetch = (url: string, asked: Asked) => Promise<Response>;

const headersOf = (given: IncomingHttpHeaders): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) headers.append(name, one);
  return headers;
};

/** Failures are told as `fetch` tells them: a TypeError with the cause. */
const failed = (cause: unknown): TypeError => new TypeError('fetch failed', { cause });

/** `ca`: certificates in PEM form, instead of those that the system trusts. Redirects are not followed. */
export const trustingFetch =
  (ca: string): Fetch =>
  (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const sent = request(
        url,
        { method, headers, ca, ...(signal === undefined ? {} : { signal }) },
        (answer) => {
          const status = answer.statusCode ?? 0;
          if (status >= 300 && status < 400) {
            answer.resume();
            reject(failed(new Error(`unexpected redirect, status ${status}`)));
            return;
          }
          const stream = Readable.toWeb(answer) as ReadableStream<Uint8Array>;
          resolve(
            new Response(status === 204 ? null : stream, { status, headers: headersOf(answer.headers) }),
          );
        },
      );
      sent.on('error', (cause) => reject(failed(cause)));
      sent.end(body);
    });
