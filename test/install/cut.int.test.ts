/** Whatever breaks off an installation, a second one completes it, and an uninstall leaves the machine as it was. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import type { AppError } from '../../src/app/errors.js';
import type { Login, RunnerSpec } from '../../src/install/machine.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { isLong } from '../faults/length.js';
import { startMachine, whyNoMachine, type FreshMachine } from '../machine.js';
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
  const { keep, start } = machinesOfEachTest();

  test('by a cut of the connection, at every step', { timeout: 600_000 }, async () => {
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

  // what comes last waits, so that no installation is over before the cut has come
  const held = `printf '#!/bin/sh\\nwhile [ -e /root/hold ]; do sleep 0.05; done\\nexec %s "$@"\\n' "$(command -v visudo)" >/usr/local/sbin/visudo
chmod 755 /usr/local/sbin/visudo`;

  test('by a cut below sudo', async () => {
    const fresh = await keep(startMachine({ admin: { password: canary, sudo: 'password' }, before: held }));
    const login = adminLogin(fresh, { sudoPassword: canary });
    const before = await stateOf(fresh);
    for (const wanted of ['accounts begun', 'keys done', 'sudoers begun']) {
      const cuts: Promise<void>[] = [];
      await fresh.run('touch /root/hold');
      await on(login, async (machine) => {
        const answer = await machine.prepare(specOf({ sudo: 'all' }), ({ step, status }) => {
          if (`${step} ${status}` === wanted) cuts.push(fresh.cut());
        })();
        expect(errorOf(answer).reason).toBe('connection_lost');
      });
      await Promise.all(cuts);
      await fresh.run('rm /root/hold');
      await completes(fresh, login, specOf({ sudo: 'all' }), before, wanted);
    }
  });

  // each counts, and at the number wanted kills whoever called it, and does nothing
  const killers = `echo 0 >/root/at
for tool in mv cp mkdir chown rm rmdir useradd groupadd userdel groupdel ln; do
  real=$(command -v $tool)
  printf '#!/bin/sh\\nread -r at </root/at; [ "$at" = 0 ] || { echo x >>/root/count; [ "$(wc -l </root/count)" -ne "$at" ] || { kill -9 $PPID; exit 1; }; }\\nexec %s "$@"\\n' $real >/usr/local/sbin/$tool
  chmod 755 /usr/local/sbin/$tool
done`;
  const trusting = (name: string) => [{ name, pem: certificate(name) }];
  const first = specOf({ sudo: 'all', certificates: trusting('authority') });
  const second = specOf({
    ...{ isolate: true, slots: 1, publicKey: generateKeyPair().publicKey },
    certificates: trusting('another'),
  });

  test.each([
    ['a first installation and an uninstall', undefined, first],
    ['one that changes what is there', first, second],
    ['one that takes slots away', second, first],
  ])('by a kill just before any change of %s', { timeout: 600_000 }, async (_what, earlier, spec) => {
    const fresh = await start({ before: `${quickTrust}\n${killers}` });
    const login = rootLogin(fresh);
    const before = await stateOf(fresh);
    const run = async (at: number) => {
      if (earlier !== undefined)
        await on(login, async (machine) => {
          orThrow(await machine.prepare(earlier)());
        });
      await fresh.run(`rm -f /root/count; echo ${at} >/root/at`);
      const answer = await on<E.Either<AppError, unknown>>(login, async (machine) => {
        const prepared = await machine.prepare(spec)();
        return E.isRight(prepared) && earlier === undefined
          ? await machine.uninstall('job_runner')()
          : prepared;
      });
      const count = Number(await fresh.run('echo 0 >/root/at; wc -l </root/count'));
      return { answer, count };
    };
    const whole = await run(1_000_000);
    orThrow(whole.answer);
    expect(whole.count).toBeGreaterThan(30);
    await completes(fresh, login, spec, before, 'not killed at all');
    // all of them take minutes; else every eighth, from a place that differs from day to day
    const step = isLong ? 1 : 8;
    const from = isLong ? 1 : 1 + (Math.floor(Date.now() / 86_400_000) % step);
    for (let at = from; at <= whole.count; at += step) {
      await run(at);
      await completes(fresh, login, spec, before, `killed before change ${at}`);
    }
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
