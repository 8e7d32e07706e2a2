/** Where does whoever loads Baton want its events? Read as the server reads it; nothing of what may hold a password is shown. */
import * as E from 'fp-ts/lib/Either.js';
import { isAbsolute } from 'node:path';
import { storeServerOf, storeSettings, type StoreServer } from '../src/config/store.js';
import { shown } from '../src/domain/problem.js';
import { withoutCredentials } from '../src/domain/shown-address.js';
import { checked } from '../src/domain/checks.js';
import type { Problem } from './contract.js';

const { store, storeUser } = storeSettings;

const codecs = {
  store: store.codec,
  storeUser: storeUser.codec,
  // as all paths of the options: the folder in which a host works is nobody's choice
  storePasswordFile: checked(
    'an absolute path',
    (value): value is string => typeof value === 'string' && isAbsolute(value),
  ),
};
type Name = keyof typeof codecs;

export const storeOptions = Object.keys(codecs) as readonly Name[];

/** Credentials are cut before anything is shortened: an @ that is cut off would leave a password to be seen. */
const shownSafely = (value: unknown): string =>
  typeof value === 'string' ? shown(withoutCredentials(value)) : `a value of type ${typeof value}`;

/** The server, undefined for the data folder; or every problem. */
export const parseStore = (
  raw: Readonly<Partial<Record<Name, unknown>>>,
): E.Either<readonly Problem[], StoreServer | undefined> => {
  const problems: Problem[] = storeOptions
    .filter((name) => raw[name] !== undefined && !codecs[name].is(raw[name]))
    .map((name) => ({ path: name, expected: codecs[name].name, found: shownSafely(raw[name]) }));
  const mistaken = new Set(problems.map(({ path }) => path));
  const text = (name: Name, absent: string): string => {
    const value = raw[name];
    return typeof value === 'string' ? value : absent;
  };
  // a mistyped address is one of a server, too: what it needs beside it is looked at all the same
  const server = storeServerOf(
    {
      store: text('store', store.defaultOf({})),
      storeUser: text('storeUser', ''),
      storePasswordFile: text('storePasswordFile', ''),
    },
    (name) => name,
  );
  if (E.isLeft(server) && !mistaken.has('storeUser') && !mistaken.has('storePasswordFile'))
    problems.push(server.left);
  return problems.length === 0 && E.isRight(server) ? server : E.left(problems);
};
