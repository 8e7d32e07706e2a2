/** Which connection carries the next operation? One per runner as a rule, another when sshd allows no further session. */
import * as E from 'fp-ts/lib/Either.js';
import type { Client, ClientChannel, SFTPWrapper } from 'ssh2';
import type { RunnerTarget, TransportError } from '../app/ports.js';
import { connect, type ConnectOptions } from './connect.js';
import type { Dial } from './dialler.js';
import { transportError } from './errors.js';
import { createGate, type Gate } from './gate.js';

/** One running command on a runner. */
export interface Lease {
  readonly channel: ClientChannel;
  /** False: the whole link was lost, not only the command. */
  readonly isConnected: () => boolean;
  /** From asking for the channel to having it: about one round trip for the channel and one for its command. */
  readonly openedInMs: number;
  /** To be called once our program has answered: the account's shell has started, and the next command may. */
  readonly reached: () => void;
}

export type OpenChannel = (command: string) => Promise<E.Either<TransportError, Lease>>;

/** Follows last as long as their jobs, so they must leave room for short operations. sshd's default is 10 sessions. */
export const SESSIONS_PER_CONNECTION = 8;
const channelsPerConnection = { short: SESSIONS_PER_CONNECTION, long: 6 };
const connectionsPerRunner = 16;
/** The account of one slot has one job at a time: with eight sessions one connection does, with a `MaxSessions` of 1 four. */
const connectionsPerSlot = 4;

/** sshd has the account's shell run each command, and rc files can be slow and wait for each other (pyenv's takes a lock):
 * with more at once, the last of many would seem dead only for having waited. */
const shellsStartingPerRunner = 4;

export interface Connection {
  readonly client: Client;
  open: number;
  /** Learned from refusals. */
  limit: number;
  alive: boolean;
  /** Told when a channel has become free. */
  readonly whenFree: Set<() => void>;
  /** Asked for once; undefined when sshd has no such subsystem. */
  sftp?: Promise<SFTPWrapper | undefined>;
  /** Of those open: SFTP sessions, which stay without work. */
  lasting: number;
}

/** What ssh2 gives for a session: both end with `close`. */
type Session = ClientChannel | SFTPWrapper;
type Ask<S extends Session> = (
  client: Client,
  opened: (error: Error | undefined, session: S) => void,
) => void;

interface SessionOf<S extends Session> {
  readonly session: S;
  readonly openedInMs: number;
}

/** Opens a session on exactly this connection. */
const sessionOn = <S extends Session>(
  connection: Connection,
  target: RunnerTarget,
  ask: Ask<S>,
): Promise<E.Either<TransportError, SessionOf<S>>> =>
  new Promise((resolve) => {
    const lost = (cause?: unknown) => {
      connection.client.off('close', lost);
      resolve(E.left(transportError('connection_lost', target, '', cause)));
    };
    if (!connection.alive) {
      lost();
      return;
    }
    // ssh2 answers no open request any more once the link is gone.
    connection.client.once('close', lost);
    connection.open += 1;
    const asked = performance.now();
    const opened = (error: Error | undefined, session: S) => {
      connection.client.off('close', lost);
      if (error === undefined) {
        session.once('close', () => {
          connection.open -= 1;
          for (const told of [...connection.whenFree]) told();
        });
        // A broken session also closes; that is where it is judged.
        session.on('error', () => undefined);
        resolve(E.right({ session, openedInMs: performance.now() - asked }));
        return;
      }
      connection.open -= 1;
      const code = !connection.alive
        ? 'connection_lost'
        : /unable to exec/i.test(error.message)
          ? 'no_usable_shell'
          : 'back_pressure';
      resolve(E.left(transportError(code, target, error.message, error)));
    };
    try {
      ask(connection.client, opened);
    } catch (error) {
      connection.open -= 1;
      lost(error);
    }
  });

/** Runs a command on exactly this connection. */
export const execOn = async (
  connection: Connection,
  target: RunnerTarget,
  command: string,
): Promise<E.Either<TransportError, Lease>> =>
  E.map(({ session, openedInMs }: SessionOf<ClientChannel>) => ({
    channel: session,
    isConnected: () => connection.alive,
    openedInMs,
    reached: () => undefined,
  }))(
    await sessionOn<ClientChannel>(connection, target, (client, opened) => {
      client.exec(command, { allowHalfOpen: true }, opened);
    }),
  );

/** Connects anew, outside of any pool. */
export const connectOnce = async (
  target: RunnerTarget,
  options: ConnectOptions,
): Promise<E.Either<TransportError, Connection>> => {
  const client = await connect(target, options);
  if (E.isLeft(client)) return client;
  const connection: Connection = {
    client: client.right,
    ...{ open: 0, lasting: 0 },
    limit: channelsPerConnection.short,
    alive: true,
    whenFree: new Set(),
  };
  client.right.once('close', () => {
    connection.alive = false;
  });
  return E.right(connection);
};

interface Member {
  readonly key: string;
  readonly target: RunnerTarget;
  readonly connections: Connection[];
  /** One after the other, so that none is opened that turns out not to be needed. */
  connecting: Promise<unknown>;
  readonly starting: Gate;
}

export interface Pool {
  readonly channel: (target: RunnerTarget, lasting: 'short' | 'long') => OpenChannel;
  /** The one SFTP session of a connection that is open; undefined where there is none, or no room for one. */
  readonly sftp: (target: RunnerTarget) => Promise<SFTPWrapper | undefined>;
  /** The account is none of its runner's any more; what still goes on there may end. */
  readonly isGone: (target: RunnerTarget) => boolean;
  /** As `RunnerTransport.keep`; shells that only wait are to be closed by whoever keeps them. */
  readonly keep: (name: string, slots: number | undefined) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Does a runner with an account for each of so many slots, or one for all, have this account? */
const isKept = ({ slot }: Pick<RunnerTarget, 'slot'>, slots: number | undefined): boolean =>
  slots === undefined ? slot === undefined : slot !== undefined && slot < slots;

/** Whose connections these are: a runner's, or, where each slot has an account of its own, that slot's. */
const memberIdOf = ({ name, slot }: RunnerTarget): string =>
  slot === undefined ? name : `${name} ${String(slot)}`;

/** Everything that names a runner and our way to it. */
export const keyOf = (target: RunnerTarget): string =>
  JSON.stringify([target.host, target.port, target.user, target.auth, target.hostKeys, target.jump]);

/** So long is a connection awaited that should be closing. */
const CLOSING_MS = 1_000;

/** The other side may never answer. */
const end = (client: Client): void => {
  client.end();
  setTimeout(() => client.destroy(), 500).unref();
};

const isIdle = ({ open, lasting }: Connection): boolean => open <= lasting;

const pause = (ms: number, connections: readonly Connection[]): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const one of connections) one.whenFree.delete(done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const one of connections) one.whenFree.add(done);
  });

/** How a connection comes about. */
export type Connects = Dial<E.Either<TransportError, Connection>>;

/** `waitMs`: how long an operation waits for a free channel before it answers back_pressure. */
export const createPool = (dial: Connects, options: { readonly waitMs: number }): Pool => {
  const members = new Map<string, Member>();
  /** Of runners whose accounts became others. */
  const kept = new Map<string, number | undefined>();
  let closed = false;

  const memberOf = (target: RunnerTarget): Member => {
    const key = keyOf(target);
    const known = members.get(memberIdOf(target));
    if (known?.key === key) return known;
    // Another host, user or trusted key: what was open belongs to the old ones.
    for (const one of known?.connections ?? []) one.client.end();
    const member: Member = {
      ...{ key, target },
      connections: [],
      connecting: Promise.resolve(),
      starting: createGate(shellsStartingPerRunner),
    };
    members.set(memberIdOf(target), member);
    return member;
  };

  const isGone = (target: RunnerTarget): boolean =>
    kept.has(target.name) && !isKept(target, kept.get(target.name));

  const free = (member: Member, lasting: 'short' | 'long'): Connection | undefined =>
    member.connections.find(
      (one) => one.alive && one.open < Math.min(one.limit, channelsPerConnection[lasting]),
    );

  const grow = async (
    member: Member,
    target: RunnerTarget,
    lasting: 'short' | 'long',
  ): Promise<E.Either<TransportError, undefined>> => {
    const turn = member.connecting.then(async (): Promise<E.Either<TransportError, undefined>> => {
      if (closed || free(member, lasting) !== undefined) return E.right(undefined);
      const made = await dial(target);
      if (E.isLeft(made)) return made;
      adopt(member, target, made.right);
      return E.right(undefined);
    });
    member.connecting = turn;
    return turn;
  };

  const adopt = (member: Member, target: RunnerTarget, connection: Connection): void => {
    if (closed || members.get(memberIdOf(target)) !== member) {
      connection.client.end();
      return;
    }
    member.connections.push(connection);
    connection.client.once('close', () => {
      member.connections.splice(member.connections.indexOf(connection), 1);
    });
    connection.whenFree.add(() => {
      if (connection.open === 0 && member.connections[0] !== connection) connection.client.end();
      else if (isGone(target) && isIdle(connection)) end(connection.client);
    });
  };

  const channel =
    (target: RunnerTarget, lasting: 'short' | 'long'): OpenChannel =>
    async (command) => {
      const until = performance.now() + options.waitMs;
      const most = target.slot === undefined ? connectionsPerRunner : connectionsPerSlot;
      let waitMs = 20;
      let last = transportError('back_pressure', target);
      while (performance.now() < until) {
        if (closed) return E.left(transportError('closed', target));
        const member = memberOf(target);
        if (free(member, lasting) === undefined && member.connections.length < most) {
          const grown = await grow(member, target, lasting);
          if (E.isRight(grown)) continue;
          if (grown.left.code !== 'back_pressure') return grown;
          last = grown.left;
        } else if (free(member, lasting) !== undefined) {
          const leave = await member.starting.enter(until - performance.now());
          // the time is over, or we are closed: told above
          if (leave === undefined) continue;
          // What was free before may be so no more.
          const connection = free(member, lasting);
          if (connection === undefined) {
            leave();
            continue;
          }
          const lease = await execOn(connection, target, command);
          if (E.isRight(lease)) {
            lease.right.channel.once('close', leave);
            return E.right({ ...lease.right, reached: leave });
          }
          leave();
          if (lease.left.code === 'back_pressure') connection.limit = Math.max(1, connection.open);
          // Nothing was sent: a link found dead here is simply replaced.
          else if (lease.left.code !== 'connection_lost') return lease;
          last = lease.left;
        }
        await pause(waitMs, member.connections);
        waitMs = Math.min(waitMs * 2, 500);
      }
      return E.left(last);
    };

  const sftp: Pool['sftp'] = (target) => {
    const member = members.get(memberIdOf(target));
    const connections = member?.key === keyOf(target) ? member.connections : [];
    const connection =
      connections.find((one) => one.alive && one.sftp !== undefined) ??
      connections.find((one) => one.alive && one.open < one.limit);
    if (connection === undefined) return Promise.resolve(undefined);
    connection.sftp ??= sessionOn<SFTPWrapper>(connection, target, (client, opened) => {
      client.sftp(opened);
    }).then((found) => {
      if (E.isLeft(found)) {
        // No room is another matter than no such subsystem: asked again when there is some.
        if (found.left.code === 'back_pressure') {
          const again = (): void => {
            connection.whenFree.delete(again);
            delete connection.sftp;
          };
          connection.whenFree.add(again);
        }
        return undefined;
      }
      const { session } = found.right;
      connection.lasting += 1;
      session.once('close', () => {
        connection.lasting -= 1;
        delete connection.sftp;
      });
      session.setMaxListeners(0);
      return session;
    });
    return connection.sftp;
  };

  const keep: Pool['keep'] = async (name, slots) => {
    kept.set(name, slots);
    const gone = [...members.values()].filter(({ target }) => target.name === name && isGone(target));
    await Promise.all(
      gone
        .flatMap(({ connections }) => [...connections])
        .map(
          (one) =>
            new Promise<void>((resolve) => {
              // what goes on there ends when it ends
              const timer = setTimeout(resolve, CLOSING_MS);
              one.client.once('close', () => {
                clearTimeout(timer);
                resolve();
              });
              if (isIdle(one)) end(one.client);
            }),
        ),
    );
  };

  const close = async (): Promise<void> => {
    closed = true;
    for (const member of members.values()) member.starting.close();
    const connections = [...members.values()].flatMap((member) => member.connections);
    await Promise.all(
      connections.map(
        (one) =>
          new Promise<void>((resolve) => {
            if (!one.alive) {
              resolve();
              return;
            }
            one.client.once('close', () => {
              resolve();
            });
            end(one.client);
          }),
      ),
    );
  };

  return { channel, sftp, isGone, keep, close };
};
