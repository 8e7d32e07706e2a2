/** OpenSSH's own way to start commands quickly: a connection that stays open, and an `ssh` for each command that uses it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stream } from 'node:stream';
import { startServer } from '../store/programs.js';
import type { Undoing } from '../store/tidily.js';
import { clientConfig, type Machine } from './machine.js';

export interface Ran {
  readonly out: string;
  /** From its start to its end, on the wall. */
  readonly ms: number;
  /** User and system time of the command and of all that it waited for; to 10 ms. */
  readonly cpuMs: number;
}

export interface Mux {
  /** `ssh`, as far as its options; the host `runner` and a command follow. */
  readonly ssh: readonly [string, ...string[]];
  /** Runs a command here, with one line per number on its stdin. Throws when it ends with another code than 0. */
  readonly run: (command: readonly string[], lines?: number) => Promise<Ran>;
  /** Milliseconds from starting `ssh` to its end, of each of so many in a row; `pause` in seconds between them. */
  readonly timed: (command: string, times: number, pause?: number) => Promise<readonly number[]>;
}

const minutes = /(\d+)m([\d.]+)s/g;

/** The second line of `times` is of those that the shell has waited for (POSIX). */
const childrenMs = (times: string): number =>
  [...(times.trim().split('\n')[1] ?? '').matchAll(minutes)].reduce(
    (sum, [, min, sec]) => sum + Number(min) * 60_000 + Number(sec) * 1000,
    0,
  );

/** What has come so far. */
const text = (stream: Stream | null | undefined): (() => string) => {
  let said = '';
  stream?.on('data', (bytes: Buffer) => (said += bytes.toString()));
  return () => said;
};

/** A small shell starts and times the clients: a process as large as this one would take milliseconds to fork. */
const TIMED = `
  times=$1 pause=$2 command=$3
  shift 3
  while [ $((times -= 1)) -ge 0 ]; do
    began=$EPOCHREALTIME
    "$@" runner "$command" </dev/null >/dev/null || exit
    echo "$began $EPOCHREALTIME"
    [ "$pause" = 0 ] || sleep "$pause"
  done`;

export const openMux = async (machine: Machine, undoing: Undoing): Promise<Mux> => {
  const { folder } = machine;
  const ssh = ['ssh', '-F', clientConfig(machine)] as const;
  await startServer(
    [...ssh, '-M', '-N', '-o', 'PermitLocalCommand=yes', '-o', 'LocalCommand=echo open', 'runner'],
    { ready: /^open$/m, stopBy: ['SIGTERM', 'SIGKILL'] },
    undoing,
  );
  const input = join(folder, 'input');
  const run = async (command: readonly string[], lines = 0): Promise<Ran> => {
    writeFileSync(input, Array.from({ length: lines }, (_, n) => `${n}\n`).join(''));
    const began = performance.now();
    const child = spawn('sh', ['-c', '"$@" <"$0"; code=$?; times >&3; exit $code', input, ...command], {
      cwd: folder,
      // GNU parallel keeps files in its user's home
      env: { ...process.env, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const [out, err, times] = [text(child.stdout), text(child.stderr), text(child.stdio[3])];
    const [code] = (await once(child, 'close')) as [number | null];
    const ms = performance.now() - began;
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}: ${err()}`);
    return { out: out(), ms, cpuMs: childrenMs(times()) };
  };
  return {
    ssh,
    run,
    timed: async (command, times, pause = 0) => {
      const { out } = await run(
        ['bash', '-c', TIMED, 'bash', String(times), String(pause), command, ...ssh],
        0,
      );
      return out
        .trim()
        .split('\n')
        .map((line) => {
          // the separator is the locale's
          const [began = NaN, ended = NaN] = line.replaceAll(',', '.').split(' ').map(Number);
          return (ended - began) * 1000;
        });
    },
  };
};
