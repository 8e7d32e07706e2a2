/** Packages as the real tools build them: read here, and the answer held against the tools' own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectPackage } from '../../../src/install/package/inspect.js';

const has = (command: string): boolean => {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-real-packages-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const inspected = async (file: string) => {
  const found = await inspectPackage(file);
  return E.isRight(found) ? found.right : expect.fail(JSON.stringify(found.left));
};

describe('a .deb of dpkg-deb', () => {
  const built = (compression: string): string => {
    const root = join(folder, compression);
    mkdirSync(join(root, 'DEBIAN'), { recursive: true });
    const control =
      'Package: baton-probe\nVersion: 1:2.4.17-1\nArchitecture: arm64\nMaintainer: nobody <nobody@example.org>\nDescription: nothing\n';
    writeFileSync(join(root, 'DEBIAN', 'control'), control);
    writeFileSync(join(root, 'hello'), 'hello\n');
    const file = join(folder, `${compression}.deb`);
    execFileSync('dpkg-deb', ['-b', `-Z${compression}`, root, file], { stdio: 'ignore' });
    return file;
  };
  const contents = { name: 'baton-probe', version: '1:2.4.17-1', architecture: 'arm64' };

  it.skipIf(!has('dpkg-deb'))('given gzip, or nothing, then what it is [needs machine]', async () => {
    expect(await inspected(built('gzip'))).toEqual({ format: 'deb', contents });
    expect(await inspected(built('none'))).toEqual({ format: 'deb', contents });
  });
  it.skipIf(!has('dpkg-deb'))(
    'given xz, then that this is checked on the machine [needs machine]',
    async () => {
      const found = await inspected(built('xz'));
      expect(found).toEqual({ format: 'deb', unread: expect.stringContaining('packed with xz') as string });
    },
  );
  it.skipIf(!has('dpkg-deb'))(
    'given zstd, then what it is where this Node can tell, else that the machine can [needs machine]',
    async () => {
      const { contents: read, unread } = await inspected(built('zstd'));
      expect({ read, unread }).toEqual(
        'zstdDecompress' in zlib
          ? { read: contents, unread: undefined }
          : { read: undefined, unread: expect.stringContaining('packed with zst') as string },
      );
    },
  );
});

describe('an .rpm of rpmbuild', () => {
  const SPEC = `Name: baton-probe
Version: 2.4.17
Release: 1.el7
Epoch: 3
Summary: nothing
License: Apache-2.0
BuildArch: noarch
%description
nothing
%files
`;
  const built = (how: '-bb' | '-bs'): string => {
    const spec = join(folder, 'probe.spec');
    writeFileSync(spec, SPEC);
    const top = join(folder, how);
    const defines = ['--define', `_topdir ${top}`, '--define', `_dbpath ${join(folder, 'db')}`];
    execFileSync('rpmbuild', ['--quiet', how, ...defines, spec], { stdio: 'ignore' });
    const where = join(top, ...(how === '-bb' ? ['RPMS', 'noarch'] : ['SRPMS']));
    return join(where, readdirSync(where)[0] ?? 'none');
  };

  it.skipIf(!has('rpmbuild'))('given one, then what rpm itself says of it [needs machine]', async () => {
    const file = built('-bb');
    const format = '%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE} %{ARCH}';
    const [name, version, architecture] = execFileSync('rpm', ['-qp', '--qf', format, file], {
      encoding: 'utf8',
    }).split(' ');
    expect(await inspected(file)).toEqual({ format: 'rpm', contents: { name, version, architecture } });
  });
  it.skipIf(!has('rpmbuild'))('given sources, then that they are [needs machine]', async () => {
    expect(await inspected(built('-bs'))).toMatchObject({ contents: { architecture: 'src' } });
  });
});
