/** Composition of `baton store serve`: the embedded store of a data folder behind a protocol node. */
import { readFile } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from './app/errors.js';
import type { Config } from './config.js';
import { openEmbedded } from './open-store.js';
import { startNode, type NodeOptions } from './store/node/server.js';

export interface ServedStore {
  /** What clients are given to connect to. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

const certificateOf = async (tls: Config['http']['tls']): Promise<E.Either<AppError, NodeOptions['tls']>> => {
  if (tls === undefined) return E.right(undefined);
  try {
    return E.right({ cert: await readFile(tls.cert), key: await readFile(tls.key) });
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return E.left(
      appError('invalid', 'tls', `A certificate and its key were expected in PEM files, but: ${found}.`),
    );
  }
};

const USER_NEEDS_TLS = appError(
  'invalid',
  'user_without_tls',
  'A user was given without a certificate, but clients send no password in clear text.',
  { hint: 'Give --tls-cert and --tls-key, or leave --user out.' },
);

/** Nobody else can open the folder meanwhile, `baton serve` included. */
export const serveStore = async (
  { data, host, port, http }: Pick<Config, 'data' | 'host' | 'port' | 'http'>,
  user?: NodeOptions['user'],
): Promise<E.Either<AppError, ServedStore>> => {
  if (user !== undefined && http.tls === undefined) return E.left(USER_NEEDS_TLS);
  const tls = await certificateOf(http.tls);
  if (E.isLeft(tls)) return tls;
  const opened = await openEmbedded(data);
  if (E.isLeft(opened)) return opened;
  const store = opened.right;
  const started = await startNode({
    store,
    host,
    port,
    ...(tls.right === undefined ? {} : { tls: tls.right }),
    ...(user === undefined ? {} : { user }),
  });
  if (E.isLeft(started)) {
    await store.close();
    const { code } = started.left;
    const found = 'message' in started.left ? started.left.message : code;
    return E.left(
      code === 'listen'
        ? appError('invalid', 'listen', `Cannot listen on ${host}:${port}: ${found}.`)
        : appError('store_unavailable', code, found),
    );
  }
  const node = started.right;
  const name = host.includes(':') ? `[${host}]` : host;
  return E.right({
    address: `esdb://${name}:${node.port}${tls.right === undefined ? '?tls=false' : ''}`,
    close: async () => {
      await node.close();
      await store.close();
    },
  });
};
