/** A second installation changes what differs; what is somebody else's is refused, and left alone. */
import { describe, expect, test } from 'vitest';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { whyNoMachine } from '../machine.js';
import { skipped } from '../store/small-disk.js';
import {
  certificate,
  errorOf,
  on,
  orThrow,
  recorder,
  rootLogin,
  machinesOfEachTest,
  specOf,
  stateOf,
} from './given-machine.js';

const why = await whyNoMachine();
const asUser = (user: string) => `setpriv --reuid ${user} --regid ${user} --clear-groups`;

describe.skipIf(why !== undefined)(`a second installation [needs machine]${skipped(why)}`, () => {
  const { start } = machinesOfEachTest();
  const done = (told: readonly string[]) =>
    told.filter((line) => line.endsWith(' done') && !/^(privileges|system|room|tools) /.test(line));

  test('changes only what differs, and an undo puts it back', async () => {
    const fresh = await start();
    const before = await stateOf(fresh);
    const spec = specOf({ sudo: ['/usr/bin/id'] });
    const keys = () => fresh.read('/home/job_runner/.ssh/authorized_keys');
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(spec)());
    });
    const [settled, firstKey] = [await stateOf(fresh), await keys()];
    const other = generateKeyPair().publicKey;
    await on(rootLogin(fresh), async (machine) => {
      const { told, on: listen } = recorder();
      const changed = specOf({ ...spec, publicKey: other, sudo: 'all' });
      expect(orThrow(await machine.prepare(changed, listen)()).changed).toBe(true);
      expect(done(told())).toEqual(['keys done', 'sudoers done', 'manifest done']);
      expect(await keys()).toBe(`restrict ${other.split(' ').slice(0, 2).join(' ')}\n`);
      expect(await fresh.run(`${asUser('job_runner')} sudo -n id -u`)).toBe('0\n');
      expect(orThrow(await machine.undo()())).toEqual({ left: [] });
    });
    expect(await keys()).toBe(firstKey);
    expect(await stateOf(fresh)).toBe(settled);
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf())());
      expect(await fresh.exists('/etc/sudoers.d/baton-job_runner')).toBe(false);
      expect(orThrow(await machine.undo()())).toEqual({ left: [] });
    });
    expect(await stateOf(fresh)).toBe(settled);
    await on(rootLogin(fresh), async (machine) => {
      expect(orThrow(await machine.prepare(spec)()).changed).toBe(false);
      const { told, on: listen } = recorder();
      orThrow(await machine.prepare(specOf(), listen)());
      expect(done(told())).toEqual(['sudoers done', 'manifest done']);
      expect(await fresh.exists('/etc/sudoers.d/baton-job_runner')).toBe(false);
      orThrow(await machine.uninstall('job_runner')());
    });
    expect(await stateOf(fresh)).toBe(before);
  });

  test('for another runner is refused before anything is changed, and so is its uninstall', async () => {
    const fresh = await start();
    const before = await stateOf(fresh);
    const other = { installation: 'there', name: 'b7' };
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf({ sudo: ['/usr/bin/id'] }))());
    });
    expect(await fresh.read('/etc/baton/job_runner.manifest')).toMatch(/^owner here b7$/mu);
    const installed = await stateOf(fresh);
    await on(rootLogin(fresh), async (machine) => {
      for (const refusal of [
        await machine.prepare(specOf({ owner: other, publicKey: generateKeyPair().publicKey }))(),
        await machine.uninstall('job_runner', undefined, { owner: other })(),
      ])
        expect(errorOf(refusal)).toMatchObject({
          ...{ code: 'conflict', reason: 'other_owner' },
          message: expect.stringContaining('for the runner b7 of the Baton here') as string,
        });
      expect(await stateOf(fresh)).toBe(installed);

      // as a Baton before this one wrote it: the next that comes has it
      await fresh.run('sed -i /^owner/d /etc/baton/job_runner.manifest');
      orThrow(await machine.prepare(specOf({ owner: other, sudo: ['/usr/bin/id'] }))());
      expect(await fresh.read('/etc/baton/job_runner.manifest')).toMatch(/^owner there b7$/mu);
      orThrow(await machine.undo()());
      expect(await stateOf(fresh)).toBe(installed);
      expect(await fresh.read('/etc/baton/job_runner.manifest')).not.toMatch(/^owner/mu);
      orThrow(await machine.uninstall('job_runner', undefined, { owner: other })());
    });
    expect(await stateOf(fresh)).toBe(before);
  });

  test('makes accounts for more slots and removes those of fewer, but not while they work', async () => {
    const fresh = await start();
    const before = await stateOf(fresh);
    const runners = async () => (await fresh.users()).filter((name) => name.startsWith('job_runner'));
    const withSlots = (slots: number) => specOf({ isolate: true, slots });
    await on(rootLogin(fresh), async (machine) => {
      const made = orThrow(await machine.prepare(withSlots(1))());
      expect(made.accounts.map(({ user, slot }) => [user, slot])).toEqual([
        ['job_runner', undefined],
        ['job_runner-0', 0],
      ]);
      orThrow(await machine.prepare(withSlots(3))());
      expect(await runners()).toEqual(['job_runner', 'job_runner-0', 'job_runner-1', 'job_runner-2']);
      expect(orThrow(await machine.look('job_runner')()).accounts).toEqual(await runners());
      const sleeper = (
        await fresh.run(`${asUser('job_runner-2')} sleep 600 >/dev/null 2>&1 & echo $!`)
      ).trim();
      const refused = errorOf(await machine.prepare(withSlots(2))());
      expect(refused.reason).toBe('processes_live');
      expect(refused.message).toMatch(/processes of job_runner-2 are at work: \d+ (sleep|setpriv)/);
      await fresh.run(`kill ${sleeper}; while [ -e /proc/${sleeper} ]; do sleep 0.02; done`);
      orThrow(await machine.prepare(withSlots(2))());
      expect(await runners()).toEqual(['job_runner', 'job_runner-0', 'job_runner-1']);
      expect(await fresh.exists('/var/opt/baton/job_runner-2')).toBe(false);
      expect(await fresh.exists('/home/job_runner-2')).toBe(false);
      await on(rootLogin(fresh), async (second) => {
        orThrow(await second.prepare(withSlots(1))());
        const { left } = orThrow(await second.undo()());
        expect(left).toEqual(['the account job_runner-1 was removed with its folder, and is not made again']);
      });
      orThrow(await machine.uninstall('job_runner')());
    });
    expect(await stateOf(fresh)).toBe(before);
  });

  test('changes trusted certificates, and expired ones or keys are refused before anybody logs in', async () => {
    const fresh = await start({ before: 'update-ca-certificates --fresh >/dev/null' });
    const before = await stateOf(fresh);
    const [one, two] = [certificate('one'), certificate('two')];
    const named = (name: string, pem: string) => specOf({ certificates: [{ name, pem }] });
    const trusted = () => fresh.read('/etc/ssl/certs/ca-certificates.crt');
    const body = (pem: string) => pem.split('\n')[1]!;
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(named('one', one))());
      orThrow(await machine.prepare(named('two', two))());
      expect(await trusted()).toContain(body(two));
      expect(await trusted()).not.toContain(body(one));
      orThrow(await machine.uninstall('job_runner')());
    });
    expect(await stateOf(fresh)).toBe(before);
  });

  test('is refused where the account, the group or a file is not ours, and nothing is changed', async () => {
    const fresh = await start();
    const refusals: readonly (readonly [make: string, undo: string, reason: string])[] = [
      ['useradd job_runner', 'userdel -f job_runner', 'account_exists'],
      ['groupadd job_runner', 'groupdel job_runner', 'account_exists'],
      ['mkdir /home/job_runner', 'rmdir /home/job_runner', 'path_exists'],
      ['mkdir -p /var/opt/baton/job_runner', 'rm -r /var/opt/baton', 'path_exists'],
      ['ln -s /root /var/opt/baton', 'rm /var/opt/baton', 'path_exists'],
      ['chmod 777 /home', 'chmod 755 /home', 'unsafe_path'],
      ['chown 1000 /var/opt', 'chown 0 /var/opt', 'unsafe_path'],
      ['echo >/etc/sudoers.d/baton-job_runner', 'rm /etc/sudoers.d/baton-job_runner', 'path_exists'],
    ];
    const clean = await stateOf(fresh);
    for (const [make, undo, reason] of refusals) {
      if (make.startsWith('ln')) await fresh.run('mkdir /root/job_runner');
      await fresh.run(make);
      const before = await stateOf(fresh);
      await on(rootLogin(fresh), async (machine) => {
        const error = errorOf(await machine.prepare(specOf({ sudo: 'all' }))());
        expect(error.reason, make).toBe(reason);
        expect(error.hint, make).not.toContain('Not taken back');
      });
      expect(await stateOf(fresh), make).toBe(before);
      await fresh.run(`${undo}; rm -rf /root/job_runner`);
    }
    expect(await stateOf(fresh)).toBe(clean);
  });

  test('leaves what somebody changed, and says so; a manifest of another format is not touched', async () => {
    const fresh = await start();
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf({ sudo: 'all' }))());
      await fresh.run('echo "# mine" >>/etc/sudoers.d/baton-job_runner; touch /home/job_runner/mine');
      const manifest = await fresh.read('/etc/baton/job_runner.manifest');
      await fresh.run("sed -i 's/^baton-manifest 1/baton-manifest 2/' /etc/baton/job_runner.manifest");
      for (const answer of [
        await machine.look('job_runner')(),
        await machine.prepare(specOf())(),
        await machine.uninstall('job_runner')(),
      ])
        expect(errorOf(answer).reason).toBe('manifest_unknown');
      await fresh.run('cat >/etc/baton/job_runner.manifest', manifest);
      const { left } = orThrow(await machine.uninstall('job_runner')());
      expect(left).toEqual([
        '/etc/sudoers.d/baton-job_runner stays: it was changed since it was installed',
        '/home/job_runner stays: it holds what no installation made',
      ]);
      expect(await fresh.users()).not.toContain('job_runner');
      expect(errorOf(await machine.uninstall('job_runner')()).reason).toBe('not_installed');
    });
  });

  test('an uninstall names processes that live, and ends them when told to', async () => {
    const fresh = await start();
    const before = await stateOf(fresh);
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf())());
      await fresh.run(
        `${asUser('job_runner')} sh -c 'trap "" TERM; while :; do sleep 1; done' >/dev/null 2>&1 &`,
      );
      const refused = errorOf(await machine.uninstall('job_runner')());
      expect(refused.reason).toBe('processes_live');
      expect(refused.message).toMatch(/job_runner are at work: \d+ sh/);
      expect(await fresh.exists('/home/job_runner/.ssh/authorized_keys')).toBe(true);
      const { told, on: listen } = recorder();
      expect(orThrow(await machine.uninstall('job_runner', listen, { endProcesses: true })())).toEqual({
        left: [],
      });
      expect(told()).toContain('processes done');
    });
    expect(await stateOf(fresh)).toBe(before);
  });

  test('two runners on one machine: each goes by itself, and the last takes the folders along', async () => {
    const fresh = await start();
    const before = await stateOf(fresh);
    const other = specOf({ runnerUser: 'other', base: '/var/opt/baton/other' });
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf())());
      orThrow(await machine.prepare(other)());
      expect(orThrow(await machine.uninstall('job_runner')())).toEqual({ left: [] });
      expect(orThrow(await machine.prepare(other)()).changed).toBe(false);
      expect(orThrow(await machine.uninstall('other')())).toEqual({ left: [] });
    });
    expect(await stateOf(fresh)).toBe(before);
  });
});
