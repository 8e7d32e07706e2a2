/** `baton store serve`, as built, in a process of its own. */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

export interface ServedProcess {
  readonly address: string;
  readonly port: number;
  /** Stops it where it is: its connections stay, and nothing answers. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Resolves when the process is gone. */
  readonly end: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
}

/** Serves the store below `data`; port 0 is any free one. */
export const serveProcess = async (data: string, port = 0): Promise<ServedProcess> => {
  const args = ['store', 'serve', '--json', '--data', data, '--listen', `127.0.0.1:${String(port)}`];
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close');
  while (!out.includes('\n')) {
    await Promise.race([once(child.stdout, 'data'), ended]);
    if (child.exitCode !== null) throw new Error(`the node did not start: ${err}`);
  }
  const { address } = JSON.parse(out) as { readonly address: string };
  return {
    address,
    port: Number(/:(\d+)\?/.exec(address)?.[1]),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    },
  };
};
