/** Whatever breaks off an installation, a second one completes it, and an uninstall leaves the machine as it was. */
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, describe, expect, test } from 'vitest';
import type { Login, RunnerSpec } from '../../src/install/machine.js';
import { whyNoMachine, type FreshMachine } from '../machine.js';
import { skipped } from '../store/small-disk.js';
import {
  certificate,
  errorOf,
  on,
  orThrow,
  recorder,
  rootLogin,
  rootMachine,
  specOf,
  stateOf,
} from './given-machine.js';

const why = await whyNoMachine();

/** As Debian's, without its seconds: what is trusted is what lies there. */
const quickTrust = `printf '#!/bin/sh\\ncat /usr/local/share/ca-certificates/baton-* >/etc/ssl/certs/ours 2>/dev/null\\nexit 0\\n' >/usr/local/sbin/update-ca-certificates
touch /etc/ssl/certs/ours; chmod 755 /usr/local/sbin/update-ca-certificates`;

const completes = async (
  fresh: FreshMachine,
  login: Login,
  spec: RunnerSpec,
  before: string,
  what: string,
) => {
  await on(login, async (machine) => {
    const prepared = orThrow(await machine.prepare(spec)());
    expect(prepared.manifest.entries.length, what).toBeGreaterThan(6);
    expect(orThrow(await machine.uninstall('job_runner')()), what).toEqual({ left: [] });
  });
  expect(await stateOf(fresh), what).toBe(before);
};

describe.skipIf(why !== undefined)(`an installation that breaks off [needs machine]${skipped(why)}`, () => {
  const machines: FreshMachine[] = [];
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.close()));
  });
  const start = async (...more: Parameters<typeof rootMachine>) => {
    const machine = await rootMachine(...more);
    machines.push(machine);
    return machine;
  };

  test('by a cut of the connection, at every step', async () => {
    const fresh = await start({ before: quickTrust });
    const login = rootLogin(fresh);
    const before = await stateOf(fresh);
    const spec = specOf({
      ...{ isolate: true, sudo: ['/usr/bin/id'] },
      certificates: [{ name: 'authority', pem: certificate('an authority') }],
    });
    const all = recorder();
    await on(login, async (machine) => {
      orThrow(await machine.prepare(spec, all.on)());
      orThrow(await machine.uninstall('job_runner', all.on)());
    });
    expect(await stateOf(fresh)).toBe(before);
    // before the accounts the machine is only looked at
    const from = all.told().indexOf('tools done');
    for (const [at, what] of [...all.told().entries()].slice(from)) {
      let seen = -1;
      const cuts: Promise<void>[] = [];
      await on(login, async (machine) => {
        const cut = () => {
          seen++;
          if (seen === at) cuts.push(fresh.cut());
        };
        const answer = await machine.prepare(spec, cut)();
        if (E.isRight(answer)) await machine.uninstall('job_runner', cut)();
      });
      expect(cuts, what).toHaveLength(1);
      await Promise.all(cuts);
      await completes(fresh, login, spec, before, what);
    }
  });

  test('by a kill just before any of its changes', async () => {
    const fresh = await start({ before: quickTrust });
    const login = rootLogin(fresh);
    const spec = specOf({
      sudo: 'all',
      certificates: [{ name: 'authority', pem: certificate('an authority') }],
    });
    // each counts, and at the number wanted kills whoever called it, and does nothing
    await fresh.run(
      `echo 0 >/root/at
       for tool in mv mkdir chown rm rmdir useradd groupadd userdel groupdel ln; do
         real=$(command -v $tool)
         printf '#!/bin/sh\\nread -r at </root/at; [ "$at" = 0 ] || { echo x >>/root/count; [ "$(wc -l </root/count)" -ne "$at" ] || { kill -9 $PPID; exit 1; }; }\\nexec %s "$@"\\n' $real >/usr/local/sbin/$tool
         chmod 755 /usr/local/sbin/$tool
       done`,
    );
    const before = await stateOf(fresh);
    const run = async (at: number) => {
      await fresh.run(`echo ${at} >/root/at; /usr/bin/rm -f /root/count`);
      const answer = await on(login, async (machine) => {
        const prepared = await machine.prepare(spec)();
        return E.isRight(prepared) ? await machine.uninstall('job_runner')() : prepared;
      });
      const count = Number(await fresh.run('echo 0 >/root/at; wc -l </root/count'));
      return { answer, count };
    };
    const whole = await run(1_000_000);
    orThrow(whole.answer);
    expect(whole.count).toBeGreaterThan(40);
    // one after the other would take minutes; every fifth, from a place that differs from day to day
    const first = 1 + (Math.floor(Date.now() / 86_400_000) % 5);
    for (let at = first; at <= whole.count; at += 12)
      (console.log(at, whole.count, performance.now()),
        await run(at).then(() => completes(fresh, login, spec, before, `killed before change ${at}`)));
  });

  test('by a full disk: what was made is taken back, and with room it succeeds', async () => {
    const fresh = await start({ disks: { '/home': 'size=1m,nr_inodes=3' } });
    const before = await stateOf(fresh);
    const { told, on: listen } = recorder();
    await on(rootLogin(fresh), async (machine) => {
      const error = errorOf(await machine.prepare(specOf(), listen)());
      expect(error.reason).toBe('disk_full');
      expect(error.message).toContain('/home/job_runner/.ssh/authorized_keys cannot be written');
      expect(error.hint).not.toContain('Not taken back');
      expect(told().slice(-3)).toEqual(['keys failed', 'remove begun', 'remove undone']);
      expect(await stateOf(fresh)).toBe(before);
      await fresh.run('mount -o remount,size=1m,nr_inodes=100 /home');
      orThrow(await machine.prepare(specOf())());
      orThrow(await machine.undo()());
    });
    expect(await stateOf(fresh)).toBe(before);
  });

  test('by no room at all: nothing is begun', async () => {
    const fresh = await start({ disks: { '/var/opt': 'size=8m' } });
    const { told, on: listen } = recorder();
    await on(rootLogin(fresh), async (machine) => {
      const error = errorOf(await machine.prepare(specOf(), listen)());
      expect(error).toMatchObject({ reason: 'disk_full' });
      expect(error.message).toContain('/var/opt/baton/job_runner has');
      expect(told().at(-1)).toBe('room failed');
    });
  });

  test('two at the same time do not mix: the second waits', async () => {
    const fresh = await start();
    const before = await stateOf(fresh);
    const spec = specOf({ slots: 3, isolate: true });
    const results = await Promise.all(
      [1, 2, 3].map(() => on(rootLogin(fresh), async (machine) => orThrow(await machine.prepare(spec)()))),
    );
    expect(results.filter(({ changed }) => changed)).toHaveLength(1);
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.uninstall('job_runner')());
    });
    expect(await stateOf(fresh)).toBe(before);
  });
});
