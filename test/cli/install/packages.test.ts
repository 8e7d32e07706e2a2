/** Which packages a machine gets, decided before anything is changed. */
import { describe, expect, it } from 'vitest';
import type { ToolchainsView } from '../../../src/app/toolchains.js';
import { downloadsFor, mayHave } from '../../../src/cli/install/packages.js';
import type { Wish } from '../../../src/cli/install/wish.js';

const SHA = 'a'.repeat(64);
const aWish = (over: Partial<Wish> = {}): Wish => ({
  ...{ host: 'h', serverHost: 'h', admin: 'admin', login: {}, name: 'b7', runnerUser: 'job_runner' },
  ...{ enterprises: [], labels: [], trustedCerts: [], isolate: false, yes: true },
  ...over,
});
const chefdk = {
  ...{ name: 'chefdk', package: 'chefdk', version: '1.6.11', install: true },
  url: 'https://mirror.example.org/{name}_{version}_{architecture}.{format}',
  sha256: { 'chefdk_1.6.11_amd64.deb': SHA, 'chefdk_2.4.17_amd64.deb': SHA },
};
const inspec = { ...chefdk, name: 'inspec', package: 'inspec', install: false, sha256: {} };
const view = (over: Partial<ToolchainsView> = {}): ToolchainsView => ({
  toolchains: [chefdk, inspec],
  rules: [{ rule: 'toolchain chefdk >=2.0 needs engine >=1.5', builtIn: true }],
  baton: '0.1.0',
  ...over,
});
const debian = {
  platform: 'debian',
  platform_family: 'debian',
  platform_version: '12',
  architecture: 'x86_64',
};

describe('what is downloaded', () => {
  it('given nothing is said, then what the configuration installs, in the version that it names', () => {
    expect(downloadsFor(view(), aWish(), debian)).toMatchObject({
      right: [
        {
          url: 'https://mirror.example.org/chefdk_1.6.11_amd64.deb',
          ...{ file: 'chefdk_1.6.11_amd64.deb', sha256: SHA, version: '1.6.11' },
        },
      ],
    });
  });
  it('given -v, then that version; given -I or --no-toolchain, then nothing', () => {
    expect(downloadsFor(view(), aWish({ version: '2.4.17' }), debian)).toMatchObject({
      right: [{ file: 'chefdk_2.4.17_amd64.deb' }],
    });
    expect(downloadsFor(view(), aWish({ installer: 'x.deb' }), debian)).toMatchObject({ right: [] });
    expect(downloadsFor(view(), aWish({ toolchain: false }), debian)).toMatchObject({ right: [] });
  });
  it.each([
    ['a file without a checksum', { version: '3.0.0' }, view(), 'checksum_unknown'],
    ['one that has none', { toolchain: 'inspec' }, view(), 'checksum_unknown'],
    ['a name that nobody knows', { toolchain: 'chef' }, view(), 'toolchain_unknown'],
    ['a version of nothing', { version: '1' }, view({ toolchains: [] }), 'toolchain_unclear'],
    [
      'a version of two',
      { version: '1' },
      view({ toolchains: [chefdk, { ...inspec, install: true }] }),
      'toolchain_unclear',
    ],
    [
      'no version at all',
      { toolchain: 'x' },
      view({ toolchains: [{ name: 'x', package: 'x', url: chefdk.url, sha256: {}, install: false }] }),
      'version_unknown',
    ],
    [
      'no address',
      { toolchain: 'x' },
      view({ toolchains: [{ ...inspec, name: 'x', url: {} }] }),
      'url_unknown',
    ],
  ])('given %s, then it is refused', (_what, wish, given, code) => {
    expect(downloadsFor(given, aWish(wish), debian)).toMatchObject({ left: { code } });
  });
});

describe('a hint', () => {
  it('given nothing comes before it, then it does not begin with another way', () => {
    for (const wish of [{ version: '1.0' }, { toolchain: 'x' }]) {
      const got = downloadsFor(view({ toolchains: [] }), aWish(wish), debian);
      expect(got).toMatchObject({ left: { hint: expect.not.stringMatching(/^Or /u) as string } });
      expect(got).toMatchObject({ left: { hint: expect.stringContaining('-I') as string } });
    }
  });
});

describe('what may be installed', () => {
  const on = { name: 'b7', attributes: debian };
  it('given a rule that would be broken, then it is refused; given the engine is new enough, then not', () => {
    const old = view({ engine: '1.4' });
    expect(mayHave(old, on, { chefdk: '2.4.17' })).toMatchObject({ left: { code: 'incompatible' } });
    expect(mayHave(old, on, { chefdk: '1.6.11' })).toMatchObject({ _tag: 'Right' });
    expect(mayHave(view({ engine: '1.5' }), on, { chefdk: '2.4.17' })).toMatchObject({ _tag: 'Right' });
  });
  it('given what is there already, then it counts, too', () => {
    const has = { ...on, attributes: { ...debian, toolchains: { chefdk: '2.4.17' } } };
    expect(mayHave(view({ engine: '1.4' }), has, {})).toMatchObject({ left: { code: 'incompatible' } });
    expect(mayHave(view({ engine: '1.4' }), has, { chefdk: '1.6.11' })).toMatchObject({ _tag: 'Right' });
  });
});
