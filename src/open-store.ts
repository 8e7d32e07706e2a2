/** Which event store is used? A file in the data folder, or a server; the folder belongs to one process either way. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from './app/errors.js';
import type { EventStore } from './app/ports.js';
import type { Config } from './config.js';
import type { StoreServer } from './config/store.js';
import { openEsdbStore } from './store/esdb/store.js';
import { holdDirectory } from './store/hold.js';
import { openSqliteStore } from './store/sqlite.js';

interface OpenFailure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly cause?: unknown;
}

const asAppError = ({ code, message, hint, cause }: OpenFailure): AppError =>
  appError(code === 'store_address' ? 'invalid' : 'store_unavailable', code, message, { hint, cause });

const folderOf = (data: string): string => join(data, 'store');

/** Keeps other processes out of the data folder without opening a store. */
export const holdData = async (data: string): Promise<E.Either<AppError, { readonly release: () => void }>> =>
  E.mapLeft(asAppError)(await holdDirectory(folderOf(data)));

/** The embedded store of a data folder. */
export const openEmbedded = async (data: string): Promise<E.Either<AppError, EventStore>> =>
  E.mapLeft(asAppError)(await openSqliteStore({ directory: folderOf(data) }));

/** Does an embedded store lie there? Makes nothing. */
export const holdsEvents = (data: string): boolean => existsSync(join(folderOf(data), 'events.db'));

/** A store at a server, whatever folder belongs to whom. `warn`: what an operator should know of it. */
export const openServer = async (
  server: StoreServer,
  warn: (message: string) => void,
): Promise<E.Either<AppError, EventStore>> =>
  E.mapLeft(asAppError)(await openEsdbStore({ ...server, onProblem: warn }));

export interface OpenedStore {
  readonly store: EventStore;
  /** What waits for a server fails from now on; the data folder stays ours until the store is closed. */
  readonly giveUp: () => void;
}

/** The store that the configuration names. `warn`: what an operator should know of a server. */
export const openStore = async (
  { data, store: server }: Pick<Config, 'data' | 'store'>,
  warn: (message: string) => void,
): Promise<E.Either<AppError, OpenedStore>> => {
  if (server === undefined)
    return E.map((store: EventStore) => ({ store, giveUp: () => undefined }))(await openEmbedded(data));
  const held = await holdData(data);
  if (E.isLeft(held)) return held;
  const opened = await openServer(server, warn);
  if (E.isLeft(opened)) {
    held.right.release();
    return opened;
  }
  const store = opened.right;
  return E.right({
    store: {
      ...store,
      close: async () => {
        await store.close();
        held.right.release();
      },
    },
    giveUp: () => void store.close(),
  });
};
