#!/usr/bin/env node
/** The program `baton`: gives the process to the command line, and its answer back. */
import { isatty } from 'node:tty';
import { environment } from '../config.js';
import { personAt } from './person.js';
import { run } from './program.js';

/** EIO: a terminal that was closed. */
const hasLeft = ({ code }: NodeJS.ErrnoException): boolean => code === 'EPIPE' || code === 'EIO';

// a reader that has seen enough (`baton job log | head`) is no failure; who has something to tidy up listens, too
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!hasLeft(error)) throw error;
  if (process.stdout.listenerCount('error') === 1) process.exit(0);
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (!hasLeft(error)) throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  env: environment(),
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  // whose questions nobody sees, or whose answers come from a program, is nobody
  person: isatty(0) && isatty(2) ? personAt(process.stdin, process.stderr) : undefined,
  now: Date.now,
  onInterrupt: (listener) => {
    process.once('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
});
