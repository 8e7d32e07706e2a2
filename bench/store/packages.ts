/** Where are the packages that we are compared with? Not among Baton's own: `npm ci --prefix bench/peers` installs them. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export const INSTALL_PACKAGES = 'npm ci --prefix bench/peers';

/** The same folder for the sources and for what is built from them. */
const root = (from = import.meta.dirname): string =>
  existsSync(join(from, 'package.json')) ? from : root(dirname(from));

export const PROGRAM = join(root(), 'dist', 'src', 'cli', 'main.js');

const folder = join(root(), 'bench', 'peers');

const folderOf = (name: string): string => join(folder, 'node_modules', name);

export const isInstalled = (name: string): boolean => existsSync(folderOf(name));

export const versionOf = (name: string): string => {
  const { version } = JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
};

/** The caller says which part of it is used; its own types are installed no more than it is. */
export const load = (name: string): unknown => createRequire(join(folder, 'package.json'))(name);
