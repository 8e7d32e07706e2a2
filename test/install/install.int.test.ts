/** A fresh machine becomes a runner and is itself again afterwards, for real: sshd, sudo, useradd, visudo, update-ca-certificates. */
import { describe, expect, test } from 'vitest';
import { layers, startMachine, whyNoMachine } from '../machine.js';
import { skipped } from '../store/small-disk.js';
import {
  adminLogin,
  canary,
  certificate,
  errorOf,
  on,
  orThrow,
  recorder,
  rootLogin,
  machinesOfEachTest,
  rootMachine,
  runnerKey,
  specOf,
  stateOf,
} from './given-machine.js';

const why = await whyNoMachine();

describe.skipIf(why !== undefined)(`a machine set up as a runner [needs machine]${skipped(why)}`, () => {
  const { keep } = machinesOfEachTest();

  test('given root with a key, when it is prepared and uninstalled, then all is there, and then all is as before', async () => {
    const fresh = await keep(rootMachine({ before: 'update-ca-certificates --fresh >/dev/null' }));
    const before = await stateOf(fresh);
    const { told, on: listen } = recorder();
    const pem = certificate('an authority');
    const spec = specOf({
      sudo: ['/usr/bin/id'],
      certificates: [{ name: 'authority', pem }],
      fipsChain: { name: 'chain', pem },
    });
    await on(rootLogin(fresh), async (machine) => {
      const look = orThrow(await machine.look('job_runner')());
      expect(look).toMatchObject({
        privileges: 'root',
        packageFormat: 'deb',
        accounts: [],
        missingTools: [],
      });
      expect(look.attributes).toMatchObject({ os: 'linux', platform_family: 'debian' });

      const prepared = orThrow(await machine.prepare(spec, listen)());
      expect(prepared).toMatchObject({ changed: true, manifest: { runnerUser: 'job_runner', slots: 1 } });
      expect(told().filter((line) => !line.endsWith('begun'))).toEqual([
        'privileges done',
        'system done',
        'room done',
        'tools done',
        'accounts done',
        'keys done',
        'base done',
        'sudoers done',
        'certificates done',
        'fips done',
        'selinux skipped',
        'manifest done',
      ]);
    });
    expect(await fresh.run('grep ^job_runner: /etc/passwd /etc/shadow')).toMatch(
      /Baton runner job_runner:\/home\/job_runner:\/bin\/sh\n.*job_runner:\*:/,
    );
    const rights =
      "stat -c '%A %U %n' /home/job_runner /home/job_runner/.ssh /home/job_runner/.ssh/authorized_keys";
    expect(
      await fresh.run(`${rights} /var/opt/baton /var/opt/baton/job_runner /etc/sudoers.d/baton-job_runner`),
    ).toBe(
      [
        'drwxr-xr-x root /home/job_runner',
        'drwxr-xr-x root /home/job_runner/.ssh',
        '-rw-r--r-- root /home/job_runner/.ssh/authorized_keys',
        'drwxr-xr-x root /var/opt/baton',
        'drwx------ job_runner /var/opt/baton/job_runner',
        '-r--r----- root /etc/sudoers.d/baton-job_runner',
        '',
      ].join('\n'),
    );
    const [, body = ''] = /-----BEGIN CERTIFICATE-----\n(.*)\n/.exec(pem) ?? [];
    expect(await fresh.read('/etc/ssl/certs/ca-certificates.crt')).toContain(body);
    expect(
      await fresh.run('setpriv --reuid job_runner --regid job_runner --clear-groups sudo -n id -u'),
    ).toBe('0\n');
    await expect(
      fresh.run('setpriv --reuid job_runner --regid job_runner --clear-groups sudo -n cat /etc/shadow'),
    ).rejects.toThrow(/password is required/);

    // as Baton will come
    const login = {
      ...{ host: fresh.host, port: fresh.port, user: 'job_runner', hostKeys: [fresh.hostKey] },
      auth: { privateKey: runnerKey.privateKey },
    };
    await on(login, async (machine) => {
      expect(errorOf(await machine.look('job_runner')()).reason).toBe('sudo_password_needed');
    });

    await on(rootLogin(fresh), async (machine) => {
      const again = recorder();
      expect(orThrow(await machine.prepare(spec, again.on)()).changed).toBe(false);
      expect(again.told().filter((line) => line.endsWith('done'))).toEqual([
        'privileges done',
        'system done',
        'room done',
        'tools done',
      ]);
      const removed = recorder();
      expect(orThrow(await machine.uninstall('job_runner', removed.on)())).toEqual({ left: [] });
      expect(removed.told()).toContain('remove done');
    });
    expect(await stateOf(fresh)).toBe(before);
  });

  test('given a password for login and sudo, when it is prepared, then it is nowhere but where it belongs', async () => {
    const fresh = await keep(startMachine({ admin: { password: canary, sudo: 'password' } }));
    await on(adminLogin(fresh, { sudoPassword: canary }), async (machine) => {
      expect(orThrow(await machine.look('job_runner')()).privileges).toBe('sudo_with_password');
      orThrow(await machine.prepare(specOf())());
    });
    await expect(fresh.run(`grep -rls ${canary} ${layers} /run /tmp`)).rejects.toThrow(/exit 1/);
    expect(fresh.log()).not.toContain(canary);
  });
});
