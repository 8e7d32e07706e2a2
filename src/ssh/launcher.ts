/** What is sent to the runner? The constant command, the bootstrap text, and the program under its digest. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Comments are for readers; each byte of the bootstrap costs the runner two system calls. */
export const scriptsIn =
  (folder: URL) =>
  (name: string): string =>
    readFileSync(new URL(`${name}.sh`, folder), 'utf8').replace(/^\s*#.*\n/gm, '');

const load = scriptsIn(new URL('./runner/', import.meta.url));

/** The shell that runs our program; `sh` is the runner's /bin/sh. The others exist to prove portability. */
export type Interpreter = 'sh' | 'dash' | 'bash' | 'busybox';

const bootstrap = Buffer.from(load('bootstrap'));

/** Later parts use earlier ones; `main` comes last. */
const parts = [
  'identity',
  'state',
  'slay',
  'watch',
  'workspace',
  'job',
  'supervise',
  'slot',
  'follow',
  'upkeep',
  'probe',
  'main',
];

/** Stored once per runner and digest, by `install`. */
export const program = Buffer.from(parts.map(load).join(''));
const digest = createHash('sha256').update(program).digest('hex').slice(0, 32);

/** Runs what comes first. `dd` reads exactly so many bytes; `sh -s` would read ahead and run the payload. */
export const commandReading = (first: Buffer): string =>
  `exec /bin/sh -c 'eval "$(dd bs=1 count=${String(first.length)} 2>/dev/null)"'`;

/** The same for every operation. */
export const remoteCommand = commandReading(bootstrap);

export interface Opening {
  readonly nonce: string;
  readonly installationId: string;
  readonly base: string;
  readonly interpreter: Interpreter;
}

/** Bootstrap and header. With `installBytes` the program itself must follow, otherwise a line with the order. */
export const opening = (to: Opening, installBytes = 0): Buffer =>
  Buffer.concat([
    bootstrap,
    Buffer.from(
      `${to.nonce} ${digest} ${to.installationId} ${to.interpreter} ${String(installBytes)}\n${to.base}\n`,
    ),
  ]);
