/** What install-runner asks a person at a real terminal, and what it tells a program. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNoMachine } from '../machine.js';
import { anInstallWorld, PASSWORD, went, type InstallWorld } from './install-world.js';

const noMachine = await whyNoMachine();
let at: InstallWorld;

beforeEach(async () => {
  at = await anInstallWorld();
});
afterEach(() => at.close());

describe.runIf(noMachine === undefined)('install-runner at a terminal [needs machine]', () => {
  it('given -P, then the password, the host key and a yes are asked for; the password is never on the screen', async () => {
    const machine = await at.aMachine({ admin: { password: PASSWORD, sudo: 'password' } });
    const there = at.atTerminal('install-runner', '127.0.0.1', 'admin', '-P', '-p', String(machine.port));
    await there.shows('Password of admin@127.0.0.1: ');
    there.type(`${PASSWORD}\r`);
    await there.shows(/shows the host key SHA256:[\s\S]*\[y\/N\] /u);
    expect(there.screen()).toContain(machine.hostKey);
    there.type('y\r');
    await there.shows(/jobs run as:[\s\S]*Shall it be done\? \[y\/N\] /u);
    expect(await machine.exists('/home/job_runner')).toBe(false);
    there.type('y\r');
    expect(await there.done).toBe(0);
    expect(there.screen()).toContain('Runner 127.0.0.1 is ready');
    // what is typed elsewhere is echoed: the terminal would have shown it
    expect(there.screen()).toContain('y\r\n');
    expect(there.screen()).not.toContain(PASSWORD);
  });

  it('given a no, then nothing is changed', async () => {
    const machine = await at.aMachine();
    const line = ['install-runner', '127.0.0.1', 'admin', '-i', at.identity, '-p', String(machine.port)];
    const there = at.atTerminal(...line, '--host-key', machine.hostKey);
    await there.shows('Shall it be done? [y/N] ');
    there.type('n\r');
    expect(await there.done).toBe(8);
    expect(there.screen()).toContain('Nothing was changed');
    expect(await machine.exists('/etc/baton')).toBe(false);
    expect((await at.world.ask('GET', '/runners/127.0.0.1')).status).toBe(404);
  });

  it('given Ctrl-C while it goes on, then what was done is undone on both sides', async () => {
    const machine = await at.aMachine({
      // so that the account takes its time
      before: `mv /usr/sbin/useradd /usr/sbin/useradd.real && printf '#!/bin/sh\\nwhile [ ! -e /tmp/go ]; do sleep 0.05; done\\nexec /usr/sbin/useradd.real "$@"\\n' >/usr/sbin/useradd && chmod 755 /usr/sbin/useradd`,
    });
    const line = ['install-runner', '127.0.0.1', 'admin', '-i', at.identity, '-p', String(machine.port)];
    const there = at.atTerminal(...line, '--host-key', machine.hostKey, '--name', 'b7', '-y');
    await there.shows(/accounts/u);
    there.type('\u0003');
    await there.shows('is undone after the current step');
    await machine.run('touch /tmp/go');
    expect(await there.done).toBe(8);
    expect(there.screen()).toContain('What this run had changed is undone.');
    expect(await machine.users()).not.toContain('job_runner');
    expect((await at.runner()).state).toBe('retired');
  });
});

describe.runIf(noMachine === undefined)('install-runner for programs [needs machine]', () => {
  it('given --json, then every line is JSON, each step is told, and the last line is the result', async () => {
    const machine = await at.aMachine();
    const lines = went(await at.first(machine, '--json'))
      .trimEnd()
      .split('\n');
    const told = lines.map((line) => JSON.parse(line) as { step?: string; status?: string; result?: string });
    const done = told.filter(({ status }) => status === 'done').map(({ step }) => step);
    expect(done).toEqual(
      expect.arrayContaining([
        'server',
        'connect',
        'look',
        'plan',
        'enrol',
        'accounts',
        'keys',
        'test',
        'prove',
      ]),
    );
    expect(told.at(-1)).toMatchObject({ result: 'ready', runner: { name: 'b7', state: 'ready' } });
    const failed = await at.install('--json', '--runner-user', 'other');
    expect(JSON.parse(failed.out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      ...{ result: 'failed', code: 'runner_exists', undone: [], kept: [] },
    });
    const gone = went(await at.uninstall('--json'))
      .trimEnd()
      .split('\n');
    expect(JSON.parse(gone.at(-1) ?? '')).toEqual({ result: 'uninstalled', name: 'b7', left: [] });
  });

  it('given no terminal, then an unknown host key is refused in spite of -y, and a password on the command line as well', async () => {
    const machine = await at.aMachine();
    const unknown = await at.install('-p', String(machine.port));
    expect([unknown.code, unknown.err]).toEqual([
      1,
      expect.stringContaining(`--host-key ${machine.hostKey}`),
    ]);
    const said = await at.first(machine, '-P', PASSWORD);
    expect([said.code, said.err]).toEqual([64, expect.stringContaining('seen by everybody')]);
    expect(said.err).not.toContain(PASSWORD);
    expect(await machine.exists('/etc/baton')).toBe(false);
  });

  it('given --password-file, then the password is read from there, also for sudo', async () => {
    const machine = await at.aMachine({ admin: { password: PASSWORD, sudo: 'password' } });
    const file = at.world.file('password', `${PASSWORD}\n`);
    const line = ['install-runner', '127.0.0.1', 'admin', '-p', String(machine.port), '-y', '--name', 'b7'];
    const rest = ['--host-key', machine.hostKey, '--password-file', file];
    expect(went(await at.world.baton(...line, ...rest))).toContain('Runner b7 is ready');
  });
});
