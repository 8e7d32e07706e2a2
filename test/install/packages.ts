/** Tiny packages, built for real. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageFile } from '../../src/install/machine.js';

export interface PackageOf {
  readonly version: string;
  /** `all` and `noarch` unless given. */
  readonly architecture?: string;
  /** Run before it is unpacked. */
  readonly preinst?: string;
  readonly depends?: string;
}

const NAME = 'tiny-tools';

const described = (file: string, format: 'deb' | 'rpm', version: string): PackageFile => ({
  ...{ file, format, name: NAME, version },
  sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
});

/** Holds `/opt/tiny-tools/cacert.pem` and `/opt/tiny-tools/version`. */
export const debOf = (
  directory: string,
  { version, architecture = 'all', preinst, depends }: PackageOf,
): PackageFile => {
  const root = join(directory, `deb-${version}-${architecture}`);
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  mkdirSync(join(root, 'opt/tiny-tools'), { recursive: true });
  writeFileSync(join(root, 'opt/tiny-tools/cacert.pem'), '# authorities of the package\n');
  writeFileSync(join(root, 'opt/tiny-tools/version'), `${version}\n`);
  writeFileSync(
    join(root, 'DEBIAN/control'),
    [
      `Package: ${NAME}`,
      `Version: ${version}`,
      `Architecture: ${architecture}`,
      ...(depends === undefined ? [] : [`Depends: ${depends}`]),
      'Maintainer: nobody <nobody@example.org>',
      'Description: tiny',
      '',
    ].join('\n'),
  );
  if (preinst !== undefined)
    writeFileSync(join(root, 'DEBIAN/preinst'), `#!/bin/sh\n${preinst}\n`, { mode: 0o755 });
  const file = `${root}.deb`;
  execFileSync('dpkg-deb', ['--root-owner-group', '-b', root, file], { stdio: 'ignore' });
  return described(file, 'deb', version);
};

/** The same as an rpm; `version` with its release, e.g. `1.0-1`. */
export const rpmOf = (directory: string, { version, architecture = 'noarch' }: PackageOf): PackageFile => {
  const [number = '', release = ''] = version.split('-');
  const spec = join(directory, `${version}.spec`);
  writeFileSync(
    spec,
    [
      `Name: ${NAME}`,
      `Version: ${number}`,
      `Release: ${release}`,
      'Summary: tiny',
      'License: none',
      ...(architecture === 'noarch' ? ['BuildArch: noarch'] : []),
      '%description',
      'tiny',
      '%install',
      'mkdir -p %{buildroot}/opt/tiny-tools',
      `echo ${version} >%{buildroot}/opt/tiny-tools/version`,
      '%files',
      '/opt/tiny-tools',
      '',
    ].join('\n'),
  );
  execFileSync(
    'rpmbuild',
    [
      ...['-bb', '--define', `_topdir ${directory}/rpm`],
      ...(architecture === 'noarch' ? [] : ['--target', architecture]),
      spec,
    ],
    { stdio: 'ignore' },
  );
  const file = join(directory, 'rpm/RPMS', architecture, `${NAME}-${version}.${architecture}.rpm`);
  return described(file, 'rpm', version);
};
