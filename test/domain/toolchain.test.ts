import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import {
  architectureIn,
  checksumOf,
  expandUrl,
  fileOf,
  formatOf,
  templateProblem,
} from '../../src/domain/toolchain.js';
import type { Attributes } from '../../src/events/shapes.js';

const ubuntu: Attributes = {
  ...{ os: 'linux', platform: 'ubuntu', platform_family: 'debian', platform_version: '16.04' },
  architecture: 'x86_64',
};
const centos: Attributes = {
  ...{ os: 'linux', platform: 'centos', platform_family: 'rhel', platform_version: '7.4.1708' },
  architecture: 'aarch64',
};
const FILES = 'https://packages.example.org/files';
const deb = `${FILES}/{version}/{platform}/{platform_version}/{name}_{version}-1_{architecture}.deb`;
const rpm = `${FILES}/{version}/el/{platform_major}/{name}-{version}-1.el{platform_major}.{architecture}.rpm`;

describe('the address of a toolchain', () => {
  it('given one template, then the machine is filled in as its packages call it', () => {
    const url = expandUrl({ name: 'chefdk', url: deb }, '2.4.17', ubuntu);
    expect(url).toEqual(E.right(`${FILES}/2.4.17/ubuntu/16.04/chefdk_2.4.17-1_amd64.deb`));
  });
  it('given one for each format, then that of the machine; with none for it, a sentence', () => {
    const chefdk = { name: 'chefdk', url: { deb, rpm } };
    expect(expandUrl(chefdk, '2.4.17', centos)).toEqual(
      E.right(`${FILES}/2.4.17/el/7/chefdk-2.4.17-1.el7.aarch64.rpm`),
    );
    expect(expandUrl(chefdk, '2.4.17', { platform_family: 'alpine' })).toEqual(
      E.left('The toolchain chefdk has no url for packages of the format apk.'),
    );
    expect(expandUrl(chefdk, '2.4.17', { platform_family: 'gentoo' })).toEqual(
      E.left('The toolchain chefdk has no url for machines whose kind of package is not known.'),
    );
  });
  it('given what is not known, or is no word, then a sentence with all of it', () => {
    const url = `${FILES}/{platform}/{architecture}/{version}.deb`;
    const hostile: Attributes = { ...ubuntu, platform: '../../evil', architecture: 'x y' };
    expect(expandUrl({ name: 'kit', url }, undefined, hostile)).toEqual(
      E.left(
        'The url of the toolchain kit cannot be filled in: {platform} is "../../evil", no plain word, {architecture} is "x y", no plain word, {version} is not known.',
      ),
    );
    expect(expandUrl({ name: 'kit' }, '1', ubuntu)).toEqual(E.left('The toolchain kit has no url.'));
  });
  it('given a version with signs, then they are encoded, and the file has its own name', () => {
    const url = expandUrl(
      { name: 'kit', url: `${FILES}/kit_{version}.deb?v={version}` },
      '1:2.0+b~1',
      ubuntu,
    );
    if (E.isLeft(url)) expect.fail(url.left);
    expect(url.right).toBe(`${FILES}/kit_1%3A2.0%2Bb~1.deb?v=1%3A2.0%2Bb~1`);
    expect(fileOf(url.right)).toBe('kit_1:2.0+b~1.deb');
    expect(checksumOf({ sha256: { 'kit_1:2.0+b~1.deb': 'abc' } }, url.right)).toBe('abc');
    expect(checksumOf({ sha256: {} }, url.right)).toBeUndefined();
    expect(checksumOf({ sha256: {} }, `${FILES}/__proto__`)).toBeUndefined();
  });
  it('given a percent sign that encodes nothing, then the name as it stands', () => {
    expect(fileOf('https://x.example.org/a/100%.deb')).toBe('100%.deb');
  });
});

describe('what a machine takes', () => {
  it.each([
    ['debian', 'deb'],
    ['rhel', 'rpm'],
    ['suse', 'rpm'],
    ['amazon', 'rpm'],
    ['alpine', 'apk'],
    ['mac_os_x', 'dmg'],
    ['toString', undefined],
    [undefined, undefined],
  ] as const)('given the family %s, then %s', (family, format) => {
    expect(formatOf(family)).toBe(format);
  });
  it.each([
    ['deb', 'x86_64', 'amd64'],
    ['deb', 'aarch64', 'arm64'],
    ['deb', 'i686', 'i386'],
    ['rpm', 'x86_64', 'x86_64'],
    ['rpm', 'armv7l', 'armv7hl'],
    [undefined, 'x86_64', 'x86_64'],
    ['deb', undefined, undefined],
    ['deb', 'constructor', 'constructor'],
  ] as const)('given %s and %s, then %s', (format, own, packaged) => {
    expect(architectureIn(format, own)).toBe(packaged);
  });
});

describe('a template', () => {
  it.each([
    deb,
    rpm,
    'http://127.0.0.1:8080/a/{name}.deb',
    'http://[::1]/x.rpm',
    'https://x.example.org/a?f={format}',
  ])('given %s, then it is fit', (template) => {
    expect(templateProblem(template)).toBeUndefined();
  });
  it.each([
    ['https://x.example.org/{nmae}.deb', { column: 24, mend: 'write "name"' }],
    ['https://x.example.org/{}.deb', { column: 24, found: '""' }],
    ['https://x.example.org/{name.deb', { column: 23, found: '"{"' }],
    ['https://x.example.org/a}b', { column: 24, found: '"}"' }],
    ['https://{platform}.example.org/x.deb', { column: 9, expected: 'placeholders behind the host' }],
    ['https://x.example.org:{version}/x.deb', { found: 'no address' }],
    ['http://x.example.org/x.deb', { found: 'http:', mend: 'http:// is for the loopback alone' }],
    ['http://localhost.example.org/x.deb', { found: 'http:' }],
    ['ftp://x.example.org/x.deb', { found: 'ftp:' }],
    ['file:///etc/passwd', { found: 'file:' }],
    ['x.deb', { found: 'no address' }],
    ['https://me:hush@x.example.org/x.deb', { expected: 'an address without credentials', found: 'some' }],
    ['https://x.example.org/x.deb#a', { expected: 'an address without a fragment' }],
    ['https://x.example.org/a/', { found: 'one that ends in /' }],
  ])('given %s, then what is wrong with it', (template, expected) => {
    expect(templateProblem(template)).toMatchObject(expected);
  });
});
