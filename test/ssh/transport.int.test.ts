/** The transport against each server; the system's sshd is asked for where there is one. */
import { describe, it } from 'vitest';
import { runnerTransportContract } from '../contract/runner-transport.js';
import { hasSshd, requiresSshd } from '../sshd.js';

runnerTransportContract('in-process server');

if (hasSshd || requiresSshd) runnerTransportContract('system sshd');
else
  describe('RunnerTransport over the system sshd', () => {
    it.skip('skipped: this machine has no sshd (install openssh-server)', () => undefined);
  });
