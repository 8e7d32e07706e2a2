/** What the tests of installing have in common: a login, a spec, and the state of a machine to compare. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach } from 'vitest';
import type { AppError } from '../../src/app/errors.js';
import type { Login, Machine, RunnerSpec, StepEvent } from '../../src/install/machine.js';
import { openMachine } from '../../src/install/open-machine.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { startMachine, type FreshMachine, type MachineOptions } from '../machine.js';

/** Of the runner, and of administrators that log in by key. */
export const runnerKey = generateKeyPair();
export const adminKey = generateKeyPair();

/** Looked for wherever it must not be. */
export const canary = 'Kanarienvogel-7319';

export const rootLogin = (fresh: FreshMachine): Login => ({
  ...{ host: fresh.host, port: fresh.port, user: 'root', hostKeys: [fresh.hostKey] },
  auth: { privateKey: adminKey.privateKey },
});

export const adminLogin = (fresh: FreshMachine, more: Partial<Login> = {}): Login => ({
  ...{ host: fresh.host, port: fresh.port, user: 'admin', hostKeys: [fresh.hostKey] },
  auth: { password: canary },
  ...more,
});

export const rootMachine = (options: MachineOptions = {}): Promise<FreshMachine> =>
  startMachine({ admin: { name: 'root', publicKey: adminKey.publicKey }, ...options });

/** Whatever a test keeps or starts is closed after it. */
export const machinesOfEachTest = () => {
  const machines: FreshMachine[] = [];
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.close()));
  });
  const keep = async (made: Promise<FreshMachine>): Promise<FreshMachine> => {
    const machine = await made;
    machines.push(machine);
    return machine;
  };
  return { keep, start: (options?: MachineOptions) => keep(rootMachine(options)) };
};

export const specOf = (more: Partial<RunnerSpec> = {}): RunnerSpec => ({
  ...{ runnerUser: 'job_runner', slots: 1, isolate: false, publicKey: runnerKey.publicKey },
  owner: { installation: 'here', name: 'b7' },
  ...{ sudo: 'none', certificates: [], base: '/var/opt/baton/job_runner' },
  ...more,
});

export const orThrow = <A>(answer: E.Either<AppError, A>): A => {
  if (E.isRight(answer)) return answer.right;
  throw new Error(JSON.stringify(answer.left));
};

export const errorOf = (answer: E.Either<AppError, unknown>): AppError => {
  if (E.isLeft(answer)) return answer.left;
  throw new Error(`no error, but ${JSON.stringify(answer.right)}`);
};

/** Opened, used and closed. */
export const on = async <A>(login: Login, use: (machine: Machine) => Promise<A>): Promise<A> => {
  const machine = orThrow(await openMachine(login)());
  try {
    return await use(machine);
  } finally {
    await machine.close();
  }
};

/** Events as `step status`, in their order. */
export const recorder = () => {
  const events: StepEvent[] = [];
  return {
    events,
    told: () => events.map(({ step, status }) => `${step} ${status}`),
    on: (event: StepEvent) => void events.push(event),
  };
};

/**
 * What an uninstall must leave as it was: accounts, the folders that it works in, and that nothing was written elsewhere. Not compared:
 * caches, logs, and copies that the tools for accounts keep for themselves.
 */
export const stateOf = (fresh: FreshMachine): Promise<string> =>
  fresh.run(
    `cat /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/subuid /etc/subgid
     find /etc /home /opt /var/opt /var/tmp /run /usr/local/share/ca-certificates -maxdepth 3 ! -path '/run/sudo*' ! -path '/run/sshd*' \
       ! -name 'passwd-' ! -name 'group-' ! -name 'shadow-' ! -name 'gshadow-' ! -name '.pwd.lock' ! -name 'ld.so.cache' \
       ! -name 'baton-install.lock.after.*' ! -name .sudo_as_admin_successful ! -name 'subuid-' ! -name 'subgid-' -printf '%p %M %U:%G %l\\n' | sort
     sha256sum /etc/ssl/certs/ca-certificates.crt`,
  );

/** A self-signed certificate, valid for `days` from now. */
export const certificate = (name: string, days = 30): string => {
  const directory = mkdtempSync(join(tmpdir(), 'baton-cert-'));
  try {
    const file = join(directory, 'cert.pem');
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-subj', `/CN=${name}`, '-days', `${days}`, '-keyout', join(directory, 'key.pem'), '-out', file],
      ],
      { stdio: 'ignore' },
    );
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(directory, { recursive: true });
  }
};
