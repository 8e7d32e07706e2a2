/** An ssh-agent of our own, with its socket in a folder of the test. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './sshd.js';

export const hasAgent = ['/usr/bin/ssh-agent', '/usr/local/bin/ssh-agent'].some((path) => existsSync(path));

export interface Agent {
  /** For `SSH_AUTH_SOCK`. */
  readonly socket: string;
  readonly hold: (privateKey: string) => void;
  /** It holds no key any more. */
  readonly empty: () => void;
  readonly close: () => Promise<void>;
}

export const startAgent = async (directory: string): Promise<Agent> => {
  const socket = join(directory, 'agent.sock');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  await eventually('the agent listens', () => existsSync(socket));
  const sshAdd = (...args: readonly string[]): void => {
    execFileSync('ssh-add', ['-q', ...args], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  };
  return {
    socket,
    hold: (privateKey) => {
      const file = join(directory, 'agent-key');
      writeFileSync(file, privateKey);
      chmodSync(file, 0o600);
      sshAdd(file);
    },
    empty: () => {
      sshAdd('-D');
    },
    close: async () => {
      const gone = new Promise((resolve) => agent.once('exit', resolve));
      agent.kill();
      await gone;
    },
  };
};
