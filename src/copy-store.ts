/** Composition of `baton store copy`: opens two stores by their addresses, and brings all events of the one into the other. */
import * as E from 'fp-ts/lib/Either.js';
import { copyEvents, type Copied, type CopyProgress } from './app/copy-events.js';
import { copyFailed } from './app/copy-failures.js';
import { appError, type AppError } from './app/errors.js';
import type { EventStore } from './app/ports.js';
import type { StoreAddress } from './config/store-address.js';
import { holdsEvents, openEmbedded, openServer } from './open-store.js';
import { whyUnfit } from './store/fitness.js';

export interface CopyStoreOptions {
  readonly from: StoreAddress;
  readonly to: StoreAddress;
  /** What an operator should know of a server. */
  readonly warn: (message: string) => void;
  readonly onProgress?: (progress: CopyProgress) => void;
}

/**
 * An embedded store writes the appends of one turn in one transaction, in their order. A server answers each by itself, so
 * that one could fail and the next be written: there they go one by one.
 */
const UNDER_WAY = { embedded: 500, server: 1 };

const open = (
  address: StoreAddress,
  warn: CopyStoreOptions['warn'],
): Promise<E.Either<AppError, EventStore>> =>
  'data' in address ? openEmbedded(address.data) : openServer(address.server, warn);

/** Opening would make a new store where there is none. */
const openSource = async ({ from, warn }: CopyStoreOptions): Promise<E.Either<AppError, EventStore>> =>
  'data' in from && !holdsEvents(from.data)
    ? E.left(
        appError('not_found', 'no_store', `An event store was expected in ${from.data}, but there is none.`, {
          hint: 'name the data folder of a Baton that keeps its events there',
        }),
      )
    : open(from, warn);

const copyTo = async (
  source: EventStore,
  { from, to, warn, onProgress }: CopyStoreOptions,
): Promise<E.Either<AppError, Copied>> => {
  const names = { from: from.shown, to: to.shown };
  // asked before the target is made: a source that does not answer leaves no empty store behind
  const answer = await source.head()();
  if (E.isLeft(answer))
    return E.left(copyFailed({ code: 'store', side: 'from', error: answer.left, written: 0 }, names));
  const target = await open(to, warn);
  if (E.isLeft(target)) return target;
  try {
    const done = await copyEvents({
      from: source,
      to: target.right,
      underWay: 'data' in to ? UNDER_WAY.embedded : UNDER_WAY.server,
      unfit: whyUnfit,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    return E.mapLeft((failure: Parameters<typeof copyFailed>[0]) => copyFailed(failure, names))(done);
  } finally {
    await target.right.close();
  }
};

/** Nobody else can open a data folder that is copied from or to meanwhile. */
export const copyStore = async (options: CopyStoreOptions): Promise<E.Either<AppError, Copied>> => {
  const { from, to } = options;
  if (from.shown === to.shown)
    return E.left(appError('invalid', 'same_store', `Two stores were expected, found ${from.shown} twice.`));
  const source = await openSource(options);
  if (E.isLeft(source)) return source;
  try {
    return await copyTo(source.right, options);
  } finally {
    await source.right.close();
  }
};
