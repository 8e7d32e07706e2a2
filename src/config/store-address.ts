/** Which store does somebody mean on the command line: the one in a data folder, or one at a server? */
import { resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError, type Problem } from '../app/errors.js';
import { withoutCredentials } from '../domain/shown-address.js';
import { isServerAddress, readPassword, type StoreServer } from './store.js';

/** `shown`: for people, without credentials. */
export type StoreAddress = { readonly shown: string } & (
  { readonly data: string } | { readonly server: StoreServer }
);

/** As typed: the address, and who logs in there. `side` names the flags. */
export interface GivenAddress {
  readonly side: 'from' | 'to';
  readonly text: string;
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
}

const FOLDER = /^sqlite:(.+)$/s;

const refused = (problem: Problem): E.Either<AppError, never> =>
  E.left(appError('invalid', 'store_address', 'The store is not usable.', { problems: [problem] }));

const serverOf = (
  { side, text, user, passwordFile }: GivenAddress,
  cwd: string,
): E.Either<AppError, StoreServer> => {
  if (user === undefined && passwordFile === undefined) return E.right({ address: text });
  if (user === undefined || passwordFile === undefined)
    return refused({
      path: user === undefined ? `--${side}-user` : `--${side}-password-file`,
      expected: 'to be given with the other',
      found: 'nothing',
    });
  const password = readPassword(resolve(cwd, passwordFile));
  return E.isLeft(password)
    ? refused(password.left)
    : E.right({ address: text, credentials: { user, password: password.right } });
};

/** Looks at no store; reads the file of the password. */
export const readStoreAddress = (given: GivenAddress, cwd: string): E.Either<AppError, StoreAddress> => {
  const { side, text, user, passwordFile } = given;
  if (isServerAddress(text))
    return E.map((server: StoreServer) => ({ server, shown: withoutCredentials(text) }))(
      serverOf(given, cwd),
    );
  const folder = FOLDER.exec(text)?.[1];
  if (folder === undefined)
    return refused({
      path: side.toUpperCase(),
      expected: 'sqlite:DATA_FOLDER, esdb://HOST:PORT or esdb+discover://HOST:PORT',
      found: withoutCredentials(text),
    });
  if (user !== undefined || passwordFile !== undefined)
    return refused({ path: `--${side}-user`, expected: 'only for a server', found: 'a data folder' });
  const data = resolve(cwd, folder);
  return E.right({ data, shown: `sqlite:${data}` });
};
