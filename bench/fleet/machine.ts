/** A machine for jobs: the system's sshd on a loopback port of its own, and what is needed to log in there. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import { temporaryFolder, type Undoing } from '../store/tidily.js';
import { endProcessesOf } from './processes.js';

export interface Machine {
  /** Everything of it lies here, and of those who use it. */
  readonly folder: string;
  readonly port: number;
  readonly user: string;
  readonly fingerprint: string;
  readonly privateKey: string;
}

export interface MachineOptions {
  /** Of its sshd: sessions at a time on one connection. */
  readonly maxSessions?: number;
  /** Absolute; absent: the system's sshd. */
  readonly sshd?: string;
}

/** Taken down with all that runs there. */
export const startMachine = async (
  undoing: Undoing,
  { maxSessions = 10, sshd = findSshd() }: MachineOptions = {},
): Promise<Machine> => {
  if (sshd === undefined) throw new Error('this machine has no sshd');
  const folder = await temporaryFolder(undoing);
  undoing.add(() => endProcessesOf(folder));
  const { privateKey, publicKey } = generateKeyPair();
  const home = join(folder, 'home');
  mkdirSync(home);
  const server = await startSystemSshd({
    sshdPath: sshd,
    directory: join(folder, 'sshd'),
    authorizedKey: publicKey,
    // the account's rc files are no part of what is measured
    environment: { HOME: home },
    settings: [`MaxSessions ${maxSessions}`],
  });
  undoing.add(server.close);
  const { port, user, fingerprint } = server;
  return { folder, port, user, fingerprint, privateKey };
};

/** Options of `ssh` for the machine, which is called `runner`; through the mux when there is one. Answers the file. */
export const clientConfig = (machine: Machine): string => {
  const { folder, port, user, privateKey } = machine;
  const [config, identity] = [join(folder, 'ssh_config'), join(folder, 'identity')];
  writeFileSync(identity, privateKey, { mode: 0o600 });
  chmodSync(identity, 0o600);
  const options = [
    ['HostName', '127.0.0.1'],
    ['Port', String(port)],
    ['User', user],
    ['IdentityFile', identity],
    ['IdentitiesOnly', 'yes'],
    // the key was made a moment ago, by us, on this machine
    ['StrictHostKeyChecking', 'no'],
    ['UserKnownHostsFile', '/dev/null'],
    ['BatchMode', 'yes'],
    ['LogLevel', 'ERROR'],
    ['ControlPath', join(folder, 'mux')],
  ];
  writeFileSync(config, `Host runner\n${options.map((words) => `  ${words.join(' ')}\n`).join('')}`);
  return config;
};
