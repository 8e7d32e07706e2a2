/** Starts the compiled store in processes of their own, which can be killed. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/store/${name}`, import.meta.url));

/** The child processes run what `npm run build` made. */
export const isBuilt = existsSync(fileURLToPath(new URL('../../dist/src/store/sqlite.js', import.meta.url)));

export interface Child {
  readonly pid: number;
  /** Whole lines of stdout so far; an unfinished last line is not one. */
  readonly lines: () => readonly string[];
  readonly stderr: () => string;
  /** Resolves when there are so many lines, or the process has ended. */
  readonly untilLines: (count: number) => Promise<void>;
  readonly ended: Promise<number | null>;
  readonly say: (line: string) => void;
  readonly kill: () => void;
}

const watchChild = (child: ChildProcessByStdio<Writable, Readable, Readable>): Child => {
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  let hasEnded = false;
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    hasEnded = true;
    return typeof code === 'number' ? code : null;
  });
  const lines = (): readonly string[] => out.split('\n').slice(0, -1);
  return {
    pid: child.pid ?? -1,
    lines,
    stderr: () => err,
    untilLines: async (count) => {
      while (lines().length < count && !hasEnded) await Promise.race([once(child.stdout, 'data'), ended]);
    },
    ended,
    say: (line) => void child.stdin.write(`${line}\n`),
    kill: () => void child.kill('SIGKILL'),
  };
};

/** Runs a fixture with this Node; `sizeLimitKiB` limits how large any file that it writes may become (soft limit, setrlimit(2)). */
export const run = (name: string, args: readonly string[], sizeLimitKiB?: number): Child => {
  const command = [process.execPath, fixture(name), ...args];
  return watchChild(
    sizeLimitKiB === undefined
      ? spawn(process.execPath, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] })
      : // POSIX: ulimit -f counts in units of 512 bytes.
        spawn('sh', ['-c', `ulimit -S -f ${String(sizeLimitKiB * 2)} && exec "$@"`, 'sh', ...command], {
          stdio: ['pipe', 'pipe', 'pipe'],
        }),
  );
};
