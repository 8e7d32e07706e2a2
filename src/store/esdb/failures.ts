/** What can go wrong between us and a server, as values; the one place where the client's errors become ours. */
import type { ExpectedRevision, StoreError } from '../../app/ports.js';
import { APPEND_LIMIT_BYTES } from '../encoding.js';
import { unavailable } from '../errors.js';

/** Our own limit of waiting has passed; the outcome is unknown. */
export class WaitedInVain extends Error {}

/** The connection was given up while this was under way, because something else found it broken. */
export class ConnectionGone extends Error {}

/** What was asked, for messages. */
export interface Asked {
  readonly what: string;
  readonly stream?: string;
  readonly expected?: ExpectedRevision;
}

const propertyOf = (error: unknown, key: string): unknown =>
  typeof error === 'object' && error !== null ? (Reflect.get(error, key) as unknown) : undefined;

/** Status codes of gRPC that count here. */
const [CANCELLED, DEADLINE_EXCEEDED, PERMISSION_DENIED, ABORTED, UNAVAILABLE, UNAUTHENTICATED] = [
  1, 4, 7, 10, 14, 16,
];

type Cause = 'unreachable' | 'not_leader' | 'timed_out' | 'access_denied' | 'tls' | 'stream_deleted' | 'io';

const CAUSE_OF_TYPE: Readonly<Record<string, Cause>> = {
  'not-leader': 'not_leader',
  'access-denied': 'access_denied',
  'stream-deleted': 'stream_deleted',
  'deadline-exceeded': 'timed_out',
  timeout: 'timed_out',
};
const CAUSE_OF_CODE: Readonly<Record<number, Cause>> = {
  [CANCELLED]: 'unreachable',
  [UNAVAILABLE]: 'unreachable',
  [DEADLINE_EXCEEDED]: 'timed_out',
  [ABORTED]: 'timed_out',
  [PERMISSION_DENIED]: 'access_denied',
  [UNAUTHENTICATED]: 'access_denied',
};

/** The word for whatever was thrown. The client's own probe throws plain errors of gRPC, so the code counts too. */
export const causeOf = (error: unknown): Cause => {
  if (error instanceof WaitedInVain) return 'timed_out';
  if (error instanceof ConnectionGone) return 'unreachable';
  const [type, code] = [propertyOf(error, 'type'), propertyOf(error, 'code')];
  const cause =
    (typeof type === 'string' ? CAUSE_OF_TYPE[type] : undefined) ??
    (typeof code === 'number' ? CAUSE_OF_CODE[code] : undefined);
  const message = error instanceof Error ? error.message : '';
  if (cause === 'unreachable' && /certificate|self.signed|CERT_|wrong version number/i.test(message))
    return 'tls';
  // what gossip throws after its last try
  return cause ?? (message.startsWith('Failed to discover') ? 'unreachable' : 'io');
};

const ADVICE: Readonly<Record<Cause, string>> = {
  unreachable: 'it cannot be reached',
  not_leader: 'it is not the leader of its cluster; retry',
  timed_out: 'it did not answer in time',
  access_denied: 'it refuses this user; give a user who may read $all and read and write the streams',
  tls: 'its certificate is not trusted, or it does not speak TLS; name the authority with tlsCAFile, or use tls=false',
  stream_deleted: 'the stream was deleted for ever',
  io: 'it failed',
};

/** After these an append may have been written all the same. */
const UNKNOWN_OUTCOME: readonly Cause[] = ['unreachable', 'timed_out'];

/** What gRPC says, without what is for its own developers. */
const plainly = (message: string): string =>
  message
    .replace(/^\d+ [A-Z_]+: /, '')
    .replace(/^.*Last error: (Error: )?/s, '')
    .replace(/\.? ?Resolution note:.*$/s, '');

/** Takes secrets out of a text. */
export const scrubber =
  (secrets: readonly string[]) =>
  (text: string): string =>
    secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);

/** Failures as the port tells them; `shown` is the server's address without credentials. */
export const failuresOf =
  (shown: string, scrub: (text: string) => string) =>
  (error: unknown, asked: Asked): StoreError => {
    const { what, stream = '', expected = 'any' } = asked;
    switch (propertyOf(error, 'type')) {
      case 'wrong-expected-version': {
        const actual = propertyOf(error, 'actualVersion');
        const current = typeof actual === 'bigint' ? Number(actual) : 'no_stream';
        return { code: 'wrong_expected_revision', stream, expected, current };
      }
      case 'stream-not-found':
        return { code: 'stream_not_found', stream };
      case 'maximum-append-size-exceeded': {
        const limit = propertyOf(error, 'maxAppendSize');
        const limitBytes = typeof limit === 'number' ? limit : APPEND_LIMIT_BYTES;
        return { code: 'append_too_large', sizeBytes: limitBytes + 1, limitBytes };
      }
      default: {
        const cause = causeOf(error);
        const said = error instanceof Error ? plainly(scrub(error.message)) : '';
        const detail = said === '' ? '' : ` (${said})`;
        const outcome =
          asked.expected !== undefined && UNKNOWN_OUTCOME.includes(cause)
            ? ', so the outcome is unknown; retry with the same event ids is safe'
            : '';
        // the original is left out: what it holds cannot all be vouched for
        return unavailable(cause, `${what} at the event store ${shown}: ${ADVICE[cause]}${detail}${outcome}`);
      }
    }
  };
