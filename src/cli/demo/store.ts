/** Where does the demo keep its events: in its own folder, or at a server that holds none yet? */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../../app/errors.js';
import { storeFailure } from '../../app/handle.js';
import type { Environment } from '../../config.js';
import { storeSettings, type StoreServer } from '../../config/store.js';
import { withoutCredentials } from '../../domain/shown-address.js';
import { openServer } from '../../open-store.js';

export type StoreFlags = Readonly<Partial<Record<keyof typeof storeSettings, string>>>;

/** The flags as variables for the demo's server: an address may hold a password, and a command line is seen by everybody. */
export const asVariables = (flags: StoreFlags): Environment =>
  Object.fromEntries(
    Object.entries(storeSettings).map(([name, { env }]) => [env, flags[name as keyof StoreFlags]]),
  );

/** A demo among the events of somebody else would drive the runners that these tell of. */
export const needEmpty = async (
  server: StoreServer,
  warn: (message: string) => void,
): Promise<E.Either<AppError, void>> => {
  const opened = await openServer(server, warn);
  if (E.isLeft(opened)) return opened;
  const head = await opened.right.head()();
  await opened.right.close();
  if (E.isLeft(head)) return E.left(storeFailure(head.left));
  if (head.right === undefined) return E.right(undefined);
  const shown = withoutCredentials(server.address);
  return E.left(
    appError(
      'conflict',
      'store_not_empty',
      `The demo needs an event store without events, but that at ${shown} holds some.`,
      { hint: 'Serve an empty one with `baton store serve --data NEWDIR`, and give its address.' },
    ),
  );
};
