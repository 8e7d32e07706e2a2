/** Opens the door to the network: plain or with TLS, and closed to whoever sends too slowly or too much. */
import { readFile } from 'node:fs/promises';
import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import { problemOf } from './respond.js';
import { ofAnswers } from './web/headers.js';

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Files in PEM form. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly headerBytes: number;
  /** For the whole request to arrive; its header must come in a third of it. */
  readonly requestTimeoutMs: number;
}

export interface Listener {
  readonly port: number;
  /** Reads certificate and key again; connections that are open keep the old ones. */
  readonly reload: () => Promise<E.Either<AppError, void>>;
  readonly close: () => Promise<void>;
}

/** What node finds wrong before there is a request, as a refusal. */
const refusals: Readonly<Record<string, AppError>> = {
  HPE_HEADER_OVERFLOW: appError('invalid', 'header_too_large', 'The header is too large.', {
    hint: 'Send fewer or shorter header lines, or raise --header-bytes.',
  }),
  ERR_HTTP_REQUEST_TIMEOUT: appError('invalid', 'request_too_slow', 'The request did not arrive in time.', {
    hint: 'Send it at once, or raise --request-timeout.',
  }),
};
const malformed = appError('invalid', 'request_malformed', 'This is not an HTTP request.');

const refuseRaw = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const document = problemOf(refusals[error.code ?? ''] ?? malformed, randomUUID());
  const body = JSON.stringify(document);
  socket.end(
    [
      `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status] ?? ''}`,
      'Content-Type: application/problem+json',
      ...Object.entries(ofAnswers).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
};

const unreadable = (file: string, cause: unknown): AppError =>
  appError('invalid', 'tls_files', `The certificate or its key cannot be used: ${file}.`, {
    hint: 'Give files in PEM form that belong together and that this user can read.',
    cause,
  });

const readPair = async ({
  cert,
  key,
}: NonNullable<ListenOptions['tls']>): Promise<E.Either<AppError, { cert: Buffer; key: Buffer }>> => {
  let file = cert;
  try {
    const first = await readFile(cert);
    file = key;
    return E.right({ cert: first, key: await readFile(key) });
  } catch (cause) {
    return E.left(unreadable(file, cause));
  }
};

const MIN_TLS = 'TLSv1.2';

const serverOf = async (
  handler: RequestListener,
  { tls, headerBytes, requestTimeoutMs }: ListenOptions,
): Promise<E.Either<AppError, Server>> => {
  const bounds = {
    maxHeaderSize: headerBytes,
    headersTimeout: Math.ceil(requestTimeoutMs / 3),
    requestTimeout: requestTimeoutMs,
    // how often node looks for those that are late
    connectionsCheckingInterval: Math.min(5000, Math.ceil(requestTimeoutMs / 3)),
    keepAliveTimeout: 30_000,
  };
  if (tls === undefined) return E.right(createServer(bounds, handler));
  const pair = await readPair(tls);
  if (E.isLeft(pair)) return pair;
  try {
    return E.right(createSecureServer({ ...bounds, ...pair.right, minVersion: MIN_TLS }, handler));
  } catch (cause) {
    return E.left(unreadable(`${tls.cert}, ${tls.key}`, cause));
  }
};

const reloadTls = async (server: Server, { tls }: ListenOptions): Promise<E.Either<AppError, void>> => {
  if (tls === undefined || !(server instanceof SecureServer)) return E.right(undefined);
  const pair = await readPair(tls);
  if (E.isLeft(pair)) return pair;
  try {
    server.setSecureContext({ ...pair.right, minVersion: MIN_TLS });
    return E.right(undefined);
  } catch (cause) {
    return E.left(unreadable(`${tls.cert}, ${tls.key}`, cause));
  }
};

/** Listens, or says why it cannot. */
export const listen = async (
  handler: RequestListener,
  options: ListenOptions,
): Promise<E.Either<AppError, Listener>> => {
  const made = await serverOf(handler, options);
  if (E.isLeft(made)) return made;
  const server = made.right;
  server.maxHeadersCount = 100;
  server.on('clientError', refuseRaw);
  const { host, port } = options;
  return new Promise((resolve) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `Cannot listen on ${host}:${port}: ${cause.code ?? ''}.`;
      const hint =
        cause.code === 'EACCES'
          ? 'Ports below 1024 are for root on most systems; choose another with --listen HOST:PORT.'
          : 'Another server may be running there; choose another with --listen HOST:PORT.';
      resolve(E.left(appError('conflict', 'cannot_listen', message, { hint, cause })));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(
        E.right({
          port: typeof address === 'object' && address !== null ? address.port : port,
          reload: () => reloadTls(server, options),
          close: async () => {
            server.closeAllConnections();
            await new Promise((closed) => server.close(closed));
          },
        }),
      );
    });
  });
};
