/** What a command touches outside itself: streams, environment, folder, clock, Ctrl-C and the exit code. */
import type { Writable } from 'node:stream';
import type { Person } from './person.js';

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly cwd: string;
  /** Absent where nobody sits at a terminal. */
  readonly person?: Person | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Calls back at the first Ctrl-C; the second ends the program as usual. Answers how to stop listening. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Sets the exit code of the program; it ends by itself once nothing is left to do. */
  readonly exit: (code: number) => void;
}

/** One line for people, on stdout. */
export const say = (io: Io, line: string): void => {
  io.stdout.write(`${line}\n`);
};

/** One line beside the data, on stderr. */
export const note = (io: Io, line: string): void => {
  io.stderr.write(`${line}\n`);
};

/** Writes and waits while the other side is full. Rejects when it is gone. */
export const write = (to: Writable, data: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    to.write(data, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
