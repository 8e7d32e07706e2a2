/** The program on the runner keeps to POSIX sh: the whole contract again under each shell that this machine has. */
import { execFileSync } from 'node:child_process';
import { describe, it } from 'vitest';
import { runnerTransportContract } from '../contract/runner-transport.js';

const has = (command: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

// Where no shell can stay open.
runnerTransportContract('in-process server', 'sh', { slots: false });

const shells = { dash: ['-c', ':'], bash: ['-c', ':'], busybox: ['sh', '-c', ':'] } as const;
for (const shell of ['dash', 'bash', 'busybox'] as const) {
  if (has(shell, ...shells[shell])) runnerTransportContract('in-process server', shell);
  else
    describe(`RunnerTransport, program run by ${shell}`, () => {
      it.skip(`skipped: this machine has no ${shell}`, () => undefined);
    });
}
