/**
 * Is this text the address of a server, and can the official client use it? Checked here, before that client sees it:
 * its own complaints quote the whole text, password included.
 */
import * as E from 'fp-ts/lib/Either.js';
import { withoutCredentials } from '../../domain/shown-address.js';

export interface EsdbCredentials {
  readonly user: string;
  readonly password: string;
}

export interface EsdbAddress {
  /** For the client alone: it may hold a password. */
  readonly connectionString: string;
  /** Without credentials, for people. */
  readonly shown: string;
  /** What must not be seen in any message. */
  readonly secrets: readonly string[];
  /** Credentials are there, but the client sends none in clear text. */
  readonly credentialsUnused: boolean;
}

export interface EsdbAddressError {
  readonly code: 'store_address';
  readonly message: string;
  readonly hint: string;
}

const SHAPE = /^(esdb|esdb\+discover):\/\/(?:([^/?@]*)@)?([^/?@]+)\/*(?:\?(.*))?$/s;
const HOSTS = /^[a-z0-9._-]+(:\d{1,5})?(,[a-z0-9._-]+(:\d{1,5})?)*$/i;

/** What the client knows, as it compares names: without case, dashes and underscores. */
const OPTIONS = [
  'maxDiscoverAttempts',
  'connectionName',
  'defaultDeadline',
  'discoveryInterval',
  'gossipTimeout',
  'nodePreference',
  'tls',
  'tlsCAFile',
  'userCertFile',
  'userKeyFile',
  'keepAliveInterval',
  'keepAliveTimeout',
];
const flat = (name: string): string => name.trim().toLowerCase().replace(/[_-]/g, '');
const KNOWN = new Set(OPTIONS.map(flat));

const refused = (message: string, hint: string): E.Either<EsdbAddressError, never> =>
  E.left({ code: 'store_address', message, hint });

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/** The forms in which a password could turn up in a message. */
const formsOf = ({ user, password }: EsdbCredentials): readonly string[] =>
  [password, encodeURIComponent(password), Buffer.from(`${user}:${password}`).toString('base64')].filter(
    (form) => form !== '',
  );

const credentialsIn = (userinfo: string): EsdbCredentials | undefined => {
  const colon = userinfo.indexOf(':');
  const [user, password] = [decoded(userinfo.slice(0, colon)), decoded(userinfo.slice(colon + 1))];
  if (colon < 1 || user === undefined || password === undefined || password === '') return undefined;
  return { user, password };
};

/** `given` goes before credentials in the address. */
export const parseAddress = (
  text: string,
  given?: EsdbCredentials,
): E.Either<EsdbAddressError, EsdbAddress> => {
  const shown = withoutCredentials(text);
  const [, scheme = '', userinfo, hosts = '', query = ''] = SHAPE.exec(text.trim()) ?? [];
  if (!HOSTS.test(hosts))
    return refused(
      `the address of the event store was expected as esdb://HOST:PORT or esdb+discover://HOST:PORT, found ${shown}`,
      'reserved characters in a user name or password are written in percent form, e.g. %40 for @',
    );
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('='));
  const unknown = pairs.find(([name = '', value = '']) => !KNOWN.has(flat(name)) || value === '');
  if (unknown !== undefined)
    return refused(
      `the address ${shown} was expected to hold known options with a value, found ${String(unknown[0])}`,
      flat(unknown[0] ?? '') === flat('tlsVerifyCert')
        ? 'certificates are always checked: name the authority with tlsCAFile'
        : `there are: ${OPTIONS.join(', ')}`,
    );
  const own = userinfo === undefined ? undefined : credentialsIn(userinfo);
  if (userinfo !== undefined && own === undefined)
    return refused(
      `user and password were expected before the @ in the address of ${shown}, in percent form and parted by a colon`,
      'better: leave them out, and give the options for a user and a password file',
    );
  const credentials = given ?? own;
  const login =
    credentials === undefined
      ? ''
      : `${encodeURIComponent(credentials.user)}:${encodeURIComponent(credentials.password)}@`;
  const isClear = pairs.some(([name = '', value]) => flat(name) === 'tls' && value?.trim() === 'false');
  return E.right({
    connectionString: `${scheme}://${login}${hosts}${query === '' ? '' : `?${query}`}`,
    shown,
    secrets: credentials === undefined ? [] : formsOf(credentials),
    credentialsUnused: credentials !== undefined && isClear,
  });
};
