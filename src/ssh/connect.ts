/** How does one connection come about? Host key first and strictly, then one key, nothing forwarded; through a jump host twice. */
import * as E from 'fp-ts/lib/Either.js';
import ssh2 from 'ssh2';
import type { Algorithms, Client, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import type { RunnerTarget, TransportError } from '../app/ports.js';
import type { Duplex } from 'node:stream';
import { CutLogin, fromClientError, jumpError, transportError } from './errors.js';
import { fingerprintOf } from './keys.js';

export interface ConnectOptions {
  readonly privateKey: (secretRef: string) => Promise<string | undefined>;
  /** Path of the ssh-agent's socket, for runners with `auth.kind` `agent`. */
  readonly agentSocket?: string;
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
}

type Patience = Pick<ConnectOptions, 'connectTimeoutMs' | 'keepaliveMs'>;

const hostKeyAlgorithms: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** No SHA-1, no CBC; ssh2's own lists still hold some. */
const algorithms = (serverHostKey: readonly ServerHostKeyAlgorithm[]): Algorithms => ({
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group-exchange-sha256',
  ],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  serverHostKey: [...serverHostKey],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
});

export type Credentials = Pick<ConnectConfig, 'privateKey' | 'agent' | 'authHandler'>;

const credentials = async (
  target: RunnerTarget,
  options: ConnectOptions,
): Promise<E.Either<TransportError, Credentials>> => {
  if (target.auth.kind === 'agent') {
    return options.agentSocket === undefined
      ? E.left(transportError('no_key', target, 'no ssh-agent; SSH_AUTH_SOCK is not set'))
      : E.right({ agent: options.agentSocket, authHandler: ['agent'] });
  }
  const privateKey = await options.privateKey(target.auth.secretRef);
  if (privateKey === undefined)
    return E.left(transportError('no_key', target, `no secret ${target.auth.secretRef}`));
  const parsed: unknown = ssh2.utils.parseKey(privateKey);
  // The parser's own message may quote the text.
  if (parsed instanceof Error)
    return E.left(transportError('no_key', target, 'the secret is not a private key without passphrase'));
  return E.right({ privateKey, authHandler: ['publickey'] });
};

/** The host key algorithms other than those of the key found, and only while somebody else's key may yet be shown. */
const otherAlgorithms = (key: Buffer, tried: readonly ServerHostKeyAlgorithm[]) => {
  const type = key.toString('latin1', 4, 4 + key.readUInt32BE(0));
  return tried.filter((one) => (type === 'ssh-rsa' ? !one.startsWith('rsa-') : one !== type));
};

type Attempted =
  | { readonly kind: 'connected'; readonly client: Client }
  | { readonly kind: 'failed'; readonly error: TransportError }
  | { readonly kind: 'other_key'; readonly key: Buffer };

/** Whose connection it is: of the runner, or of the host on the way, whose errors say so. */
export interface Hop {
  readonly target: RunnerTarget;
  readonly told: typeof transportError;
  /** Told which of the accepted host keys was shown. */
  readonly onHostKey?: (fingerprint: string) => void;
  /** The stream to the machine; absent: a socket of its own. Asked for once per try. */
  readonly through?: () => Promise<E.Either<TransportError, Duplex>>;
}

const attempt = (
  { target, told, onHostKey }: Hop,
  proof: Credentials,
  options: Patience,
  accepted: readonly ServerHostKeyAlgorithm[],
  sock: Duplex | undefined,
): Promise<Attempted> =>
  new Promise((resolve) => {
    const client = new ssh2.Client();
    let refused: Buffer | undefined;
    let greeted = false;
    const settle = (outcome: Attempted) => {
      if (outcome.kind !== 'connected') client.destroy();
      resolve(outcome);
    };
    const failed = (error: Error) => {
      settle(
        refused === undefined
          ? { kind: 'failed', error: fromClientError(target, error, told) }
          : { kind: 'other_key', key: refused },
      );
    };
    // Stays attached: an error without listener would end the process; `close` tells the pool.
    client.setMaxListeners(64);
    client.on('error', failed);
    client.once('handshake', () => (greeted = true));
    client.once('close', () => {
      failed(greeted ? new CutLogin() : new Error('Connection lost before handshake'));
    });
    client.once('ready', () => {
      // What goes through a jump host is no socket.
      if (sock === undefined) client.setNoDelay(true);
      settle({ kind: 'connected', client });
    });
    try {
      client.connect({
        ...(sock === undefined ? { host: target.host, port: target.port } : { sock }),
        username: target.user,
        ...proof,
        algorithms: algorithms(accepted),
        hostVerifier: (key: Buffer) => {
          const fingerprint = fingerprintOf(key);
          const known = target.hostKeys.includes(fingerprint);
          if (known) onHostKey?.(fingerprint);
          else refused = key;
          return known;
        },
        agentForward: false,
        tryKeyboard: false,
        readyTimeout: options.connectTimeoutMs,
        keepaliveInterval: options.keepaliveMs,
        keepaliveCountMax: 3,
      });
    } catch (error) {
      // ssh2 throws for unusable settings, such as a port out of range.
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  });

/** Authenticated at one machine, or an error; with an unaccepted host key nothing is authenticated. */
export const connectHop = async (
  hop: Hop,
  proof: Credentials,
  options: Patience,
): Promise<E.Either<TransportError, Client>> => {
  const { target, told, through } = hop;
  const unaccepted = (key: Buffer): TransportError =>
    told(target.hostKeys.length === 0 ? 'host_key_unknown' : 'host_key_changed', target, fingerprintOf(key));
  let accepted = hostKeyAlgorithms;
  let first: Buffer | undefined;
  for (;;) {
    const stream = await through?.();
    if (stream !== undefined && E.isLeft(stream)) return stream;
    const outcome = await attempt(hop, proof, options, accepted, stream?.right);
    if (outcome.kind === 'connected') return E.right(outcome.client);
    if (outcome.kind === 'failed') {
      // Asked for another kind of key, which the machine has not: the first one is what it shows.
      return E.left(first === undefined ? outcome.error : unaccepted(first));
    }
    first ??= outcome.key;
    accepted = otherAlgorithms(outcome.key, accepted);
    if (target.hostKeys.length === 0 || accepted.length === 0) return E.left(unaccepted(first));
  }
};

/** RFC 4254 §5.1: why a channel was not opened. */
const PROHIBITED = 1;

/** A stream from the jump host to the runner. */
const streamThrough = (
  jump: Client,
  target: RunnerTarget,
  timeoutMs: number,
): Promise<E.Either<TransportError, Duplex>> =>
  new Promise((resolve) => {
    const lost = () => {
      settle(E.left(jumpError('connection_lost', target)));
    };
    const timer = setTimeout(() => {
      settle(E.left(transportError('timed_out', target, 'through the jump host')));
    }, timeoutMs);
    const settle = (answer: E.Either<TransportError, Duplex>) => {
      clearTimeout(timer);
      jump.off('close', lost);
      resolve(answer);
    };
    jump.once('close', lost);
    jump.forwardOut('127.0.0.1', 0, target.host, target.port, (error, channel) => {
      if (error === undefined) {
        settle(E.right(channel));
        return;
      }
      const prohibited = 'reason' in error && error.reason === PROHIBITED;
      settle(
        E.left(
          prohibited
            ? { ...transportError('forwarding_refused', target, error.message, error), hop: 'jump' }
            : transportError('unreachable', target, `the jump host says: ${error.message}`, error),
        ),
      );
    });
  });

/** Authenticated, or an error that names the machine that it happened at. */
export const connect = async (
  target: RunnerTarget,
  options: ConnectOptions,
): Promise<E.Either<TransportError, Client>> => {
  const proof = await credentials(target, options);
  if (E.isLeft(proof)) return proof;
  if (target.jump === undefined) return connectHop({ target, told: transportError }, proof.right, options);
  const jump = await connectHop(
    { target: { ...target, ...target.jump }, told: jumpError },
    proof.right,
    options,
  );
  if (E.isLeft(jump)) return jump;
  const through = () => streamThrough(jump.right, target, options.connectTimeoutMs);
  const made = await connectHop({ target, told: transportError, through }, proof.right, options);
  if (E.isLeft(made)) jump.right.end();
  // One way, one connection: either takes the other with it.
  else made.right.once('close', () => jump.right.end());
  return made;
};
