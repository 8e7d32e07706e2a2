/** Which processes still belong to a folder? Those that work in it, or name it in their arguments. */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Found {
  readonly pid: number;
  readonly command: string;
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Needs /proc; answers nothing where there is none. */
export const processesOf = async (folder: string): Promise<readonly Found[]> => {
  const found: Found[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const where = await readlink(`/proc/${name}/cwd`).catch(() => '');
    const command = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    if (isWithin(where, folder) || command.includes(folder)) found.push({ pid: Number(name), command });
  }
  return found;
};

/** Polls until `look` gives something; the error names what was expected. */
export const until = async <A>(
  what: string,
  look: () => Promise<A | undefined> | A | undefined,
  patienceMs = 45_000,
): Promise<A> => {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`expected within ${patienceMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};
