/** A request as it is written: no header is added or forbidden, and no path is made tidy, as `fetch` would. */
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  /** The body as JSON; the caller knows what it is. */
  readonly json: () => unknown;
}

export interface PlainRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Speaks TLS, and trusts this certificate. */
  readonly ca?: Buffer;
}

export const plainRequest = (
  port: number,
  method: string,
  path: string,
  { headers = {}, body, ca }: PlainRequest = {},
): Promise<PlainAnswer> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const sent = (ca === undefined ? request : secureRequest)(
      {
        ...{ host: '127.0.0.1', port, method, path, agent: false, ca },
        headers: {
          ...(text === undefined
            ? {}
            : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
          ...headers,
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
        response.once('end', () => {
          const bytes = Buffer.concat(parts);
          const json = (): unknown => JSON.parse(bytes.toString('utf8'));
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, json });
        });
      },
    ).on('error', reject);
    sent.end(text);
  });

/** The reason of a refusal. */
export const reasonIn = (answer: PlainAnswer): string => (answer.json() as { reason: string }).reason;
