/** Where can jobs run when the machine has no sshd? In this process: a small SSH server that really executes commands. */
import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { userInfo } from 'node:os';
import ssh2 from 'ssh2';
import type { AuthContext, Connection, ServerChannel, Session } from 'ssh2';
import { fingerprintOf, publicKeyOf } from './keys.js';

export interface LocalServerOptions {
  readonly port?: number;
  /** Private key in OpenSSH format. */
  readonly hostKey: string;
  /** The one public key let in, as in `authorized_keys`. */
  readonly authorizedKey: string;
  /** HOME of the commands. */
  readonly home: string;
  /** Added to the commands' environment, as `SetEnv` does in sshd_config. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface LocalServer {
  readonly port: number;
  readonly fingerprint: string;
  /** Attempts to authenticate so far; a strict client makes none before it has accepted the host key. */
  readonly authentications: () => number;
  /** Cuts all connections; what they started goes on, as under sshd. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

/** Loopback only. Commands run as the user of this process. */
export const startLocalSshServer = async (options: LocalServerOptions): Promise<LocalServer> => {
  const hostKey = publicKeyOf(options.hostKey);
  const authorized = ssh2.utils.parseKey(options.authorizedKey);
  if (hostKey === undefined || authorized instanceof Error)
    throw new Error('startLocalSshServer expects keys in OpenSSH format');
  const connections = new Set<Connection>();
  let authentications = 0;

  const decide = (context: AuthContext): void => {
    authentications += 1;
    const isTheOne = context.method === 'publickey' && context.key.data.equals(authorized.getPublicSSH());
    if (!isTheOne) {
      context.reject(['publickey']);
      return;
    }
    const proven =
      context.signature === undefined ||
      (context.blob !== undefined && authorized.verify(context.blob, context.signature, context.hashAlgo));
    if (proven) context.accept();
    else context.reject(['publickey']);
  };

  const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (connection) => {
    connections.add(connection);
    connection.on('authentication', decide);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('session', (accept) => {
      serveSession(accept(), options);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const cut = (): void => {
    for (const connection of connections) connection.end();
  };
  return {
    port: addressOf(server.address()).port,
    fingerprint: fingerprintOf(hostKey),
    authentications: () => authentications,
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        cut();
      }),
  };
};

const addressOf = (address: AddressInfo | string | null): AddressInfo => {
  if (address === null || typeof address === 'string')
    throw new Error('the server does not listen on a port');
  return address;
};

const serveSession = (session: Session, options: LocalServerOptions): void => {
  session.on('exec', (accept, _reject, info) => {
    runCommand(accept(), info.command, options);
  });
};

/** Like sshd: an own session, no end with the channel, the channel's end when nobody holds the output any more. */
const runCommand = (
  channel: ServerChannel,
  command: string,
  { home, environment }: LocalServerOptions,
): void => {
  const { username } = userInfo();
  const child = spawn('/bin/sh', ['-c', command], {
    detached: true,
    cwd: home,
    env: {
      HOME: home,
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      USER: username,
      LOGNAME: username,
      SHELL: '/bin/sh',
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ignore = () => undefined;
  for (const stream of [child.stdin, child.stdout, child.stderr, channel, channel.stderr])
    stream.on('error', ignore);
  channel.pipe(child.stdin);
  let status: number | undefined;
  let open = 3;
  // Closing at once would drop what still waits for the reader's window.
  const oneLess = () => {
    open -= 1;
    if (open > 0) return;
    channel.exit(status ?? 255);
    channel.end();
  };
  // One write at a time: with both waiting for the window, ssh2 1.17 wakes only one of them.
  let last: Promise<unknown> = Promise.resolve();
  const gone = new Promise<void>((resolve) => {
    channel.once('close', resolve);
  });
  const relay = (from: Readable, to: Writable) => {
    from.on('data', (bytes: Buffer) => {
      from.pause();
      last = last.then(async () => {
        const written = new Promise<void>((resolve) => {
          to.write(bytes, () => {
            resolve();
          });
        });
        await Promise.race([written, gone]);
        from.resume();
      });
    });
    from.once('end', () => {
      last = last.then(oneLess);
    });
  };
  relay(child.stdout, channel);
  relay(child.stderr, channel.stderr);
  child.once('error', () => {
    channel.exit(127);
    channel.close();
  });
  child.once('exit', (code) => {
    status = code ?? 255;
    oneLess();
  });
  channel.once('close', () => {
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
  });
};
