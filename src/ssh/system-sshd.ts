/** How is the machine's own sshd started beside the real one? With a folder, a port and keys of its own, as any user. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fingerprintOf, generateKeyPair, publicKeyOf } from './keys.js';

export interface SystemSshdOptions {
  /** Absolute: sshd starts itself again for each connection. */
  readonly sshdPath: string;
  /** Gets the configuration, the host key and the log; an existing one of ours is used again. */
  readonly directory: string;
  /** Lines for `authorized_keys`. */
  readonly authorizedKey: string;
  readonly port?: number;
  /** Of the sessions, over the account's own; with HOME, their shells read the rc files there. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Further lines of sshd_config. */
  readonly settings?: readonly string[];
}

export interface SystemSshd {
  readonly port: number;
  readonly fingerprint: string;
  readonly pid: number;
  /** The account that can log in: the one of this process. */
  readonly user: string;
  readonly close: () => Promise<void>;
}

const places = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd', '/usr/lib/ssh/sshd'];

/** Path of the system's sshd, if there is one. */
export const findSshd = (): string | undefined => places.find((path) => existsSync(path));

/** As distributions have it; a second line for it would be refused. */
const SFTP = 'Subsystem sftp internal-sftp';

/** On one line: of several, sshd takes the first (sshd_config(5)). */
const setEnv = (environment: Readonly<Record<string, string>> = {}): readonly string[] => {
  const pairs = Object.entries(environment).map(([name, value]) => `"${name}=${value}"`);
  return pairs.length === 0 ? [] : [`SetEnv ${pairs.join(' ')}`];
};

/** Rejects, with sshd's own words, when it does not come up. */
export const startSystemSshd = async (options: SystemSshdOptions): Promise<SystemSshd> => {
  const { directory, settings = [] } = options;
  const file = (name: string) => join(directory, name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const hostKey = generateKeyPair();
  const publicKey = publicKeyOf(hostKey.publicKey);
  if (publicKey === undefined) throw new Error('a generated key was not understood');
  await writeFile(file('host_key'), hostKey.privateKey, { mode: 0o600 });
  await chmod(file('host_key'), 0o600);
  await writeFile(file('authorized_keys'), `${options.authorizedKey.trim()}\n`, { mode: 0o600 });
  const port = options.port ?? (await freePort());
  const lines = [
    `Port ${String(port)}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${file('host_key')}`,
    `AuthorizedKeysFile ${file('authorized_keys')}`,
    `PidFile ${file('sshd.pid')}`,
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'PrintMotd no',
    ...setEnv(options.environment),
    ...(settings.some((line) => line.startsWith('Subsystem sftp ')) ? [] : [SFTP]),
    ...settings,
  ];
  await writeFile(file('sshd_config'), `${lines.join('\n')}\n`);
  // The compiled-in folder for privilege separation; only root needs it, and only root can make it.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const child = spawn(options.sshdPath, ['-D', '-e', '-f', file('sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C is for whoever started it, who may have something to end there first
    detached: true,
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(-4000);
  });
  await untilListening(child, port, () => said);
  return {
    port,
    fingerprint: fingerprintOf(publicKey),
    pid: child.pid ?? 0,
    user: userInfo().username,
    close: () => stop(child),
  };
};

const stop = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once('exit', () => {
      resolve();
    });
    child.kill('SIGTERM');
  });

/** One that nobody listens on at this moment, on the loopback. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no free port'));
      });
    });
  });

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });

const untilListening = async (child: ChildProcess, port: number, said: () => string): Promise<void> => {
  const until = Date.now() + 10_000;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`sshd did not start: ${said()}`);
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await stop(child);
  throw new Error(`sshd did not listen on port ${String(port)} in time: ${said()}`);
};
