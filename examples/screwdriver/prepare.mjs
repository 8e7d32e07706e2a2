/**
 * Makes `host` ready: installs the API of Screwdriver and its log store as locked, once, and puts beside it what belongs to it here: Baton and its executor, each
 * as `npm publish` would send it, and the source control of the example. Needs a compiler (for sqlite3) and `npm run build` before.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const host = join(here, 'host');
const modules = join(host, 'node_modules');
const run = (program, args, cwd) =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const packagesOf = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return {};
  }
};

/** npm writes it last, so it is not there after an installation that was cut short. */
const sign = join(modules, '.package-lock.json');
const installed = packagesOf(sign);
const locked = Object.entries(packagesOf(join(host, 'package-lock.json')));
const has = ([path, { version, optional }]) =>
  path === '' || optional === true || installed[path]?.version === version;
if (!locked.every(has)) {
  rmSync(sign, { force: true });
  run('npm', ['ci', '--ignore-scripts=false', '--no-audit', '--no-fund', '--no-progress'], host);
}

const unpack = (archive, name) => {
  const folder = join(modules, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1'], host);
  // what it depends on, as installed for the project
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
};

const packed = mkdtempSync(join(tmpdir(), 'baton-packed-'));
try {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', packed];
  unpack(join(packed, JSON.parse(run('npm', pack, root))[0].filename), 'baton');
  const shim = join(root, 'dist', 'plugin', 'hosts', 'screwdriver', 'pack.js');
  unpack(run(process.execPath, [shim, packed], root).trim(), 'screwdriver-executor-baton');
} finally {
  rmSync(packed, { recursive: true, force: true });
}
rmSync(join(modules, 'screwdriver-scm-offline'), { recursive: true, force: true });
cpSync(join(here, 'scm-offline'), join(modules, 'screwdriver-scm-offline'), { recursive: true });
