/** A Baton and fresh machines, for those who install one on the other by the command line. */
import { spawn, type ChildProcess } from 'node:child_process';
import { expect } from 'vitest';
import type { RunnerStatus } from '../../src/app/evidence.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { startMachine, type FreshMachine, type MachineOptions } from '../machine.js';
import { until } from './processes.js';
import { begin, entry, type Ran, type Running } from './program.js';
import { aWorld, deliver, onlyDeploy, type World } from './world.js';

export const PASSWORD = 'correct horse battery';

/** A command line at a terminal of its own. */
export interface AtTerminal {
  /** All that the screen was sent. */
  readonly screen: () => string;
  readonly type: (keys: string) => void;
  readonly shows: (what: string | RegExp) => Promise<void>;
  readonly done: Promise<number | null>;
  readonly child: ChildProcess;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

export class InstallWorld {
  readonly #admin = generateKeyPair();
  readonly #machines: FreshMachine[] = [];
  readonly world: World;
  /** File with the key of `admin`, who may use sudo. */
  readonly identity: string;

  constructor(world: World) {
    this.world = world;
    this.identity = world.file('admin', this.#admin.privateKey);
  }

  async aMachine(options: MachineOptions = {}): Promise<FreshMachine> {
    const machine = await startMachine({
      admin: { publicKey: this.#admin.publicKey, password: PASSWORD, sudo: 'nopasswd' },
      ...options,
    });
    this.#machines.push(machine);
    return machine;
  }

  #env(): Readonly<Record<string, string>> {
    return { BATON_URL: this.world.url, BATON_TOKEN: this.world.token };
  }

  /** Starts the installation as `b7` by the key of the administrator. */
  beginInstall(...more: readonly string[]): Running {
    const line = ['install-runner', '127.0.0.1', 'admin', '-i', this.identity, '--name', 'b7', '-y'];
    return begin(this.world.folder, [...line, ...more], this.#env());
  }

  install(...more: readonly string[]): Promise<Ran> {
    return this.beginInstall(...more).done;
  }

  /** As `user`, up to the question whether it shall be done, which nobody is there to answer; see `wasLetIn`. */
  tryAs(
    { port, hostKey }: FreshMachine,
    user: string,
    more: readonly string[],
    env: Readonly<Record<string, string>> = {},
    input?: string,
  ): Promise<Ran> {
    const line = ['install-runner', '127.0.0.1', user, '--name', 'b7', '-p', String(port)];
    const argv = [...line, '--host-key', hostKey, ...more];
    return begin(this.world.folder, argv, { ...this.#env(), ...env }, input).done;
  }

  /** The first time, when port and host key have to be said. */
  first({ port, hostKey }: FreshMachine, ...more: readonly string[]): Promise<Ran> {
    return this.install('-p', String(port), '--host-key', hostKey, ...more);
  }

  uninstall(...more: readonly string[]): Promise<Ran> {
    const line = ['delete-runner', 'b7', '--uninstall', '--as', 'admin', '-i', this.identity, '-y'];
    return this.world.baton(...line, ...more);
  }

  /** A terminal of its own by script(1), whose echo is that of the system. */
  atTerminal(...argv: readonly string[]): AtTerminal {
    const { PATH = '/usr/bin:/bin' } = process.env;
    // in place of the shell, which Ctrl-C would end as well
    const command = `exec ${[process.execPath, entry, ...argv].map(quoted).join(' ')}`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd: this.world.folder,
      env: { PATH, HOME: this.world.folder, TERM: 'dumb', SHELL: '/bin/sh', NO_COLOR: '1', ...this.#env() },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let screen = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
    const done = new Promise<number | null>((resolve) => {
      child.once('close', resolve);
    });
    return {
      ...{ child, done },
      screen: () => screen,
      type: (keys) => void child.stdin.write(keys),
      shows: async (what) => {
        await until(`the screen shows ${String(what)}`, () =>
          (typeof what === 'string' ? screen.includes(what) : what.test(screen)) ? true : undefined,
        );
      },
    };
  }

  async runner(): Promise<RunnerStatus> {
    return (await this.world.ask('GET', '/runners/b7')).json() as RunnerStatus;
  }

  /** A change goes its whole way, and its job says as whom and where it ran. */
  async aChangeIsDelivered(project: string): Promise<string> {
    const says = 'id -un; echo "home $HOME"; touch "$HOME/mine"';
    const change = await deliver(this.world, this.world.aRepository(project, onlyDeploy(says)));
    const job = (await this.world.jobsOf(change.id)).find(({ phase }) => phase === 'deploy');
    return went(await this.world.baton('job', 'log', job?.id ?? '', '--raw'));
  }

  async close(): Promise<void> {
    await this.world.close();
    for (const machine of this.#machines.splice(0)) await machine.close();
  }
}

/** A server that runs. */
export const anInstallWorld = async (more: readonly string[] = []): Promise<InstallWorld> => {
  const world = await aWorld();
  await world.start({}, 'error', more);
  return new InstallWorld(world);
};

/** Of `tryAs`: it logged in, became root, looked, and stopped before anything was changed. */
export const wasLetIn = ({ code, out, err }: Ran): void => {
  expect([code, err]).toEqual([64, expect.stringContaining('Nothing was changed.\nhint: Say so with -y.')]);
  expect(out).toMatch(/^look +debian/mu);
};

/** What was said, when all went well and there was nothing to complain of. */
export const went = ({ code, out, err }: Ran): string => {
  expect([code, err]).toEqual([0, '']);
  return out;
};

/** What an installation may leave or change, as one text; without what sudo writes down of who used it first, and what jobs do in a base. */
export const stateOf = (machine: FreshMachine): Promise<string> => {
  const left =
    "! -name .pwd.lock ! -path '/etc/*-' ! -name .sudo_as_admin_successful ! -path '/var/opt/baton/*/*'";
  return machine.run(
    [
      `find /etc /home /opt /usr/local /var/opt -xdev ${left} -printf '%p %y %m %U %G\\n' | sort`,
      `find /etc /home /var/opt -xdev -type f ${left} -print0 | sort -z | xargs -0 sha256sum`,
    ].join('; '),
  );
};
