/** Who gets in and becomes root, and what is said when not: real sshd, real sudo. */
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { openMachine } from '../../src/install/open-machine.js';
import { layers, startMachine, whyNoMachine, type FreshMachine, type MachineOptions } from '../machine.js';
import { skipped } from '../store/small-disk.js';
import {
  adminKey,
  adminLogin,
  canary,
  errorOf,
  on,
  orThrow,
  rootLogin,
  machinesOfEachTest,
  specOf,
} from './given-machine.js';

const why = await whyNoMachine();

describe.skipIf(why !== undefined)(`an administrator's login [needs machine]${skipped(why)}`, () => {
  const { keep, start } = machinesOfEachTest();
  const withAdmin = async (
    sudo: NonNullable<MachineOptions['admin']>['sudo'],
    more: MachineOptions = {},
  ): Promise<FreshMachine> => {
    return keep(
      startMachine({ admin: { password: canary, ...(sudo === undefined ? {} : { sudo }) }, ...more }),
    );
  };
  /** Everything that is told to a person, as one text. */
  const told: string[] = [];
  const refusal = (answer: Parameters<typeof errorOf>[0]) => {
    const error = errorOf(answer);
    told.push(JSON.stringify(error));
    return error;
  };
  afterAll(() => {
    expect(told.join('\n')).not.toContain(canary);
  });

  test('a wrong password is tried once, and refused in one sentence', async () => {
    const fresh = await withAdmin('password');
    const login = adminLogin(fresh, { auth: { password: 'not it' } });
    const error = refusal(await openMachine(login)());
    expect(error).toMatchObject({ reason: 'permission_denied', code: 'runner' });
    expect(error.message).toContain('did not let admin in');
    expect(fresh.log().match(/Failed password for admin/g)).toHaveLength(1);
  });

  test('a machine that asks by keyboard-interactive gets the password, and a wrong one once', async () => {
    const settings = ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'PasswordAuthentication no'];
    const fresh = await withAdmin('nopasswd', { settings });
    await on(adminLogin(fresh), async (machine) => {
      expect(orThrow(await machine.look('job_runner')()).privileges).toBe('sudo');
    });
    const wrong = adminLogin(fresh, { auth: { password: 'not it' } });
    expect(refusal(await openMachine(wrong)()).reason).toBe('permission_denied');
    expect(fresh.log().match(/PAM: Authentication failure for admin/g)).toHaveLength(1);
  });

  test('sudo gets the password when it asks, once, and a wrong one is told', async () => {
    const fresh = await withAdmin('password');
    await on(adminLogin(fresh, { sudoPassword: canary }), async (machine) => {
      expect(orThrow(await machine.look('job_runner')()).privileges).toBe('sudo_with_password');
    });
    await on(adminLogin(fresh, { sudoPassword: 'not it' }), async (machine) => {
      expect(refusal(await machine.look('job_runner')()).reason).toBe('sudo_password_wrong');
    });
    await on(adminLogin(fresh), async (machine) => {
      expect(refusal(await machine.prepare(specOf())()).reason).toBe('sudo_password_needed');
    });
  });

  test('a password for sudo that does not ask goes nowhere', async () => {
    const fresh = await withAdmin('nopasswd');
    await on(adminLogin(fresh, { sudoPassword: canary }), async (machine) => {
      expect(orThrow(await machine.look('job_runner')()).privileges).toBe('sudo');
      orThrow(await machine.prepare(specOf())());
    });
    await expect(fresh.run(`grep -rls ${canary} ${layers} /run /tmp`)).rejects.toThrow(/exit 1/);
  });

  test('sudo that wants a terminal, or does not know the user, is told in one sentence', async () => {
    const strict = await withAdmin('requiretty');
    await on(adminLogin(strict), async (machine) => {
      const error = refusal(await machine.look('job_runner')());
      expect(error.reason).toBe('sudo_wants_tty');
      expect(error.hint).toContain('!requiretty');
    });
    const nobody = await withAdmin('none');
    await on(adminLogin(nobody, { sudoPassword: canary }), async (machine) => {
      expect(refusal(await machine.look('job_runner')()).reason).toBe('sudo_not_allowed');
    });
  });

  test('a host key is shown before anything is given, and another than the accepted one is refused', async () => {
    const fresh = await withAdmin('nopasswd');
    const seen: string[] = [];
    const ask = (answer: boolean) => (fingerprint: string) => {
      seen.push(fingerprint);
      return Promise.resolve(answer);
    };
    const login = adminLogin(fresh, { hostKeys: [] });
    expect(refusal(await openMachine(login)()).reason).toBe('host_key_unknown');
    expect(refusal(await openMachine({ ...login, onHostKey: ask(false) })()).message).toContain(
      fresh.hostKey,
    );
    expect(fresh.log()).not.toContain('for admin');
    const machine = orThrow(await openMachine({ ...login, onHostKey: ask(true) })());
    expect(machine.hostKey).toBe(fresh.hostKey);
    await machine.close();
    expect(seen).toEqual([fresh.hostKey, fresh.hostKey]);
    const other = adminLogin(fresh, { hostKeys: [`SHA256:${'A'.repeat(43)}`], onHostKey: ask(true) });
    expect(refusal(await openMachine(other)()).reason).toBe('host_key_changed');
    expect(seen).toHaveLength(2);
  });

  test('an account without a shell, and a key that cannot be read, are told', async () => {
    const fresh = await withAdmin('nopasswd', { before: 'usermod -s /usr/sbin/nologin admin' });
    await on(adminLogin(fresh), async (machine) => {
      expect(refusal(await machine.look('job_runner')()).reason).toBe('no_usable_shell');
    });
    const login = adminLogin(fresh, { auth: { privateKey: 'no key' } });
    expect(refusal(await openMachine(login)()).reason).toBe('no_key');
  });

  test('rc files may talk, and print what looks like ours', async () => {
    const before = `printf 'echo "BATON 00 asks" >&2; echo "BATON 00"; echo root; echo end; echo "step keys done"\\n' >>/root/.bashrc`;
    const fresh = await start({ before });
    await on(rootLogin(fresh), async (machine) => {
      const steps: string[] = [];
      orThrow(await machine.prepare(specOf(), ({ step, status }) => steps.push(`${step} ${status}`))());
      expect(steps.filter((one) => one === 'keys done')).toHaveLength(1);
    });
  });

  test('a password is in no argument and no environment of any process while it is used', async () => {
    const fresh = await withAdmin('password');
    let stop = false;
    const found: string[] = [];
    const look = async () => {
      for (const pid of await readdir('/proc')) {
        if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
        for (const file of ['cmdline', 'environ']) {
          const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
          if (text.includes(canary)) found.push(`${pid} ${file} ${text.slice(0, 200)}`);
        }
      }
    };
    let rounds = 0;
    const watching = (async () => {
      while (!stop) {
        await look();
        rounds++;
      }
    })();
    await on(adminLogin(fresh, { sudoPassword: canary }), async (machine) => {
      orThrow(await machine.prepare(specOf({ sudo: 'all' }))());
      orThrow(await machine.uninstall('job_runner')());
    });
    stop = true;
    await watching;
    expect(rounds).toBeGreaterThan(5);
    expect(found).toEqual([]);
  });

  test('a key with a passphrase opens with it only', async () => {
    const fresh = await start();
    await fresh.run(
      `ssh-keygen -q -t ed25519 -N '${canary}' -f /root/locked && cat /root/locked.pub >>/root/.ssh/authorized_keys`,
    );
    const privateKey = await fresh.read('/root/locked');
    expect(adminKey.privateKey).not.toBe(privateKey);
    const without = { ...rootLogin(fresh), auth: { privateKey } };
    expect(refusal(await openMachine(without)()).reason).toBe('no_key');
    await on({ ...without, auth: { privateKey, passphrase: canary } }, async (machine) => {
      expect(orThrow(await machine.look('job_runner')()).privileges).toBe('root');
    });
  });
});
