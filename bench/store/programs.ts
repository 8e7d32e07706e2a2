/** Which programs are installed, and how is a server started, waited for and stopped? */
import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Undoing } from './tidily.js';

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The first of the folders, those of the PATH when absent, that holds all of the programs. */
export const folderWith = (
  programs: readonly string[],
  folders: readonly string[] = (process.env['PATH'] ?? '').split(delimiter),
): string | undefined => folders.find((folder) => programs.every((name) => isProgram(join(folder, name))));

/** A loopback port that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port was given');
  return address.port;
};

export interface ServerOptions extends SpawnOptions {
  readonly input?: string;
  /** What it says, on stdout or stderr, once it can be used. */
  readonly ready: RegExp;
  /** The second one when it has not ended some seconds after the first. */
  readonly stopBy: readonly [NodeJS.Signals, NodeJS.Signals];
}

const PATIENCE_MS = 3_000;

/** Answers what the server said up to the moment when it can be used. It is stopped by its process id, and waited for. */
export const startServer = async (
  command: readonly [string, ...string[]],
  { input, ready, stopBy, ...options }: ServerOptions,
  undoing: Undoing,
): Promise<string> => {
  const [program, ...args] = command;
  // a group of its own: Ctrl-C in a terminal is for us to pass on
  const child = spawn(program, args, { ...options, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (code, signal) => resolve(`it ended: ${String(code ?? signal)}`));
  });
  undoing.add(async () => {
    child.kill(stopBy[0]);
    const insist = setTimeout(() => child.kill(stopBy[1]), PATIENCE_MS);
    await ended;
    clearTimeout(insist);
  });
  child.stdin.end(input);
  let said = '';
  const isReady = new Promise<undefined>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (ready.test(said)) resolve(undefined);
      });
  });
  const failure = await Promise.race([isReady, ended]);
  if (failure !== undefined) throw new Error(`${program} did not start, ${failure}\n${said}`);
  return said;
};

/** Runs a program to its end. */
export const runProgram = async (
  command: readonly [string, ...string[]],
  options: SpawnOptions = {},
): Promise<string> => {
  const [program, ...args] = command;
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}\n${said}`);
  return said;
};
