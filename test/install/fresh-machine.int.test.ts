/** The machine that the tests of installing stand on: does it hold what it claims? */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { releases, startMachine, whyNoMachine } from '../machine.js';
import { isAlive } from '../sshd.js';
import { skipped } from '../store/small-disk.js';

const why = await whyNoMachine();

describe.skipIf(why !== undefined)(`a fresh machine [needs machine]${skipped(why)}`, () => {
  test('what is made there is there only, and goes with it', async () => {
    const before = await readFile('/etc/passwd', 'utf8');
    const machine = await startMachine({
      admin: { password: 'a word', sudo: 'password' },
      osRelease: releases.rocky,
      disks: { '/var/opt': 'size=64k' },
    });
    try {
      expect(await machine.users()).toContain('admin');
      expect(await machine.read('/etc/os-release')).toBe(releases.rocky);
      await machine.run('touch /usr/baton-was-here /opt/baton-was-here && useradd second');
      expect(await machine.exists('/usr/baton-was-here')).toBe(true);
      await expect(machine.run('head -c 1000000 /dev/zero >/var/opt/much')).rejects.toThrow(/No space/);
      expect((await machine.run('ps -e -o pid=,comm=')).split('\n')[0]).toMatch(/^ *1 sshd$/);
    } finally {
      await machine.close();
    }
    expect(await isAlive(machine.pid)).toBe(false);
    expect(existsSync('/usr/baton-was-here')).toBe(false);
    expect(await readFile('/etc/passwd', 'utf8')).toBe(before);
  });
});
