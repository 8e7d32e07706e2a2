/** Packages that came with us get on the machine and go with it: real dpkg, apt-get and rpm. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { releases, whyNoMachine, type FreshMachine } from '../machine.js';
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
import { debOf, rpmOf } from './packages.js';

const why = await whyNoMachine();

describe.skipIf(why !== undefined)(`packages on a machine [needs machine]${skipped(why)}`, () => {
  let directory = '';
  const { start } = machinesOfEachTest();
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'baton-packages-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  const version = (fresh: FreshMachine) => fresh.read('/opt/tiny-tools/version');

  test('a deb is installed, upgraded, and downgraded when allowed; an uninstall removes it', async () => {
    const fresh = await start();
    const before = await stateOf(fresh);
    const [one, two] = [debOf(directory, { version: '1.0-1' }), debOf(directory, { version: '2.0-1' })];
    const pem = certificate('an authority');
    const spec = specOf({ certificates: [{ name: 'authority', pem }] });
    const bundle = { caBundle: '/opt/tiny-tools/cacert.pem' };
    await fresh.run(
      `printf '#!/bin/sh\\nexit 0\\n' >/usr/local/sbin/update-ca-certificates; chmod 755 /usr/local/sbin/update-ca-certificates`,
    );
    await on(rootLogin(fresh), async (machine) => {
      expect(errorOf(await machine.installPackage('job_runner', one)()).reason).toBe('not_installed');
      orThrow(await machine.prepare(spec)());
      const { told, on: listen } = recorder();
      expect(orThrow(await machine.installPackage('job_runner', { ...one, ...bundle }, listen)())).toEqual({
        outcome: 'installed',
      });
      expect(told()).toEqual(['upload begun', 'upload done', 'package begun', 'package done']);
      const own = await fresh.read(bundle.caBundle);
      expect(own).toMatch(/^# authorities of the package\n# baton begin job_runner\n-----BEGIN/);
      expect(orThrow(await machine.installPackage('job_runner', { ...one, ...bundle })())).toEqual({
        outcome: 'unchanged',
      });
      expect(await fresh.read(bundle.caBundle)).toBe(own);
      expect(orThrow(await machine.installPackage('job_runner', { ...two, ...bundle })())).toEqual({
        ...{ outcome: 'upgraded', from: '1.0-1' },
      });
      expect(await version(fresh)).toBe('2.0-1\n');
      // an upgrade brings the package's own list again
      expect(await fresh.read(bundle.caBundle)).toBe(own);
      expect(errorOf(await machine.installPackage('job_runner', one)()).reason).toBe('newer_installed');
      expect(await version(fresh)).toBe('2.0-1\n');
      expect(
        orThrow(await machine.installPackage('job_runner', { ...one, downgrade: true })()),
      ).toMatchObject({
        ...{ outcome: 'downgraded', from: '2.0-1' },
      });
      expect(orThrow(await machine.uninstall('job_runner')())).toEqual({ left: [] });
    });
    expect(await fresh.exists('/opt/tiny-tools')).toBe(false);
    expect(await stateOf(fresh)).toBe(before);
  });

  test('what is not the package that was meant is refused before anything is changed', async () => {
    const fresh = await start();
    const good = debOf(directory, { version: '1.0-1' });
    await on(rootLogin(fresh), async (machine) => {
      const prepared = orThrow(await machine.prepare(specOf())());
      const before = await stateOf(fresh);
      const cases: readonly (readonly [reason: string, file: typeof good])[] = [
        ['wrong_architecture', debOf(directory, { version: '1.0-1', architecture: 'sparc64' })],
        ['wrong_package', { ...good, version: '1.0-2' }],
        ['wrong_package', { ...good, name: 'other-tools' }],
        ['wrong_digest', { ...good, sha256: '0'.repeat(64) }],
        ['wrong_package', { ...rpmOf(directory, { version: '1.0-1' }), format: 'deb' }],
        ['package_failed', debOf(directory, { version: '3.0-1', preinst: 'echo no luck; exit 7' })],
        ['package_failed', debOf(directory, { version: '4.0-1', depends: 'there-is-no-such-package' })],
      ];
      for (const [reason, file] of cases) {
        expect(errorOf(await machine.installPackage('job_runner', file)()), reason).toMatchObject({ reason });
        expect(await stateOf(fresh), reason).toBe(before);
        expect(orThrow(await machine.look('job_runner')()).manifest, reason).toEqual(prepared.manifest);
      }
    });
  });

  test('a package that was there before is upgraded, and stays when the runner goes', async () => {
    const fresh = await start();
    const [one, two] = [debOf(directory, { version: '1.0-1' }), debOf(directory, { version: '2.0-1' })];
    await fresh.run('base64 -d >/root/one.deb', readFileSync(one.file).toString('base64'));
    await fresh.run('dpkg -i /root/one.deb');
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf())());
      expect(orThrow(await machine.installPackage('job_runner', two)())).toMatchObject({
        outcome: 'upgraded',
      });
      expect(orThrow(await machine.uninstall('job_runner')())).toEqual({ left: [] });
    });
    expect(await version(fresh)).toBe('2.0-1\n');
  });

  test('a cut while a package comes or is installed: the next goes on, and an uninstall removes it', async () => {
    const fresh = await start();
    const before = await stateOf(fresh);
    const slow = debOf(directory, { version: '5.0-1', preinst: 'sleep 1' });
    const cutAt = async (wanted: string) => {
      const cuts: Promise<void>[] = [];
      await on(rootLogin(fresh), async (machine) => {
        orThrow(await machine.prepare(specOf())());
        const answer = await machine.installPackage('job_runner', slow, ({ step, status }) => {
          if (`${step} ${status}` === wanted) cuts.push(fresh.cut());
        })();
        expect(errorOf(answer).reason).toBe('connection_lost');
      });
      await Promise.all(cuts);
    };
    for (const wanted of ['upload begun', 'package begun']) {
      await cutAt(wanted);
      await on(rootLogin(fresh), async (machine) => {
        const { outcome } = orThrow(await machine.installPackage('job_runner', slow)());
        expect(['installed', 'unchanged']).toContain(outcome);
        expect(await version(fresh)).toBe('5.0-1\n');
        expect(orThrow(await machine.uninstall('job_runner')())).toEqual({ left: [] });
      });
      expect(await fresh.exists('/opt/tiny-tools')).toBe(false);
      expect(await stateOf(fresh), wanted).toBe(before);
    }
  });

  test('an rpm is installed on kin of RHEL, an undo takes it back, and a deb is refused', async () => {
    // Debian's rpm wants to be told that it may work beside dpkg
    const before = `mv /usr/bin/rpm /usr/bin/rpm.real
printf '#!/bin/sh\\ncase $1 in -U|-e) exec rpm.real --force-debian --nodeps "$@" ;; esac\\nexec rpm.real "$@"\\n' >/usr/bin/rpm
chmod 755 /usr/bin/rpm; mv /usr/bin/dpkg /usr/bin/dpkg.away`;
    const fresh = await start({ osRelease: releases.rocky, before });
    const state = await stateOf(fresh);
    const [one, two] = [rpmOf(directory, { version: '1.0-1' }), rpmOf(directory, { version: '1.10-1' })];
    await on(rootLogin(fresh), async (machine) => {
      const look = orThrow(await machine.look('job_runner')());
      expect(look).toMatchObject({
        packageFormat: 'rpm',
        attributes: { platform: 'rocky', platform_family: 'rhel' },
      });
      orThrow(await machine.prepare(specOf())());
      expect(
        errorOf(await machine.installPackage('job_runner', debOf(directory, { version: '1.0-1' }))()).reason,
      ).toBe('wrong_format');
      const foreign = rpmOf(directory, { version: '1.0-1', architecture: 's390x' });
      expect(errorOf(await machine.installPackage('job_runner', foreign)()).reason).toBe(
        'wrong_architecture',
      );
      expect(orThrow(await machine.installPackage('job_runner', one)())).toEqual({ outcome: 'installed' });
      expect(orThrow(await machine.installPackage('job_runner', two)())).toEqual({
        outcome: 'upgraded',
        from: '1.0-1',
      });
      expect(errorOf(await machine.installPackage('job_runner', one)()).reason).toBe('newer_installed');
      expect(orThrow(await machine.installPackage('job_runner', { ...one, downgrade: true })()).outcome).toBe(
        'downgraded',
      );
      expect(await version(fresh)).toBe('1.0-1\n');
      expect(orThrow(await machine.undo()())).toEqual({ left: [] });
    });
    expect(await fresh.exists('/opt/tiny-tools')).toBe(false);
    expect(await stateOf(fresh)).toBe(state);
  });
});
