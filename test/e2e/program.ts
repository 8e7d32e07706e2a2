/** The built program as a child process, as a person runs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** The built program itself. */
export const entry = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli', 'main.js');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves when the process is gone and its output is complete. */
  readonly done: Promise<Ran>;
}

type Environment = Readonly<Record<string, string>>;

/** Nothing of the caller's environment but the way to the tools, so that a developer's settings change no result. */
const bare = (folder: string): Environment => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: folder,
  TMPDIR: folder,
  NO_COLOR: '1',
});

/** Starts `baton` with its working folder, home and temporary folder in `folder`. `input`: its standard input, else it has none. */
export const begin = (
  folder: string,
  argv: readonly string[],
  env: Environment = {},
  input?: string,
): Running => {
  const child = spawn(process.execPath, [entry, ...argv], {
    cwd: folder,
    env: { ...bare(folder), ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  // it may have ended without reading it
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  let [out, err] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  const done = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, out, err });
    });
  });
  return { child, out: () => out, err: () => err, done };
};
