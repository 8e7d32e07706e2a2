/** A fresh machine becomes a runner by one command, is set anew by the same, and is as before after another. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNoMachine } from '../machine.js';
import { until } from './processes.js';
import { onlyDeploy } from './world.js';
import { anInstallWorld, stateOf, went, type InstallWorld } from './install-world.js';

const noMachine = await whyNoMachine();
let at: InstallWorld;

beforeEach(async () => {
  at = await anInstallWorld();
});
afterEach(() => at.close());

describe.runIf(noMachine === undefined)('install-runner [needs machine]', () => {
  it('given a fresh machine, then a change is delivered there; uninstalled, it is as it was, and may be installed again', async () => {
    const machine = await at.aMachine();
    const before = await stateOf(machine);
    const out = went(await at.first(machine, '--slots', '2', '--label', 'gpu'));
    expect(out).toMatch(/^prove +.*job_runner/mu);
    expect(out).toMatch(/Runner b7 is ready: 2 slots on debian/);
    const installed = await at.runner();
    expect(installed).toMatchObject({
      ...{ state: 'ready', host: '127.0.0.1', port: machine.port, user: 'job_runner', slots: 2 },
      ...{ labels: ['gpu'], hostKeys: [machine.hostKey] },
    });
    const log = await at.aChangeIsDelivered('shop');
    expect(log).toMatch(/^job_runner$/mu);
    expect(log).toMatch(/^home \/var\/opt\/baton\/job_runner\//mu);
    expect(await machine.run('stat -c "%U %a" /home/job_runner/.ssh/authorized_keys')).toBe('root 644\n');

    expect(went(await at.uninstall('--reason', 'sold'))).toContain('as it was before');
    expect((await at.runner()).state).toBe('retired');
    expect(await stateOf(machine)).toBe(before);

    expect(went(await at.first(machine))).toContain('Runner b7 is ready: 1 slot');
    const again = await at.runner();
    expect(again).toMatchObject({ state: 'ready', slots: 1, labels: [] });
    expect(again.publicKey).not.toBe(installed.publicKey);
    expect(await at.aChangeIsDelivered('again')).toMatch(/^job_runner$/mu);
  });

  it('B10, B12: given the same once more, then nothing changes but what is asked for and what the machine is now', async () => {
    const machine = await at.aMachine();
    went(await at.first(machine, '--sudo', '/usr/bin/true'));
    const { publicKey } = await at.runner();
    const installed = await stateOf(machine);

    // neither port nor host key: both are known of it
    const again = went(await at.install('--sudo', '/usr/bin/true'));
    for (const step of ['enrol', 'accounts', 'keys', 'base', 'sudoers'])
      expect(again).toMatch(new RegExp(`^${step} +unchanged`, 'mu'));
    expect(await stateOf(machine)).toBe(installed);

    await machine.run(
      `sed 's/^VERSION_ID=.*/VERSION_ID="13"/' /etc/os-release >/tmp/new && cat /tmp/new >/etc/os-release`,
    );
    went(await at.install('--slots', '3', '--label', 'fast'));
    expect(await at.runner()).toMatchObject({
      ...{ state: 'ready', slots: 3, labels: ['fast'], port: machine.port, publicKey },
      attributes: { platform_version: '13' },
    });
    expect(await at.aChangeIsDelivered('shop')).toMatch(/^job_runner$/mu);
  });

  it('given a second name or a second server for the account, then it is refused, and the first runner works on', async () => {
    const machine = await at.aMachine();
    went(await at.first(machine, '--slots', '2', '--sudo', '/usr/bin/true'));
    const installed = await stateOf(machine);
    const other = await at.first(machine, '--name', 'other');
    expect([other.code, other.err]).toEqual([5, expect.stringContaining('installed for the runner b7')]);
    expect(other.err).toContain('Nothing was changed');

    const second = await anInstallWorld();
    try {
      const taken = await second.world.baton(
        ...['install-runner', '127.0.0.1', 'admin', '-i', at.identity, '--name', 'b7', '-y'],
        ...['-p', String(machine.port), '--host-key', machine.hostKey],
      );
      expect([taken.code, taken.err]).toEqual([5, expect.stringContaining('of another Baton')]);
      // enrolled there by hand: its uninstall is not to take what the first one uses
      await second.world.ask('POST', '/runners', {
        ...{
          name: 'b7',
          host: '127.0.0.1',
          port: machine.port,
          user: 'job_runner',
          hostKey: machine.hostKey,
        },
      });
      const removed = await second.world.baton(
        ...['delete-runner', 'b7', '--uninstall', '--as', 'admin', '-i', at.identity, '-y'],
      );
      expect([removed.code, removed.err]).toEqual([5, expect.stringContaining('--any-owner')]);
    } finally {
      await second.close();
    }
    expect(await stateOf(machine)).toBe(installed);
    expect(went(await at.world.baton('runner', 'test', 'b7'))).toContain('ready');

    went(await at.uninstall());
    expect(went(await at.uninstall())).toContain('nothing of an installation for job_runner is there');
  });

  it('given a job is at work, then an uninstall is refused; with --wait the job ends first, and all is as before', async () => {
    const machine = await at.aMachine();
    const before = await stateOf(machine);
    went(await at.first(machine));
    const { commands, config } = onlyDeploy('true');
    const unit = 'while [ ! -e /run/go ]; do sleep 0.05; done';
    const change = await at.world.submitted(
      at.world.aRepository('shop', { config, commands: { ...commands, unit } }),
    );
    const job = (status: string) =>
      until(`the job is ${status}`, async () =>
        (await at.world.jobsOf(change.id)).find((one) => one.phase === 'unit' && one.status === status),
      );
    await job('running');
    const refused = await at.uninstall();
    expect([refused.code, refused.err]).toEqual([5, expect.stringContaining('--wait')]);
    expect((await at.runner()).state).toBe('ready');

    const waiting = at.beginUninstall('--wait');
    await until('it is draining', async () => ((await at.runner()).state === 'draining' ? true : undefined));
    await machine.run('touch /run/go');
    const ran = await waiting.done;
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toMatch(/^drain +no job is left on b7$/mu);
    await job('succeeded');
    expect((await at.runner()).state).toBe('retired');
    expect(await stateOf(machine)).toBe(before);
  });

  it('given a runner that was uninstalled by hand is deleted, then it is retired, told, and another try is possible', async () => {
    const machine = await at.aMachine();
    went(await at.first(machine));
    await machine.cut();
    const { port } = machine;
    await machine.close();
    const gone = await at.uninstall();
    expect(gone.code).toBe(1);
    expect(gone.err).toContain(`127.0.0.1 port ${port}`);
    expect(gone.err).toContain('baton delete-runner b7 --uninstall --as admin');
    expect((await at.runner()).state).toBe('retired');
    expect((await at.uninstall()).code).toBe(1);
  });

  it('given --isolate, then each slot has an account of its own, proved, and all of them go again', async () => {
    const machine = await at.aMachine();
    const before = await stateOf(machine);
    const out = went(await at.first(machine, '--slots', '2', '--isolate'));
    expect(out).toMatch(/^prove +.*job_runner-0, job_runner-1/mu);
    expect(await at.runner()).toMatchObject({ state: 'ready', slots: 2, isolated: true });
    expect(await at.aChangeIsDelivered('shop')).toMatch(/^job_runner-[01]$/mu);
    // once more it need not be said
    expect(went(await at.install('--slots', '3'))).toMatch(/^prove +.*job_runner-2/mu);
    expect(await machine.users()).toContain('job_runner-2');

    // what fails leaves it ready, and no connection of the server keeps an account
    const failed = await at.install('--slots', '4', '--sudo', '/nope/x');
    expect([failed.code, failed.err]).toEqual([1, expect.stringContaining('is undone')]);
    expect(await at.runner()).toMatchObject({ state: 'ready', slots: 3 });
    went(await at.install('--slots', '1'));
    expect(await machine.users()).not.toContain('job_runner-1');
    expect(await at.runner()).toMatchObject({ state: 'ready', slots: 1 });
    expect(went(await at.install())).toMatch(/^accounts +unchanged/mu);
    expect(await at.aChangeIsDelivered('less')).toMatch(/^job_runner-0$/mu);
    went(await at.uninstall());
    expect(await stateOf(machine)).toBe(before);
  });
});
