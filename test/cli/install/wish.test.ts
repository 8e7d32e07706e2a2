/** What is read of the command line of install-runner: one wish, or everything that is wrong with it. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { wishOf, type InstallOptions, type Wish } from '../../../src/cli/install/wish.js';

const none: InstallOptions = { enterprise: [], label: [], runnerUser: 'job_runner', trustedCert: [] };
const read = (
  options: Partial<InstallOptions> = {},
  atHand: { agent?: string; canAsk: boolean } = { canAsk: true },
  [host, admin] = ['build-07.example.org', 'admin'],
) => wishOf(host, admin, { ...none, ...options }, atHand);
const wished = (got: E.Either<readonly string[], Wish>): Wish => {
  if (E.isLeft(got)) throw new Error(got.left.join('; '));
  return got.right;
};
const problems = (got: E.Either<readonly string[], Wish>): readonly string[] =>
  E.isLeft(got) ? got.left : [];

describe('a wish', () => {
  it('given little, then the name is the host, the port is open, and no more is asked for', () => {
    expect(wished(read({ sshIdentityFile: 'key' }))).toEqual({
      ...{ host: 'build-07.example.org', serverHost: 'build-07.example.org', name: 'build-07.example.org' },
      ...{ admin: 'admin', login: { identityFile: 'key' }, runnerUser: 'job_runner', isolate: false },
      ...{ enterprises: [], labels: [], trustedCerts: [], yes: false },
    });
  });

  it('given everything, then all of it is there', () => {
    const wish = wished(
      read({
        ...{ sshIdentityFile: 'key', password: true, port: 2222, slots: 4, isolate: true, yes: true },
        ...{ name: 'b7', serverHost: '192.0.2.7', enterprise: ['acme'], label: ['gpu'], runnerUser: 'jobs' },
        ...{ sudo: '/usr/bin/docker, /bin/ls', trustedCert: ['a.pem'], fipsCustomCertFilename: 'f.pem' },
        ...{ toolchain: 'chefdk', chefdkVersion: '3.2.1', hostKey: `SHA256:${'A'.repeat(43)}` },
      }),
    );
    expect(wish).toMatchObject({
      ...{ name: 'b7', host: 'build-07.example.org', serverHost: '192.0.2.7', port: 2222, slots: 4 },
      ...{ sudo: ['/usr/bin/docker', '/bin/ls'], trustedCerts: ['a.pem'], fipsChain: 'f.pem' },
      ...{ toolchain: 'chefdk', version: '3.2.1', enterprises: ['acme'], labels: ['gpu'] },
      login: { identityFile: 'key', password: 'asked' },
    });
    expect(wished(read({ password: true, sudo: true })).sudo).toBe('all');
  });

  it.each([
    [{}, { agent: '/agent', canAsk: false }, { agent: '/agent' }],
    [{ password: true as const }, { agent: '/agent', canAsk: true }, { agent: '/agent', password: 'asked' }],
    // who names a key means this key
    [{ sshIdentityFile: 'k' }, { agent: '/agent', canAsk: false }, { identityFile: 'k' }],
    [{ passwordFile: '-' }, { canAsk: false }, { password: { file: '-' } }],
  ])('given %j with %j, then it logs in with %j', (options, atHand, login) => {
    expect(wished(read(options, atHand)).login).toEqual(login);
  });
});

describe('a wish that cannot be', () => {
  it.each([
    ['a password on the command line', { password: 'hunter2' }, /seen by everybody.*--password-file/],
    ['two sources of a password', { password: true as const, passwordFile: 'p' }, /not both/],
    ['nothing to log in with', {}, /nothing to log in with.*-i.*-P.*SSH_AUTH_SOCK/],
    ['-I and -v', { sshIdentityFile: 'k', installer: 'x.deb', chefdkVersion: '1' }, /-I brings/],
    [
      '-v and no toolchain',
      { sshIdentityFile: 'k', toolchain: false as const, chefdkVersion: '1' },
      /wants none/,
    ],
    [
      'a version of two words',
      { sshIdentityFile: 'k', chefdkVersion: '1 2' },
      /-v, --toolchain: expected one word/,
    ],
    [
      'an option of the original',
      { sshIdentityFile: 'k', fullOhai: true as const },
      /--full-ohai means nothing/,
    ],
    [
      'an account that no system takes',
      { sshIdentityFile: 'k', runnerUser: 'Job Runner' },
      /--runner-user: expected/,
    ],
    ['root for jobs', { sshIdentityFile: 'k', runnerUser: 'root' }, /--runner-user: .*neither root/],
    ['sudo for no path', { sshIdentityFile: 'k', sudo: 'docker' }, /--sudo: expected absolute paths/],
    [
      'sudo for a way up',
      { sshIdentityFile: 'k', sudo: '/usr/../bin/sh' },
      /--sudo: expected absolute paths/,
    ],
    ['a port that is none', { sshIdentityFile: 'k', port: 70_000 }, /^--port: expected a whole number/],
    ['no slot', { sshIdentityFile: 'k', slots: 0 }, /^--slots: expected/],
    ['a label with a blank', { sshIdentityFile: 'k', label: ['a b'] }, /^--label: expected/],
    [
      'a host key of another kind',
      { sshIdentityFile: 'k', hostKey: 'MD5:00' },
      /^--host-key: expected SHA256/,
    ],
  ])('given %s, then it is refused with the way out', (_what, options, expected) => {
    expect(problems(read(options)).join('\n')).toMatch(expected);
  });

  it('given -P without a terminal, then it points to the file', () => {
    expect(problems(read({ password: true }, { canAsk: false })).join()).toMatch(
      /no.*terminal|none.*--password-file/,
    );
  });

  it('given a host and a user that are none, then each is named as it stands on the command line', () => {
    const got = problems(read({ sshIdentityFile: 'k', name: 'b7' }, { canAsk: true }, ['a b', 'ad min']));
    expect(got.map((one) => one.split(':')[0])).toEqual(['HOST', 'USER']);
    const named = problems(
      read({ sshIdentityFile: 'k', serverHost: '1 2', name: 'b7' }, { canAsk: true }, ['a b', 'admin']),
    );
    expect(named.map((one) => one.split(':')[0])).toEqual(['--server-host', 'HOST']);
  });

  it('given several, then all are told at once', () => {
    expect(problems(read({ slots: 0, port: 0, label: ['a b'] })).length).toBe(4);
  });
});
