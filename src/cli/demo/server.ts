/** The demo's server: a process of its own, so that it can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../config.js';

export interface DemoServer {
  readonly url: string;
  /** Present at the first start of a data folder. */
  readonly token: string | undefined;
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;
}

const entry = join(fileURLToPath(new URL('.', import.meta.url)), '..', 'main.js');

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    child.stderr?.on('data', (bytes: Buffer) => (err = (err + bytes.toString()).slice(-4000)));
    child.stdout?.on('data', (bytes: Buffer) => {
      out += bytes.toString();
      const end = out.indexOf('\n');
      if (end >= 0) resolve(out.slice(0, end));
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`the server ended with code ${code ?? 'none'}: ${err.trim()}`)),
    );
  });

/**
 * What the server gets of the caller's environment: all but the settings of Baton. A shell may name the store of a production
 * server, and the demo would become a second master of its runners.
 */
export const withoutSettings = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('BATON_')));

/** `settings`: by the names of their variables; all that the server is told beside its flags. */
export const startServer = async (
  data: string,
  repositories: string,
  env: Environment,
  settings: Environment = {},
): Promise<DemoServer> => {
  const args = ['serve', '--json', '--data', data, '--listen', '127.0.0.1:0', '--repo-root', repositories];
  const child = spawn(process.execPath, [entry, ...args, '--log-level', 'error'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C is for the demo, which ends its jobs before it ends this
    detached: true,
    env: { ...withoutSettings(env), ...settings },
  });
  const { url, token } = JSON.parse(await firstLine(child)) as { url: string; token?: string };
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    url,
    token,
    pid: child.pid ?? 0,
    end: async (signal) => {
      child.kill(signal);
      await gone;
    },
  };
};
