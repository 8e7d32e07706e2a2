/**
 * Packs the executor as npm would send it: its own files, and of Baton's those that they import.
 *
 *   npm run build && node dist/plugin/hosts/screwdriver/pack.js FOLDER
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = dirname(fileURLToPath(import.meta.url));
const root = resolve(built, '..', '..', '..', '..');
const here = join(root, 'plugin', 'hosts', 'screwdriver');

/** The file, and everything that it imports by a path. */
const closure = (file: string, found = new Set<string>()): ReadonlySet<string> => {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/(?:from |import\()['"](\.[^'"]+)['"]/g))
    closure(resolve(dirname(file), name), found);
  return found;
};

const target = resolve(process.argv[2] ?? '.');
mkdirSync(target, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'screwdriver-executor-baton-'));
try {
  for (const file of closure(join(built, 'index.cjs'))) cpSync(file, join(folder, relative(root, file)));
  for (const name of ['package.json', 'README.md']) cpSync(join(here, name), join(folder, name));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', target];
  const name = execFileSync('npm', pack, { cwd: folder, encoding: 'utf8' }).trim();
  console.log(join(target, name));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
