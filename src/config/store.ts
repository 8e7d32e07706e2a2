/** Settings of the event store: in the data folder, or at a server. */
import { readFileSync } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import type { Problem } from '../app/errors.js';
import { withoutCredentials } from '../domain/shown-address.js';
import { path, setting, text } from './setting.js';

const EMBEDDED = 'sqlite';
export const isServerAddress = (value: string): boolean => /^esdb(\+discover)?:\/\/./.test(value);

export const storeSettings = {
  store: setting({
    flag: '--store',
    takes: '<url>',
    env: 'BATON_STORE',
    codec: text(
      'sqlite, or the address of a server: esdb://… or esdb+discover://…',
      (value) => value === EMBEDDED || isServerAddress(value),
    ),
    defaultOf: () => EMBEDDED,
    defaultText: EMBEDDED,
    meaning: 'Where events are kept: sqlite for a file in the data folder, or esdb://HOST:PORT for a server.',
    conceal: withoutCredentials,
  }),
  storeUser: setting({
    flag: '--store-user',
    takes: '<name>',
    env: 'BATON_STORE_USER',
    codec: text('a name', (value) => value !== ''),
    defaultOf: () => '',
    defaultText: 'none',
    meaning: 'User at that server; goes before one in the address.',
  }),
  storePasswordFile: setting({
    flag: '--store-password-file',
    takes: '<file>',
    env: 'BATON_STORE_PASSWORD_FILE',
    codec: path,
    defaultOf: () => '',
    defaultText: 'none',
    meaning: 'File that holds the password of that user, and nothing else.',
    resolve: (value, resolve) => (value === '' ? '' : resolve(value)),
  }),
};

/** A server to keep the events at. */
export interface StoreServer {
  readonly address: string;
  readonly credentials?: { readonly user: string; readonly password: string };
}

/** The text of a file without the line break at its end. */
export const readPassword = (file: string): E.Either<Problem, string> => {
  const problem = (found: string): E.Either<Problem, never> =>
    E.left({ path: file, expected: 'a file that holds a password', found });
  try {
    const password = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return password === '' ? problem('nothing in it') : E.right(password);
  } catch (error) {
    return problem(
      error instanceof Error && 'code' in error ? String(error.code) : 'one that cannot be read',
    );
  }
};

type Said = Readonly<Record<keyof typeof storeSettings, string>>;

/** Undefined: the events are kept in the data folder. `nameOf`: who said a value, or where it could be said. */
export const storeServerOf = (
  { store, storeUser, storePasswordFile }: Said,
  nameOf: (name: keyof Said) => string,
): E.Either<Problem, StoreServer | undefined> => {
  if (store === EMBEDDED) return E.right(undefined);
  if ((storeUser === '') !== (storePasswordFile === '')) {
    const [absent, given] =
      storeUser === ''
        ? (['storeUser', 'storePasswordFile'] as const)
        : (['storePasswordFile', 'storeUser'] as const);
    return E.left({
      path: nameOf(absent),
      expected: 'to be given with the other',
      found: `only ${nameOf(given)}`,
    });
  }
  if (storeUser === '') return E.right({ address: store });
  return E.map((password: string) => ({
    address: store,
    credentials: { user: storeUser, password },
  }))(readPassword(storePasswordFile));
};
