/** What comes from a machine is parsed strictly; what goes there is checked before. */
import * as E from 'fp-ts/lib/Either.js';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { answerOf, packageDoneOf, parseStep } from '../../src/install/answer.js';
import { checkPackage, checkSpec } from '../../src/install/check-spec.js';
import { roomOf, toolsOf } from '../../src/install/fitness.js';
import { lookOf } from '../../src/install/look.js';
import type { Look } from '../../src/install/machine.js';
import { parseManifest } from '../../src/install/manifest.js';
import { openMachine } from '../../src/install/open-machine.js';
import { accountsOf, prepareOrder } from '../../src/install/orders.js';
import { command, opening, parts, program } from '../../src/install/program.js';
import { notConnected, refusedBy } from '../../src/install/refusals.js';
import { systemOf } from '../../src/install/systems.js';
import { targetOf } from '../../src/ssh/administrator.js';
import { transportError } from '../../src/ssh/errors.js';
import { skipped } from '../store/small-disk.js';
import { certificate, errorOf, orThrow, specOf } from './given-machine.js';

const noShellcheck =
  spawnSync('shellcheck', ['--version']).status === 0 ? undefined : 'there is no shellcheck here';

const answer = (lines: readonly string[], asked = false) => answerOf('sudo', asked, lines)!;

describe('answers of the machine', () => {
  test.each([
    ['step keys done', { step: 'keys', status: 'done' }],
    ['step accounts begun a b', { step: 'accounts', status: 'begun', detail: 'a b' }],
    ['step nothing done', undefined],
    ['step keys perhaps', undefined],
    ['steps keys done', undefined],
    ['', undefined],
  ])('%s', (line, event) => {
    expect(parseStep(line)).toEqual(event);
  });

  test('facts, what is left and an error are told apart', () => {
    expect(
      answerOf('root', false, ['fact a b c', 'noise', 'left x stays', 'error busy wait a while']),
    ).toEqual({
      ...{ privileges: 'root', asked: false, facts: [['a', 'b c']], left: ['x stays'] },
      error: { reason: 'busy', text: 'wait a while' },
    });
    expect(answerOf('admin', false, [])).toBeUndefined();
    expect(packageDoneOf(answer(['fact outcome upgraded', 'fact from 1.0']))).toEqual({
      outcome: 'upgraded',
      from: '1.0',
    });
    expect(packageDoneOf(answer(['fact outcome melted']))).toBeUndefined();
  });

  test('a look puts facts together, and takes CentOS 6 for what it is', () => {
    const look = orThrow(
      lookOf(
        answer(
          [
            ...[
              'fact os Linux',
              'fact redhat_release CentOS release 6.10 (Final)',
              'fact missing setsid  stat',
            ],
            ...[
              'fact free /base 17',
              'fact free /etc much',
              'fact account job_runner',
              'fact legacy /etc/delivery',
            ],
          ],
          true,
        ),
      ),
    );
    expect(look).toEqual({
      ...{
        attributes: { os: 'linux', platform: 'centos', platform_family: 'rhel', platform_version: '6.10' },
      },
      ...{ packageFormat: 'rpm', init: 'unknown', privileges: 'sudo_with_password' },
      ...{ freeKib: [{ path: '/base', kib: 17 }], missingTools: ['setsid', 'stat'] },
      ...{ accounts: ['job_runner'], legacy: ['/etc/delivery'] },
    });
    expect(errorOf(roomOf(look, '/base')).message).toContain('/base has 17 KiB, needs 102400 KiB');
    expect(errorOf(toolsOf(look)).message).toContain('setsid, stat');
  });

  test('a sentence of the machine is made printable', () => {
    const login = { host: 'h', port: 22, user: 'u', auth: {}, hostKeys: [] };
    const error = refusedBy(login, { reason: 'package_failed', text: 'bad\u001b[2J\u202e' }, ['x\u0007']);
    expect(error.message).toBe('h port 22: bad [2J.');
    expect(error.hint).toContain('Not taken back: x.');
    expect(
      notConnected(login, transportError('no_usable_shell', targetOf(login)), 'This account\u0000').message,
    ).toContain('(found: This account)');
  });
});

describe('manifests', () => {
  const head = 'baton-manifest 1\nrunner r\nbase /b\nslots 2\nisolate yes\n';
  test('entries have kind, maker, name and marks', () => {
    expect(
      orRight(parseManifest(`${head}shared ab /etc/baton\nfile ab /f 1,2\npackage cd p deb,1.0\nend\n`)),
    ).toEqual({
      ...{ runnerUser: 'r', base: '/b', slots: 2, isolate: true },
      entries: [
        { kind: 'shared', run: 'ab', name: '/etc/baton', marks: [] },
        { kind: 'file', run: 'ab', name: '/f', marks: ['1', '2'] },
        { kind: 'package', run: 'cd', name: 'p', marks: ['deb', '1.0'] },
      ],
    });
  });
  test('whose it is stands in it, if whoever made it wrote it down', () => {
    expect(orRight(parseManifest(`${head}owner 1-2 m.1\nend\n`)).owner).toEqual({
      installation: '1-2',
      name: 'm.1',
    });
    expect(orRight(parseManifest(`${head}end\n`))).not.toHaveProperty('owner');
  });
  test.each([
    [`${head}owner 1-2\nend\n`, 'a line is not understood: owner 1-2'],
    ['', 'it does not begin as one'],
    ['baton-manifest 2\nend\n', 'it has format 2, and this Baton knows 1'],
    [head, 'its end is missing'],
    [`${head}spell ab /x\nend\n`, 'a line is not understood: spell ab /x'],
    [`${head}file no-run /x\nend\n`, 'a line is not understood: file no-run /x'],
    ['baton-manifest 1\nend\n', 'it does not say whose it is'],
  ])('%j is refused', (text, why) => {
    expect(parseManifest(text)).toEqual(E.left(why));
  });
  const orRight = <A>(either: E.Either<string, A>): A => {
    if (E.isLeft(either)) throw new Error(either.left);
    return either.right;
  };
});

describe('systems', () => {
  const release = (id: string, like = ''): Look['attributes'] =>
    orThrow(lookOf(answer(['fact os Linux', `fact ID ${id}`, `fact ID_LIKE ${like}`]))).attributes;
  test.each([
    ['centos', 'rpm', 'rhel'],
    ['rhel', 'rpm', 'rhel'],
    ['ol', 'rpm', 'rhel'],
    ['rocky', 'rpm', 'rhel'],
    ['almalinux', 'rpm', 'rhel'],
    ['amzn', 'rpm', 'rhel'],
    ['fedora', 'rpm', 'rhel'],
    ['sles', 'rpm', 'suse'],
    ['opensuse-leap', 'rpm', 'suse'],
    ['opensuse-tumbleweed', 'rpm', 'suse'],
    ['debian', 'deb', 'debian'],
    ['ubuntu', 'deb', 'debian'],
    ['alpine', 'apk', 'debian'],
  ])('%s takes %s packages', (id, packageFormat, trust) => {
    expect(systemOf(release(id))).toEqual(E.right({ packageFormat, trust }));
  });
  test('macOS and what is not known are refused by name', () => {
    expect(errorOf(systemOf({ os: 'darwin', platform: 'mac_os_x' })).message).toContain('/proc and setsid');
    expect(errorOf(systemOf(release('nixos'))).message).toContain('linux nixos');
    expect(errorOf(systemOf({ os: 'freebsd' })).message).toContain('freebsd');
  });
});

describe('what is asked for', () => {
  const now = new Date();
  const problems = (more: Parameters<typeof specOf>[0], at = now) =>
    (errorOf(checkSpec(specOf(more), at)).problems ?? []).map(({ path }) => path);

  test('everything that is wrong is told at once', () => {
    expect(
      problems({
        ...{
          runnerUser: 'Job Runner',
          slots: 0,
          publicKey: 'ssh-ed25519 nonsense',
          sudo: ['id', '/bin/../x', '/a b'],
        },
        ...{ base: '/var/../etc', certificates: [{ name: '../x', pem: '' }] },
      }),
    ).toEqual([
      'runnerUser',
      'slots',
      'publicKey',
      'sudo',
      'sudo',
      'sudo',
      'base',
      'certificates.../x.name',
      'certificates.../x',
    ]);
    expect(problems({ isolate: true, sudo: 'all' })).toEqual(['sudo']);
    expect(problems({ sudo: [] })).toEqual(['sudo']);
    expect(problems({ runnerUser: 'root' })).toEqual(['runnerUser']);
    expect(E.isRight(checkSpec(specOf({ isolate: true, sudo: ['/usr/bin/id'] }), now))).toBe(true);
  });

  test('certificates must be some, readable, in time, and no keys', () => {
    const pem = certificate('one', 2);
    const named = (text: string) => ({ certificates: [{ name: 'one', pem: text }] });
    expect(E.isRight(checkSpec(specOf(named(pem)), now))).toBe(true);
    expect(problems(named(pem), new Date(now.getTime() + 3 * 86_400_000))).toEqual(['certificates.one']);
    expect(problems(named(pem + pem))).toEqual(['certificates.one']);
    expect(problems(named(`${pem}-----BEGIN PRIVATE KEY-----`))).toEqual(['certificates.one']);
    expect(problems(named(pem.replace(/\n.{10}/, '\nAAAAAAAAAA')))).toEqual(['certificates.one']);
    expect(
      problems({
        certificates: [
          { name: 'a', pem },
          { name: 'a', pem },
        ],
      }),
    ).toEqual(['certificates']);
    expect(E.isRight(checkSpec(specOf({ fipsChain: { name: 'chain', pem: pem + pem } }), now))).toBe(true);
  });

  test('nothing but certificates, and the key without its comment, goes to the machine', () => {
    const pem = certificate('one');
    const lines = prepareOrder(
      'ab',
      specOf({
        sudo: ['/usr/bin/id'],
        certificates: [{ name: 'one', pem: `subject=\n$(reboot)\n${pem}\ngo\n` }],
      }),
      { packageFormat: 'deb', trust: 'debian' },
    );
    expect(lines).toContain('sudo some');
    expect(lines).toContain('command /usr/bin/id');
    expect(lines.join('\n')).not.toMatch(/reboot|subject|\ngo\n/);
    expect(lines.find((line) => line.startsWith('key '))?.split(' ')).toHaveLength(3);
    expect(lines.slice(lines.indexOf(`cert one ${pem.trim().split('\n').length}`) + 1).join('\n')).toBe(
      pem.trim(),
    );
  });

  test('a password for sudo is one line, since what follows would reach a shell', async () => {
    const login = { host: 'never.invalid', port: 22, user: 'u', auth: {}, hostKeys: [] };
    for (const sudoPassword of ['a\nreboot', 'a\rb', 'a\0b'])
      expect(errorOf(await openMachine({ ...login, sudoPassword })()).reason).toBe('invalid_password');
  });

  test('accounts are numbered as slots are', () => {
    expect(accountsOf(specOf({ isolate: true, slots: 2 }))).toEqual([
      { user: 'job_runner', home: '/home/job_runner', base: '/var/opt/baton/job_runner' },
      { user: 'job_runner-0', home: '/home/job_runner-0', base: '/var/opt/baton/job_runner-0', slot: 0 },
      { user: 'job_runner-1', home: '/home/job_runner-1', base: '/var/opt/baton/job_runner-1', slot: 1 },
    ]);
  });

  test('a package is described in words', () => {
    const file = {
      file: '/x',
      format: 'deb' as const,
      name: 'p',
      version: '1:2.0~rc1-1',
      sha256: 'a'.repeat(64),
    };
    expect(E.isRight(checkPackage(file))).toBe(true);
    const wrong = { ...file, name: 'p; reboot', version: '-1', sha256: 'A', caBundle: 'x' };
    expect(errorOf(checkPackage(wrong)).problems?.map(({ path }) => path)).toEqual([
      'name',
      'version',
      'sha256',
      'caBundle',
    ]);
  });
});

describe('what is sent', () => {
  const folder = new URL('../../src/install/runner/', import.meta.url);
  const text = (name: string) => readFileSync(new URL(`${name}.sh`, folder), 'utf8');

  test('the command is constant, and the bootstrap ends where its number says', () => {
    expect(command).toMatch(/^exec \/bin\/sh -c 'eval "\$\(dd bs=1 count=\d+ 2>\/dev\/null\)"'$/);
    const length = Number(/count=(\d+)/.exec(command)?.[1]);
    expect(opening('ab', true).subarray(length).toString()).toBe(`ab ask ${program.length}\n`);
    expect(opening('ab', false).subarray(length).toString()).toBe(`ab never ${program.length}\n`);
  });

  test.each(['dash', 'bash --posix', 'busybox sh'])('%s understands the program', (shell) => {
    const [interpreter = '', ...options] = shell.split(' ');
    execFileSync(interpreter, [...options, '-n'], { input: program });
  });

  test.skipIf(noShellcheck !== undefined)(
    `the scripts are as shellcheck wants them${skipped(noShellcheck)}`,
    () => {
      for (const script of [text('bootstrap'), parts.map(text).join('')])
        expect(execFileSync('shellcheck', ['--shell=sh', '-'], { input: script, encoding: 'utf8' })).toBe('');
    },
  );
});
