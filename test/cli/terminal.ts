/** A command line run in this process, with what it wrote kept apart by stream. */
import { Writable } from 'node:stream';
import { run } from '../../src/cli/program.js';

const collector = () => {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer | string, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, bytes: () => Buffer.concat(chunks) };
};

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly bytes: Buffer;
}

/** Starts a command; `interrupt` is Ctrl-C. */
export const begin = (
  argv: readonly string[],
  given: { env?: Record<string, string>; cwd?: string; now?: number } = {},
) => {
  const out = collector();
  const err = collector();
  const listeners = new Set<() => void>();
  const done = run(argv, {
    env: given.env ?? {},
    stdout: out.stream,
    stderr: err.stream,
    cwd: given.cwd ?? process.cwd(),
    now: () => given.now ?? Date.parse('2026-01-31T12:00:10.000Z'),
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  }).then((code): Ran => ({
    code,
    out: out.bytes().toString(),
    err: err.bytes().toString(),
    bytes: out.bytes(),
  }));
  return {
    done,
    out: () => out.bytes().toString(),
    interrupt: () => {
      for (const listener of listeners) listener();
    },
    listening: () => listeners.size > 0,
  };
};

/** Runs a command to its end. */
export const baton = (...args: Parameters<typeof begin>): Promise<Ran> => begin(...args).done;
