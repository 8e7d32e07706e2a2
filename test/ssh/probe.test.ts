import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { attributesOf, parseProbe } from '../../src/ssh/probe.js';

describe('attributesOf', () => {
  it.each([
    ['Debian', { os: 'Linux', ID: 'debian', VERSION_ID: '12' }, ['linux', 'debian', 'debian', '12']],
    [
      'Ubuntu',
      { os: 'Linux', ID: 'ubuntu', ID_LIKE: 'debian', VERSION_ID: '24.04' },
      ['linux', 'ubuntu', 'debian', '24.04'],
    ],
    [
      'Rocky',
      { os: 'Linux', ID: 'rocky', ID_LIKE: 'rhel centos fedora', VERSION_ID: '9.3' },
      ['linux', 'rocky', 'rhel', '9.3'],
    ],
    [
      'RHEL',
      { os: 'Linux', ID: 'rhel', ID_LIKE: 'fedora', VERSION_ID: '9.3' },
      ['linux', 'redhat', 'rhel', '9.3'],
    ],
    ['Fedora', { os: 'Linux', ID: 'fedora', VERSION_ID: '40' }, ['linux', 'fedora', 'fedora', '40']],
    [
      'a clone of RHEL',
      { os: 'Linux', ID: 'newclone', ID_LIKE: 'rhel fedora', VERSION_ID: '1' },
      ['linux', 'newclone', 'rhel', '1'],
    ],
    [
      'Leap',
      { os: 'Linux', ID: 'opensuse-leap', ID_LIKE: 'suse opensuse', VERSION_ID: '15.6' },
      ['linux', 'opensuseleap', 'suse', '15.6'],
    ],
    ['Alpine', { os: 'Linux', ID: 'alpine', VERSION_ID: '3.20.1' }, ['linux', 'alpine', 'alpine', '3.20.1']],
    [
      'Amazon',
      { os: 'Linux', ID: 'amzn', ID_LIKE: 'fedora', VERSION_ID: '2023' },
      ['linux', 'amazon', 'amazon', '2023'],
    ],
    ['macOS', { os: 'Darwin', VERSION_ID: '14.5' }, ['darwin', 'mac_os_x', 'mac_os_x', '14.5']],
  ])('given %s, then the names that filters use', (_, found, expected) => {
    const made = attributesOf(new Map(Object.entries(found)));
    expect([made.os, made.platform, made.platform_family, made.platform_version]).toEqual(expected);
  });
  it('given nothing known, then no attribute is made up', () => {
    expect(attributesOf(new Map([['os', 'Linux']]))).toEqual({ os: 'linux' });
  });
});

describe('parseProbe', () => {
  it('given findings, then a bad one carries its consequence', () => {
    const report = parseProbe([
      'b base boot',
      'a hostname one',
      'f setsid bad not found',
      'f shell ok /bin/sh',
    ]);
    expect(report).toMatchObject({
      baseId: 'base',
      bootId: 'boot',
      attributes: { hostname: 'one' },
      findings: [
        {
          check: 'setsid',
          ok: false,
          found: 'not found',
          consequence: expect.stringContaining('No job') as string,
        },
        { check: 'shell', ok: true, found: '/bin/sh' },
      ],
    });
  });
  it('given no ids, then undefined', () => {
    expect(parseProbe(['a hostname one'])).toBeUndefined();
  });

  const script = readFileSync(new URL('../../src/ssh/runner/probe.sh', import.meta.url), 'utf8');
  const toldAs = (verdict: 'ok' | 'bad'): readonly (readonly [check: string, found: string])[] =>
    [...script.matchAll(new RegExp(`finding (\\w+) ${verdict} (\\w+)?`, 'g'))].map(
      ([, check = '', found = '']) => [check, found] as const,
    );
  const asked = [...script.matchAll(/^ {2}free (\w+) /gm)].map(([, check = '']) => [check, ''] as const);
  const findingFor = (line: string) => parseProbe(['b base boot', line])?.findings[0];

  it('given the script, then these are all that it can find wrong', () => {
    const checks = [...toldAs('bad'), ...asked].map(([check]) => check);
    expect([...new Set(checks)].sort()).toEqual([
      ...['base_writable', 'can_start', 'disk_free', 'inodes_free', 'proc', 'setsid', 'tools'],
    ]);
  });
  it.each([...toldAs('bad'), ...asked])(
    'given %s is not well, then one sentence of what follows',
    (check) => {
      const finding = findingFor(`f ${check} bad something`);
      expect(finding).toMatchObject({ check, ok: false, found: 'something' });
      expect(finding?.consequence).toMatch(/^[A-Z][^.]*\.$/);
    },
  );
  it.each(toldAs('ok').filter(([check]) => check === 'containment' || check === 'sudo'))(
    'given %s is %s, then one sentence of what follows though nothing is wrong',
    (check, found) => {
      expect(findingFor(`f ${check} ok ${found}`)?.consequence).toMatch(/^[A-Z][^.]*\.$/);
    },
  );
});

describe('toolchains', () => {
  const wanted = [
    { name: 'kit', package: 'chefdk' },
    { name: 'git', package: 'git' },
  ];
  const of = (...lines: readonly string[]) => parseProbe(['b base boot', ...lines], wanted)?.attributes;

  it.each([
    ['dpkg', ['p deb', 'p deb installed chefdk 2.4.17-1'], { kit: '2.4.17-1' }],
    ['a package that was removed', ['p deb', 'p deb config-files chefdk 2.4.17-1'], {}],
    [
      'rpm, two versions of which the last is the newest',
      ['p rpm', 'p rpm installed git 2.39.1-1.el9', 'p rpm installed git 2.43.0-1.el9'],
      { git: '2.43.0-1.el9' },
    ],
    ['apk', ['p apk', 'p apk installed git-2.45.2-r0'], { git: '2.45.2-r0' }],
    ['two managers', ['p deb', 'p deb installed git 1:2.47.3-0', 'p rpm'], { git: '1:2.47.3-0' }],
    ['what nobody asked for', ['p deb', 'p deb installed vim 9'], {}],
    ['a version that is no word', ['p deb', 'p deb installed git $(id)'], {}],
  ])('given %s, then %j', (_, lines, expected) => {
    expect(of(...lines)?.toolchains).toEqual(expected);
  });

  it('given no package manager, then nothing is known', () => {
    expect(of('a os Linux')).not.toHaveProperty('toolchains');
  });
});
