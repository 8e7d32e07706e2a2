/** How does a person's login come about, by password, key or agent? Each is offered once, and only to an accepted host key. */
import * as E from 'fp-ts/lib/Either.js';
import type { AnyAuthMethod, Client, ClientChannel } from 'ssh2';
import type { RunnerTarget, TransportError } from '../app/ports.js';
import { keysInAgent } from './agent.js';
import { connectHop } from './connect.js';
import { CutLogin, isTooManyTries, transportError } from './errors.js';
import { isUsableKey } from './keys.js';

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

/** Why a login came to nothing, where the code of the transport says too little. */
export type LoginTrouble =
  'agent_unreachable' | 'agent_empty' | 'too_many_keys' | 'more_asked' | 'password_expired' | 'login_cut';

export interface LoginError extends TransportError {
  readonly trouble?: LoginTrouble;
  /** What the machine asked, in its own words. */
  readonly asked?: string;
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
  const left = new Set(['key', 'agent', 'password', 'answer']);
  const questions: string[] = [];
  let more = false;
  const take = (kind: string) => left.delete(kind);
  const byKeyboard = (password: string): AnyAuthMethod => ({
    type: 'keyboard-interactive',
    username: user,
    prompt: (_name, instructions, _language, prompts, finish) => {
      // a second question, or one whose answer is shown, is about something else: a code, a new password
      const isPassword = prompts.length === 1 && prompts[0]?.echo !== true && take('answer');
      const words = [instructions, ...prompts.map(({ prompt }) => prompt)].filter((text) => text !== '');
      // the same once more: the answer was wrong
      more ||= !isPassword && words.some((text) => !questions.includes(text));
      questions.push(...words);
      finish(isPassword ? [password] : prompts.map(() => ''));
    },
  });
  const next = (methods: readonly string[] | null): AnyAuthMethod | false => {
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
  return {
    next,
    passwordIsLeft: () => auth.password !== undefined && left.has('password'),
    /** All that was asked, if it was more than a password. */
    asked: () => (more ? questions.join(' ') : undefined),
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

/** As pam_unix(8) asks for a new one, and others do. */
const WANTS_NEW_PASSWORD = /expired|change your password|(?:current|new) password/iu;

const explained = (error: TransportError, { auth }: AdministratorLogin, asked?: string): LoginError => {
  if (error.code === 'connection_lost' || error.cause instanceof CutLogin)
    return { ...error, trouble: 'login_cut' };
  if (auth.agentSocket !== undefined && error.code === 'no_key')
    return { ...error, trouble: 'agent_unreachable' };
  if (auth.agentSocket !== undefined && isTooManyTries(error.cause))
    return { ...error, trouble: 'too_many_keys' };
  if (error.code !== 'permission_denied' || asked === undefined) return error;
  return WANTS_NEW_PASSWORD.test(asked)
    ? { ...error, trouble: 'password_expired' }
    : { ...error, trouble: 'more_asked', asked };
};

const withoutAgent = ({
  auth: { agentSocket: _left, ...auth },
  ...login
}: AdministratorLogin): AdministratorLogin => ({
  ...login,
  auth,
});

const connectAs = async (login: AdministratorLogin): Promise<E.Either<LoginError, AdministratorLink>> => {
  const target = targetOf(login);
  let seen = '';
  const offered = offers(login);
  const made = await connectHop(
    { target, told: transportError, onHostKey: (fingerprint) => (seen = fingerprint) },
    {
      authHandler: (methods, _partial, callback) => {
        const offer = offered.next(methods);
        // the types of ssh2 leave out `false`, which its documentation has for "nothing more"
        Reflect.apply(callback, undefined, [offer]);
      },
    },
    patience,
  );
  if (E.isRight(made)) return E.right(linkOver(made.right, target, seen));
  const error = explained(made.left, login, offered.asked());
  // the keys of an agent must not keep a password from being tried
  if (error.trouble === 'too_many_keys' && offered.passwordIsLeft()) return connectAs(withoutAgent(login));
  const { code, fingerprint } = error;
  if (code !== 'host_key_unknown' || fingerprint === undefined || login.onHostKey === undefined)
    return E.left(error);
  // on a new connection, since a person may take longer than a machine waits
  return (await login.onHostKey(fingerprint))
    ? connectAs({ ...login, hostKeys: [fingerprint] })
    : E.left(error);
};

/** `no_key`: the private key cannot be read, perhaps for want of its passphrase. */
export const logIn = async (login: AdministratorLogin): Promise<E.Either<LoginError, AdministratorLink>> => {
  const { privateKey, passphrase, agentSocket, password } = login.auth;
  const target = targetOf(login);
  if (privateKey !== undefined && !isUsableKey(privateKey, passphrase))
    return E.left(transportError('no_key', target));
  const keys = agentSocket === undefined ? 0 : await keysInAgent(agentSocket);
  if (keys !== undefined && keys > 0) return connectAs(login);
  const trouble = keys === undefined ? 'agent_unreachable' : 'agent_empty';
  if (agentSocket !== undefined && privateKey === undefined && password === undefined)
    return E.left({ ...transportError('no_key', target), trouble });
  return connectAs(withoutAgent(login));
};
