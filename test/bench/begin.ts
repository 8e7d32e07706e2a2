/** Starts `npm run bench` as a program of its own, with its data in a folder of the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export const beginBench = (program: string, name: string, folder: string) => {
  const child = spawn(process.execPath, [program, name, '--quick', '--json'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return { child, closed: once(child, 'close'), said: () => ({ out, err }) };
};
