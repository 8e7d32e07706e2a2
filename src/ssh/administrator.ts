/** How does a person's login come about, by password, key or agent? Each is offered once, and only to an accepted host key. */
import * as E from 'fp-ts/lib/Either.js';
import ssh2 from 'ssh2';
import type { AnyAuthMethod, Client, ClientChannel } from 'ssh2';
import type { RunnerTarget, TransportError } from '../app/ports.js';
import { connectHop } from './connect.js';
import { transportError } from './errors.js';

export interface AdministratorLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Offered in this order: key, agent, password. Each once; a wrong password is not tried again. */
  readonly auth: {
    readonly privateKey?: string;
    readonly passphrase?: string;
    /** Path of the ssh-agent's socket. */
    readonly agentSocket?: string;
    /** Also the answer to keyboard-interactive, when it asks exactly one thing and does not show it. */
    readonly password?: string;
  };
  /** Accepted host keys, `SHA256:…`. When none of them is shown and some are given, the machine is refused. */
  readonly hostKeys: readonly string[];
  /** Asked with the fingerprint found when `hostKeys` is empty; without it, an unknown host key is refused. */
  readonly onHostKey?: (fingerprint: string) => Promise<boolean>;
}

export type AdministratorChannel = ClientChannel;

export interface AdministratorLink {
  readonly hostKey: string;
  readonly open: (command: string) => Promise<E.Either<TransportError, AdministratorChannel>>;
  readonly isConnected: () => boolean;
  readonly close: () => Promise<void>;
}

// sshd gives 120 s for a login (LoginGraceTime); a machine that has not answered after 20 is not there
const patience = { connectTimeoutMs: 20_000, keepaliveMs: 10_000 };

/** What to offer next, among what the machine still takes. One of `password` and `keyboard-interactive`: both ask for the same word. */
const offers = ({ user, auth }: AdministratorLogin) => {
  const left = new Set(['key', 'agent', 'password']);
  const take = (kind: string) => left.delete(kind);
  const byKeyboard = (password: string): AnyAuthMethod => ({
    type: 'keyboard-interactive',
    username: user,
    prompt: (_name, _instructions, _language, prompts, finish) => {
      // a second question, or one whose answer is shown, is about something else: a code, a new password
      const isPassword = prompts.length === 1 && prompts[0]?.echo !== true && take('answer');
      finish(isPassword ? [password] : prompts.map(() => ''));
    },
  });
  left.add('answer');
  return (methods: readonly string[] | null): AnyAuthMethod | false => {
    // asks what is taken, and offers nothing yet
    if (methods === null) return { type: 'none', username: user };
    const takes = (method: string) => methods.includes(method);
    if (auth.privateKey !== undefined && takes('publickey') && take('key'))
      return {
        ...{ type: 'publickey', username: user, key: auth.privateKey },
        ...(auth.passphrase === undefined ? {} : { passphrase: auth.passphrase }),
      };
    if (auth.agentSocket !== undefined && takes('publickey') && take('agent'))
      return { type: 'agent', username: user, agent: auth.agentSocket };
    if (auth.password === undefined || !(takes('password') || takes('keyboard-interactive'))) return false;
    if (!take('password')) return false;
    return takes('password')
      ? { type: 'password', username: user, password: auth.password }
      : byKeyboard(auth.password);
  };
};

const linkOver = (client: Client, target: RunnerTarget, hostKey: string): AdministratorLink => {
  let connected = true;
  const over = new Promise<void>((resolve) => {
    client.once('close', () => {
      connected = false;
      resolve();
    });
  });
  return {
    hostKey,
    isConnected: () => connected,
    open: (command) =>
      new Promise((resolve) => {
        const lost = () => resolve(E.left(transportError('connection_lost', target)));
        if (!connected) {
          lost();
          return;
        }
        client.once('close', lost);
        client.exec(command, (error, channel) => {
          client.off('close', lost);
          resolve(
            error === undefined
              ? E.right(channel)
              : E.left(transportError('no_usable_shell', target, error.message, error)),
          );
        });
      }),
    close: () => {
      client.end();
      return over;
    },
  };
};

/** The machine as errors and `connectHop` want it; by its host, since it has no other name yet. */
export const targetOf = (login: AdministratorLogin): RunnerTarget => ({
  ...{ name: login.host, host: login.host, port: login.port, user: login.user },
  ...{ auth: { kind: 'agent' }, hostKeys: login.hostKeys, base: '/' },
});

/** `no_key`: the private key cannot be read, perhaps for want of its passphrase. */
export const logIn = async (
  login: AdministratorLogin,
): Promise<E.Either<TransportError, AdministratorLink>> => {
  const { privateKey, passphrase } = login.auth;
  const target = targetOf(login);
  // The parser's own message may quote the text.
  if (privateKey !== undefined && ssh2.utils.parseKey(privateKey, passphrase) instanceof Error)
    return E.left(transportError('no_key', target));
  let seen = '';
  const next = offers(login);
  const made = await connectHop(
    { target, told: transportError, onHostKey: (fingerprint) => (seen = fingerprint) },
    {
      authHandler: (methods, _partial, callback) => {
        const offer = next(methods);
        // the types of ssh2 leave out `false`, which its documentation has for "nothing more"
        Reflect.apply(callback, undefined, [offer]);
      },
    },
    patience,
  );
  if (E.isRight(made)) return E.right(linkOver(made.right, target, seen));
  const { code, fingerprint } = made.left;
  if (code !== 'host_key_unknown' || fingerprint === undefined || login.onHostKey === undefined) return made;
  // on a new connection, since a person may take longer than a machine waits
  return (await login.onHostKey(fingerprint)) ? logIn({ ...login, hostKeys: [fingerprint] }) : made;
};
