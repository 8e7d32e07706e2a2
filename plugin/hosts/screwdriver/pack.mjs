/**
 * Packs the executor as npm would send it: its own files, and of Baton's those that they import.
 *
 *   npm run build && node plugin/hosts/screwdriver/pack.mjs FOLDER
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
const target = resolve(process.argv[2] ?? '.');
mkdirSync(target, { recursive: true });

/** The file, and everything below `dist` that it imports. */
const closure = (file, found = new Set()) => {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?['"](\.[^'"]+)['"]/g))
    closure(resolve(dirname(file), name), found);
  return found;
};

const folder = mkdtempSync(join(tmpdir(), 'screwdriver-executor-baton-'));
try {
  for (const file of closure(join(root, 'dist', 'plugin', 'hosts', 'screwdriver', 'index.cjs')))
    cpSync(file, join(folder, file.slice(root.length)));
  for (const name of ['package.json', 'README.md']) cpSync(join(here, name), join(folder, name));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', target], {
      cwd: folder,
      encoding: 'utf8',
    }),
  );
  console.log(join(target, packed.filename));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
