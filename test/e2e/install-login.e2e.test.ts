/** The ways in that a machine may offer to whoever installs, and what is said when there is none. */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { whyNoMachine, type FreshMachine } from '../machine.js';
import { hasAgent, startAgent, type Agent } from '../ssh-agent.js';
import { anInstallWorld, PASSWORD, wasLetIn, type InstallWorld } from './install-world.js';
import type { Ran } from './program.js';

const noMachine = await whyNoMachine();
const admin = generateKeyPair();

/** Accounts with the password and the key of `admin`, who may use sudo with the password. */
const withAccounts = (accounts: Readonly<Record<string, string>>): string =>
  Object.entries(accounts)
    .map(
      ([name, then]) =>
        `useradd -m -s /bin/bash ${name}; echo '${name}:${PASSWORD}' | chpasswd
mkdir -m 700 /home/${name}/.ssh; echo '${admin.publicKey}' >/home/${name}/.ssh/authorized_keys; chown -R ${name} /home/${name}/.ssh
echo '${name} ALL=(ALL:ALL) ALL' >/etc/sudoers.d/${name}; ${then}`,
    )
    .join('\n');

let at: InstallWorld;
/** Its sshd judges by itself. */
let plain: FreshMachine;
/** Its sshd leaves it to PAM. */
let pam: FreshMachine;
let agent: Agent;

beforeAll(async () => {
  if (noMachine !== undefined) return;
  at = await anInstallWorld();
  const accounts = { expired: 'chage -d 0 expired', gone: 'chage -E 0 gone' };
  const settings = ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'PasswordAuthentication no'];
  [plain, pam] = await Promise.all([
    at.aMachine({
      admin: { publicKey: admin.publicKey, password: PASSWORD, sudo: 'password' },
      before: withAccounts(accounts),
    }),
    at.aMachine({ settings, before: withAccounts(accounts) }),
  ]);
  at.world.file('key', admin.privateKey);
  at.world.file('password', `${PASSWORD}\n`);
  if (hasAgent) agent = await startAgent(at.world.folder);
});
afterAll(async () => {
  if (noMachine !== undefined) return;
  await agent.close();
  await at.close();
});

/** Refused in one sentence with a way out, before anything was changed; `step`: as far as it came. */
const refused = ({ code, err }: Ran, step: string, sentence: RegExp, hint: RegExp): void => {
  const [first = '', second = '', ...more] = err.trimEnd().split('\n');
  expect(first).toMatch(/^baton: [^.].*\. Nothing was changed\.$/u);
  expect(first).toContain(`(step ${step})`);
  expect(first).toMatch(sentence);
  expect(second.slice('hint: '.length)).toMatch(hint);
  expect([code, more]).toEqual([1, []]);
};

describe.runIf(noMachine === undefined && hasAgent)('by an ssh-agent [needs machine, ssh-agent]', () => {
  const tryIt = (...more: readonly string[]): Promise<Ran> =>
    at.tryAs(plain, 'admin', more, { SSH_AUTH_SOCK: agent.socket });

  it('given no key in it, then that is said before anybody is asked; a password is another way in', async () => {
    agent.empty();
    const mark = plain.log().length;
    refused(await tryIt(), 'connect', /ssh-agent of SSH_AUTH_SOCK holds no key/u, /ssh-add.*-i FILE or -P/u);
    expect(plain.log().slice(mark)).not.toContain('admin');
    wasLetIn(await tryIt('--password-file', 'password'));
  });

  it('given another key only, then the agent is named; given the right one as well, then it is let in', async () => {
    agent.empty();
    agent.hold(generateKeyPair().privateKey);
    refused(
      await tryIt(),
      'connect',
      /did not let admin in with any key of the ssh-agent/u,
      /locked or has exp/u,
    );
    agent.hold(admin.privateKey);
    refused(await tryIt(), 'look', /sudo at .* wants the password of admin/u, /-P or --password-file/u);
    wasLetIn(await tryIt('--password-file', 'password'));
  });

  it('given more wrong keys than sshd takes, then -i is the way out; a password is tried all the same, once', async () => {
    agent.empty();
    for (let i = 0; i < 7; i += 1) agent.hold(generateKeyPair().privateKey);
    agent.hold(admin.privateKey);
    refused(
      await tryIt(),
      'connect',
      /refused admin after too many keys of the ssh-agent/u,
      /-i.*ssh-add -D/u,
    );
    wasLetIn(await tryIt('--password-file', 'password'));
    wasLetIn(await tryIt('-i', 'key', '--password-file', 'password'));
    const mark = plain.log().length;
    const wrong = await at.tryAs(
      plain,
      'admin',
      ['--password-file', '-'],
      { SSH_AUTH_SOCK: agent.socket },
      'no',
    );
    refused(
      wrong,
      'connect',
      /did not let admin in with any key of the ssh-agent or the password/u,
      /tried once/u,
    );
    expect(
      plain
        .log()
        .slice(mark)
        .match(/Failed password/gu),
    ).toHaveLength(1);
  });

  it('given one that has gone away, then that is said; a password is another way in', async () => {
    const gone = { SSH_AUTH_SOCK: at.world.file('no-agent', '') };
    refused(await at.tryAs(plain, 'admin', [], gone), 'connect', /ssh-agent .* does not answer/u, /ssh-add/u);
    wasLetIn(await at.tryAs(plain, 'admin', ['--password-file', 'password'], gone));
  });
});

describe.runIf(noMachine === undefined)('by a key in a file [needs machine]', () => {
  const lock = (name: string, passphrase: string): string => {
    const file = at.world.file(name, admin.privateKey);
    execFileSync('ssh-keygen', ['-q', '-p', '-a', '1', '-P', '', '-N', passphrase, '-f', file]);
    return name;
  };

  it('given a passphrase, then it is asked for without an echo, three times at most', async () => {
    const file = lock('locked', 'Kanarien vogel');
    const line = ['install-runner', '127.0.0.1', 'admin', '-i', file, '-p', String(plain.port), '-y'];
    const rest = ['--host-key', plain.hostKey];
    const knows = at.atTerminal(...line, ...rest);
    await knows.shows('Passphrase of locked: ');
    knows.type('Kanarien vogle\r');
    await knows.shows('That does not open it. Passphrase of locked: ');
    knows.type('Kanarien vogel\r');
    expect(await knows.done).toBe(1);
    expect(knows.screen()).toMatch(
      /sudo at .* wants the password of admin.*\(step look\)\. Nothing was changed/u,
    );

    const guesses = at.atTerminal(...line, ...rest);
    for (const [at, asked] of [
      /^.*Passphrase of/su,
      /That.*Passphrase of/su,
      /That.*That.*Passphrase of/su,
    ].entries()) {
      await guesses.shows(asked);
      guesses.type(`Kanarien ${at}\r`);
    }
    expect(await guesses.done).toBe(1);
    expect(guesses.screen()).toMatch(
      /None of 3 passphrases opens the key locked \(step login\)\. Nothing was changed/u,
    );
    expect(knows.screen() + guesses.screen()).not.toContain('Kanarien');
  });

  it('given a key that is locked and no terminal, or none that can be used, then it is said of that file', async () => {
    const file = (name: string, content: string): string => {
      at.world.file(name, content);
      return name;
    };
    const open = file('open', admin.privateKey);
    chmodSync(`${at.world.folder}/open`, 0o644);
    const cut = admin.privateKey.replace(/\n.{20}/u, '\n');
    const cases: readonly (readonly [string, RegExp, RegExp])[] = [
      [
        lock('no-terminal', 'x y z'),
        /no-terminal is locked with a passphrase, and there is no terminal/u,
        /ssh-add/u,
      ],
      ['missing', /file of -i cannot be read: missing/u, /^$/u],
      [file('key.pub', admin.publicKey), /key\.pub is a public key/u, /without \.pub/u],
      [open, /Others on this machine can read or write the private key open/u, /chmod 600/u],
      [file('garbage', 'no key'), /garbage is not a private key/u, /^$/u],
      [file('cut', cut), /cut cannot be used as a private key/u, /ed25519, ECDSA and RSA/u],
    ];
    const mark = plain.log().length;
    const said = await Promise.all(cases.map(([name]) => at.tryAs(plain, 'admin', ['-i', name])));
    for (const [i, [, sentence, hint]] of cases.entries()) {
      const one = said[i];
      if (one !== undefined) refused(one, 'login', sentence, hint);
    }
    expect(plain.log().slice(mark)).toBe('');
  });
});

describe.runIf(noMachine === undefined)('as somebody who has expired [needs machine]', () => {
  const by = (machine: FreshMachine, user: string, ...more: readonly string[]): Promise<Ran> =>
    at.tryAs(machine, user, more);
  const expired = /The password of expired at 127\.0\.0\.1 port \d+ has expired/u;
  const change = /by hand and change it/u;

  it('given an expired password, then whoever notices it first, it is said so', async () => {
    await Promise.all([
      // sshd, which would start passwd in place of the command
      by(plain, 'expired', '--password-file', 'password').then((ran) =>
        refused(ran, 'look', expired, change),
      ),
      by(pam, 'expired', '-i', 'key').then((ran) => refused(ran, 'look', expired, change)),
      // PAM, which asks for a new one
      by(pam, 'expired', '--password-file', 'password').then((ran) =>
        refused(ran, 'connect', expired, change),
      ),
      // sudo, which asks for a new one, and would wait
      by(plain, 'expired', '-i', 'key', '--password-file', 'password').then((ran) =>
        refused(ran, 'look', expired, change),
      ),
    ]);
    for (const machine of [plain, pam])
      expect(await machine.run("grep '^expired:' /etc/shadow | cut -d: -f3")).toBe('0\n');
  });

  it('given an expired account, then sshd does not say so, and it is named as what may be', async () => {
    refused(
      await by(plain, 'gone', '-i', 'key'),
      'connect',
      /did not let gone in with the key/u,
      /has expired/u,
    );
    refused(
      await by(pam, 'gone', '-i', 'key'),
      'connect',
      /closed the connection while gone logged in/u,
      /chage -l gone/u,
    );
  });
});
