/** Toolchains and rules of compatibility as people write them: in a file, as a flag, in the environment. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainConfig, readConfig, type Environment, type Flags } from '../../src/config.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-toolchains-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const file = (content: string, name = 'baton.toml'): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const policy = (flags: Flags, env: Environment = {}) => {
  const found = readConfig(flags, env, '/');
  return E.isRight(found) ? found.right.toolchains : expect.fail(JSON.stringify(found.left.problems));
};
const problems = (flags: Flags, env: Environment = {}) => {
  const found = readConfig(flags, env, '/');
  return E.isLeft(found) ? (found.left.problems ?? []) : expect.fail('not refused');
};

const DIGEST = 'ab'.repeat(32);
const CHEFDK = `
compatibility = ["toolchain chefdk >=2.0 needs engine >=1.5", "platform ubuntu <16 needs toolchain git"]
engine_version = "1.4.2"

[toolchains.git]

[toolchains.chefdk]
version = "2.4.17"
install = true
ca_bundle = "/opt/chefdk/embedded/ssl/certs/cacert.pem"
[toolchains.chefdk.url]
deb = "https://packages.example.org/{version}/{platform}/{platform_version}/chefdk_{version}-1_{architecture}.deb"
[toolchains.chefdk.sha256]
"chefdk_2.4.17-1_amd64.deb" = "${DIGEST.toUpperCase()}"
`;

describe('toolchains in a file', () => {
  it('given two, then both in the order of their names, and what is left out as it is when nobody says it', () => {
    const found = policy({ config: file(CHEFDK) });
    expect(found?.toolchains).toEqual([
      {
        ...{ name: 'chefdk', package: 'chefdk', version: '2.4.17', install: true },
        url: {
          deb: 'https://packages.example.org/{version}/{platform}/{platform_version}/chefdk_{version}-1_{architecture}.deb',
        },
        sha256: { 'chefdk_2.4.17-1_amd64.deb': DIGEST },
        caBundle: '/opt/chefdk/embedded/ssl/certs/cacert.pem',
      },
      { name: 'git', package: 'git', sha256: {}, install: false },
    ]);
    expect(found?.rules.map(({ text }) => text)).toEqual([
      'toolchain chefdk >=2.0 needs engine >=1.5',
      'platform ubuntu <16 needs toolchain git',
    ]);
    expect(found).toMatchObject({ engine: '1.4.2', builtIn: false });
  });

  it('given the same as JSON, as a flag or in the environment, then the same', () => {
    const table = { git: { package: 'git-core' } };
    const expected = [{ name: 'git', package: 'git-core', sha256: {}, install: false }];
    const json = file(JSON.stringify({ toolchains: table }), 'baton.json');
    expect(policy({ config: json })?.toolchains).toEqual(expected);
    expect(policy({ toolchains: JSON.stringify(table) })?.toolchains).toEqual(expected);
    const env = {
      BATON_TOOLCHAINS: JSON.stringify(table),
      BATON_COMPATIBILITY: 'os linux needs toolchain git; toolchain git needs baton >=0.1;',
    };
    expect(policy({}, env)).toMatchObject({
      toolchains: expected,
      rules: [{ text: 'os linux needs toolchain git' }, { text: 'toolchain git needs baton >=0.1' }],
    });
  });

  it('given nothing, then there is nothing to judge, since nobody looks for a toolchain', () => {
    expect(policy({})).toEqual({ toolchains: [], rules: [], builtIn: true });
  });
  it('given chefdk and no rules, then the one that is built in; given an empty list, then none', () => {
    const rules = (more: string) =>
      policy({ config: file(`${more}\n[toolchains.chefdk]\n`) })?.rules.map(({ text }) => text);
    expect(rules('')).toEqual(['toolchain chefdk >=2.0 needs engine >=1.5']);
    expect(rules('compatibility = []')).toEqual([]);
  });

  it('given much that is wrong, then all of it at once, each with its place and a way to mend it', () => {
    const path = file(`
compatibility = ["tolchain chefdk >=2 needs engine >=1.5", 7, "engine >=1 needs baton >=1"]
engine_version = "newest"
[toolchains.chefdk]
pakage = "x"
package = "../x"
version = 2.4
url = "https://x.example.org/{nmae}.deb"
install = "yes"
ca_bundle = "../cacert.pem"
sha256 = { "a/b.deb" = "${DIGEST}", "c.deb" = "abc" }
[toolchains.git.url]
dbe = "https://x.example.org/git.deb"
rpm = "http://x.example.org/git.rpm"
[toolchains."a b"]
`);
    expect(
      problems({ config: path }).map(({ path: at, mend }) => [
        at.replace(`${path}: `, ''),
        ...(mend === undefined ? [] : [mend]),
      ]),
    ).toEqual([
      ['toolchains."a b"'],
      ['toolchains.chefdk.pakage', 'write "package"'],
      ['toolchains.chefdk.package'],
      ['toolchains.chefdk.version', 'put it in quotes: "2.4"'],
      ['toolchains.chefdk.url, column 24', 'write "name"'],
      ['toolchains.chefdk.sha256'],
      ['toolchains.chefdk.sha256."c.deb"', 'sha256sum FILE tells it'],
      ['toolchains.chefdk.install'],
      ['toolchains.chefdk.ca_bundle'],
      ['toolchains.git.url', 'write "deb"'],
      ['toolchains.git.url.rpm', 'http:// is for the loopback alone'],
      ['compatibility[0], column 1', 'write "toolchain"'],
      ['compatibility[1]'],
      ['compatibility[2], column 18'],
      ['engine_version'],
    ]);
  });
  it('given a rule on what is not configured, then that, with the nearest name', () => {
    const path = file('compatibility = ["toolchain chefdc needs os linux"]\n[toolchains.chefdk]\n');
    expect(problems({ config: path })).toEqual([
      {
        path: `${path}: compatibility: toolchain chefdc needs os linux`,
        expected: 'a toolchain of the table toolchains',
        found: '"chefdc"',
        mend: 'write "chefdk"',
      },
    ]);
    expect(problems({ compatibility: 'toolchain git needs os linux' })[0]).toMatchObject({
      path: '--compatibility: toolchain git needs os linux',
      mend: 'add [toolchains.git]',
    });
  });
  it('given a flag that is no JSON, or a table too many, then so', () => {
    expect(problems({ toolchains: '{' })[0]).toMatchObject({ path: '--toolchains', found: '"{"' });
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`t${n}`, {}])));
    expect(problems({}, { BATON_TOOLCHAINS: many })[0]).toMatchObject({ expected: 'at most 64 toolchains' });
    expect(problems({ toolchains: '{"a": 1}' })[0]).toMatchObject({ path: '--toolchains: a' });
  });

  it('is explained as it could be written on the command line, and read again the same', () => {
    const path = file(CHEFDK);
    const rows = explainConfig({ config: path }, {}, '/');
    if (E.isLeft(rows)) expect.fail(JSON.stringify(rows.left));
    const value = (name: string): string => rows.right.find((row) => row.name === name)?.value ?? '';
    expect(value('engine_version')).toBe('1.4.2');
    expect(
      policy({
        toolchains: value('toolchains'),
        compatibility: value('compatibility').split('; ').join(';'),
        engineVersion: value('engine_version'),
      }),
    ).toEqual(policy({ config: path }));
  });
});
