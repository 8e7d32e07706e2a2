/**
 * How many processes are made on a runner, to the last one, on a machine that does other work too? Its sshd runs in a process
 * id namespace of its own (pid_namespaces(7)): process ids there are given in order, so the last one that was given, which
 * /proc/loadavg tells (proc(5)), counts forks and threads of this runner alone, and /proc lists its processes.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'ssh2';
import { findSshd } from '../../src/ssh/system-sshd.js';
import { folderWith } from '../store/programs.js';
import { temporaryFolder, type Undoing } from '../store/tidily.js';
import { connect, execute } from './bare.js';
import { startMachine, type Machine } from './machine.js';
import { endProcessesOf } from './processes.js';

export interface Count {
  /** Since the machine was started, without those for asking. */
  readonly forks: number;
  /** Now, without sshd's own. */
  readonly processes: number;
}

export interface Counted {
  readonly machine: Machine;
  readonly count: () => Promise<Count>;
  /** When nothing more has been made for a moment; what makes processes for ever is waited for no longer than some seconds. */
  readonly settled: () => Promise<Count>;
}

const IN_NAMESPACE = ['--pid', '--fork', '--kill-child', '--mount-proc'];

/** Why it cannot be done here; undefined when it can. */
export const cannotCount = (): string | undefined =>
  folderWith(['unshare']) === undefined
    ? 'not installed: apt-get install util-linux'
    : spawnSync('unshare', [...IN_NAMESPACE, 'true']).status === 0
      ? undefined
      : 'needs root, for a process id namespace';

/** Built-in commands only: asking makes the processes that sshd makes for any command, and no more. */
const ASK = `
  read -r _ _ _ _ last </proc/loadavg
  found=0
  for folder in /proc/[0-9]*; do
    name=
    { read -r name <"$folder/comm"; } 2>/dev/null
    case $name in sshd*|'') ;; *) found=$((found + 1)) ;; esac
  done
  echo "$last $found"`;

const QUIET_MS = 300;
const MOST_LOOKS = 20;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const startCounted = async (undoing: Undoing): Promise<Counted> => {
  const program = join(await temporaryFolder(undoing), 'sshd');
  writeFileSync(program, `#!/bin/sh\nexec unshare ${IN_NAMESPACE.join(' ')} ${findSshd() ?? ''} "$@"\n`);
  chmodSync(program, 0o700);
  const machine = await startMachine(undoing, { sshd: program });
  // it does not end by TERM; with sshd, its first process, the namespace ends
  undoing.add(() => endProcessesOf(machine.folder));
  const client: Client = await connect(machine, undoing);
  const ask = async (): Promise<Count> => {
    const [forks = NaN, processes = NaN] = (await execute(client, ASK)).trim().split(' ').map(Number);
    // without the shell that answers
    return { forks, processes: processes - 1 };
  };
  const [first, second] = [await ask(), await ask()];
  const perAsking = second.forks - first.forks;
  let asked = 2;
  const count = async (): Promise<Count> => {
    const { forks, processes } = await ask();
    return { forks: forks - perAsking * ++asked, processes };
  };
  return {
    machine,
    count,
    settled: async () => {
      let last = await count();
      for (let n = 0; n < MOST_LOOKS; n++) {
        await pause(QUIET_MS);
        const now = await count();
        if (now.forks === last.forks) return now;
        last = now;
      }
      return last;
    },
  };
};
