/** A runner for tests: the in-process server everywhere, the system's sshd where there is one. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { killIfThere } from '../bench/fleet/processes.js';
import type { RunnerTarget, RunnerTransport } from '../src/app/ports.js';
import { generateKeyPair } from '../src/ssh/keys.js';
import { startLocalSshServer } from '../src/ssh/local-server.js';
import { findSshd, startSystemSshd } from '../src/ssh/system-sshd.js';
import { sshTransport, type SshTransportOptions } from '../src/ssh/transport.js';
import { isRequired } from './required.js';

export interface Rig {
  readonly target: RunnerTarget;
  /** Where Baton's files are on the runner: `<base>/<installationId>`. */
  readonly folder: string;
  readonly directory: string;
  readonly privateKey: string;
  readonly transport: (options?: Partial<SshTransportOptions>) => RunnerTransport;
  /** Ends every connection from the runner's side, by kill -9 under sshd. */
  readonly cut: () => Promise<void>;
  /** Undefined under the system's sshd, which does not count. */
  readonly authentications?: () => number;
  readonly close: () => Promise<void>;
}

export { isAlive } from '../bench/fleet/processes.js';

export const hasSshd = findSshd() !== undefined;
export const requiresSshd = isRequired('sshd');

export type RigKind = 'in-process server' | 'system sshd';

interface Started {
  readonly port: number;
  readonly fingerprint: string;
  readonly cut: () => Promise<void>;
  readonly authentications?: () => number;
  readonly close: () => Promise<void>;
}

const startServer = async (
  kind: RigKind,
  directory: string,
  authorizedKey: string,
  settings: readonly string[],
  home: string,
): Promise<Started> => {
  if (kind === 'in-process server') {
    const hostKey = generateKeyPair().privateKey;
    const environment = { HOME: home };
    const server = await startLocalSshServer({ hostKey, authorizedKey, home: directory, environment });
    return {
      ...server,
      cut: () => {
        server.cut();
        return Promise.resolve();
      },
    };
  }
  const sshdPath = findSshd();
  if (sshdPath === undefined) throw new Error('this machine has no sshd; install openssh-server');
  const server = await startSystemSshd({
    sshdPath,
    directory: join(directory, 'sshd'),
    authorizedKey,
    // A developer's rc files are no part of a test.
    environment: { HOME: home },
    settings,
  });
  return {
    ...server,
    cut: async () => {
      for (const pid of await descendantsNamedSshd(server.pid)) killIfThere(pid);
    },
  };
};

/** The processes of sshd's sessions, never those of jobs. `root`: the one that listens. */
export const descendantsNamedSshd = async (root: number): Promise<readonly number[]> => {
  const children: { readonly pid: number; readonly parent: number }[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    if (!/\(sshd/.test(stat)) continue;
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.push({ pid: Number(name), parent });
  }
  const found: number[] = [];
  let last = [root];
  while (last.length > 0) {
    last = children.filter((one) => last.includes(one.parent)).map((one) => one.pid);
    found.push(...last);
  }
  return found;
};

export const startRig = async (
  kind: RigKind,
  more: {
    readonly settings?: readonly string[];
    readonly keyOptions?: string;
    /** Below the rig's directory; that itself unless given. */
    readonly home?: string;
  } = {},
): Promise<Rig> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-ssh-'));
  const pair = generateKeyPair();
  const authorizedKey =
    more.keyOptions === undefined ? pair.publicKey : `${more.keyOptions} ${pair.publicKey}`;
  const server = await startServer(
    kind,
    directory,
    authorizedKey,
    more.settings ?? [],
    join(directory, more.home ?? '.'),
  );
  const transports: RunnerTransport[] = [];
  const base = join(directory, 'base');
  return {
    directory,
    folder: join(base, 'test'),
    privateKey: pair.privateKey,
    target: {
      name: 'runner-1',
      host: '127.0.0.1',
      port: server.port,
      user: userInfo().username,
      auth: { kind: 'key', secretRef: 'runner-1', publicKey: pair.publicKey },
      hostKeys: [server.fingerprint],
      base,
    },
    transport: (options = {}) => {
      const made = sshTransport({
        installationId: 'test',
        epoch: 1,
        privateKey: (ref) => Promise.resolve(ref === 'runner-1' ? pair.privateKey : undefined),
        ...options,
      });
      transports.push(made);
      return made;
    },
    cut: server.cut,
    ...(server.authentications === undefined ? {} : { authentications: server.authentications }),
    close: async () => {
      await Promise.all(transports.map((one) => one.close()));
      await server.close();
      await endJobsUnder(directory);
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
};

/** Jobs and supervisors outlive a server, so a test that failed may leave some: those that work in our folder. */
const endJobsUnder = async (directory: string): Promise<void> => {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const where = await readlink(`/proc/${name}/cwd`).catch(() => '');
    if (where === directory || where.startsWith(`${directory}/`)) {
      killIfThere(Number(name));
    }
  }
};

/** Polls until `look` gives something; for conditions that nobody announces. */
export const eventually = async <A>(
  what: string,
  look: () => Promise<A | undefined | false> | A | undefined | false,
  withinMs = 10_000,
): Promise<A> => {
  const until = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > until) throw new Error(`did not happen in ${String(withinMs)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** A tar of one folder, as a source. */
export const tarOf = (folder: string, file: string): string => {
  execFileSync('tar', ['-cf', file, '-C', folder, '.']);
  return file;
};
