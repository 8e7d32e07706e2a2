/** An installation that fails, at each of its ends: what it had done is undone on both sides, and what could not be is told. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNoMachine } from '../machine.js';
import { anInstallWorld, stateOf, went, type InstallWorld } from './install-world.js';
import { until } from './processes.js';

const noMachine = await whyNoMachine();
let at: InstallWorld;

beforeEach(async () => {
  at = await anInstallWorld();
});
afterEach(() => at.close());

/** Until the command line has told of this step. */
const told = (running: { readonly out: () => string }, step: string): Promise<true> =>
  until(`${step} is told`, () => (new RegExp(`^${step} `, 'mu').test(running.out()) ? true : undefined));

/** A program of the machine that waits until it may go on. */
const held = (program: string): string =>
  `mv ${program} ${program}.real && printf '#!/bin/sh\\nwhile [ ! -e /tmp/go ]; do sleep 0.05; done\\nexec ${program}.real "$@"\\n' >${program} && chmod 755 ${program}`;

describe.runIf(noMachine === undefined)('an installation that fails [needs machine]', () => {
  it('given a token that may not enrol, then nobody logs in to the machine', async () => {
    const machine = await at.aMachine();
    const issued = await at.world.ask('POST', '/tokens', { subject: 'ops', role: 'operator' });
    const { token } = issued.json() as { token: string };
    const ran = await at.first(machine, '--token', token);
    expect([ran.code, ran.err]).toEqual([4, expect.stringContaining('Nothing was changed')]);
    expect(machine.log()).not.toContain('Accepted');
  });

  it('given the name belongs to another machine, then it is refused before anything is changed', async () => {
    const machine = await at.aMachine();
    await at.world.ask('POST', '/runners', { name: 'b7', host: 'other.example.org', user: 'builder' });
    const ran = await at.first(machine);
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('builder@other.example.org')]);
    expect(await machine.exists('/etc/baton')).toBe(false);
  });

  it('given the server ends while the machine is set up, then the machine is undone, and what stays at the server is told', async () => {
    const machine = await at.aMachine({ before: held('/usr/sbin/useradd') });
    const before = await stateOf(machine);
    const running = at.beginInstall('-p', String(machine.port), '--host-key', machine.hostKey);
    await told(running, 'enrol');
    await at.world.stop('SIGKILL');
    await machine.run('touch /tmp/go');
    const ran = await running.done;
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/\(step test\)\. Could not be undone: the runner b7 at the server/u);
    expect(await stateOf(machine)).toBe(before);

    // the same command goes on: the runner is there, and still on trial
    await at.world.start();
    expect((await at.runner()).state).toBe('untested');
    expect(went(await at.first(machine))).toContain('Runner b7 is ready');
  });

  it('given an sshd that lets the account not in, then the test fails, and all is as before', async () => {
    const machine = await at.aMachine({ settings: ['DenyUsers job_runner'] });
    const before = await stateOf(machine);
    const ran = await at.first(machine);
    expect([ran.code, ran.err]).toEqual([
      1,
      expect.stringContaining('(step test). What this run had changed is undone.'),
    ]);
    expect(await stateOf(machine)).toBe(before);
    expect((await at.runner()).state).toBe('retired');
  });

  it('given a base where nothing may be executed, then it is not ready, and all is as before', async () => {
    const machine = await at.aMachine({ disks: { '/var/opt/baton': 'noexec' } });
    const before = await stateOf(machine);
    const ran = await at.first(machine);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/\(step (?:test|prove|machine)\)\. What this run had changed is undone\./u);
    expect(await stateOf(machine)).toBe(before);
    expect((await at.runner()).state).toBe('retired');
  });

  it('given all connections are cut while the machine is set up, then it is told, and the same command goes on', async () => {
    const machine = await at.aMachine({ before: held('/usr/sbin/useradd') });
    const running = at.beginInstall('-p', String(machine.port), '--host-key', machine.hostKey);
    await told(running, 'enrol');
    await until('the account is being made', async () =>
      (await machine.run('ps -eo args')).includes('useradd') ? true : undefined,
    );
    await machine.cut();
    const ran = await running.done;
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/was lost[^\n]*Could not be undone: the changes on 127\.0\.0\.1/u);
    expect(ran.err).toMatch(/hint: .*goes on/u);
    await machine.run('touch /tmp/go');
    expect(went(await at.first(machine))).toContain('Runner b7 is ready');
    expect(await at.aChangeIsDelivered('shop')).toMatch(/^job_runner$/mu);
  });
});
