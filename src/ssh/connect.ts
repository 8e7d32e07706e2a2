/** How does one connection come about? Host key first and strictly, then one key, nothing forwarded. */
import * as E from 'fp-ts/lib/Either.js';
import ssh2 from 'ssh2';
import type { Algorithms, Client, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import type { RunnerTarget, TransportError } from '../app/ports.js';
import { fromClientError, transportError } from './errors.js';
import { fingerprintOf } from './keys.js';

export interface ConnectOptions {
  readonly privateKey: (secretRef: string) => Promise<string | undefined>;
  /** Path of the ssh-agent's socket, for runners with `auth.kind` `agent`. */
  readonly agentSocket?: string;
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
}

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

type Credentials = Pick<ConnectConfig, 'privateKey' | 'agent' | 'authHandler'>;

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

const attempt = (
  target: RunnerTarget,
  proof: Credentials,
  options: ConnectOptions,
  accepted: readonly ServerHostKeyAlgorithm[],
): Promise<Attempted> =>
  new Promise((resolve) => {
    const client = new ssh2.Client();
    let refused: Buffer | undefined;
    const settle = (outcome: Attempted) => {
      if (outcome.kind !== 'connected') client.destroy();
      resolve(outcome);
    };
    const failed = (error: Error) => {
      settle(
        refused === undefined
          ? { kind: 'failed', error: fromClientError(target, error) }
          : { kind: 'other_key', key: refused },
      );
    };
    // Stays attached: an error without listener would end the process; `close` tells the pool.
    client.setMaxListeners(64);
    client.on('error', failed);
    client.once('close', () => {
      failed(new Error('Connection lost before handshake'));
    });
    client.once('ready', () => {
      client.setNoDelay(true);
      settle({ kind: 'connected', client });
    });
    try {
      client.connect({
        host: target.host,
        port: target.port,
        username: target.user,
        ...proof,
        algorithms: algorithms(accepted),
        hostVerifier: (key: Buffer) => {
          const known = target.hostKeys.includes(fingerprintOf(key));
          if (!known) refused = key;
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

/** Authenticated, or an error; with an unaccepted host key nothing is authenticated. */
export const connect = async (
  target: RunnerTarget,
  options: ConnectOptions,
): Promise<E.Either<TransportError, Client>> => {
  const proof = await credentials(target, options);
  if (E.isLeft(proof)) return proof;
  let accepted = hostKeyAlgorithms;
  let first: Buffer | undefined;
  for (;;) {
    const outcome = await attempt(target, proof.right, options, accepted);
    if (outcome.kind === 'connected') return E.right(outcome.client);
    if (outcome.kind === 'failed') {
      // Asked for another kind of key, which the machine has not: the first one is what it shows.
      return E.left(first === undefined ? outcome.error : unaccepted(target, first));
    }
    first ??= outcome.key;
    accepted = otherAlgorithms(outcome.key, accepted);
    if (target.hostKeys.length === 0 || accepted.length === 0) return E.left(unaccepted(target, first));
  }
};

const unaccepted = (target: RunnerTarget, key: Buffer): TransportError =>
  transportError(
    target.hostKeys.length === 0 ? 'host_key_unknown' : 'host_key_changed',
    target,
    fingerprintOf(key),
  );
