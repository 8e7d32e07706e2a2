/** Which processes belong to a folder, which of them still run, and how are they ended? Needs /proc; without it there are none. */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Found {
  readonly pid: number;
  readonly command: string;
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Those that work in the folder, or name it in their arguments; never this one. */
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

/** True for processes that run; a zombie does not. */
export const isAlive = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
};

/** A process may end by itself between being found and being killed: then it is not there. */
export const killIfThere = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/** Kills what belongs to the folder, until nothing does: jobs and their supervisors outlive the server that they came through. */
export const endProcessesOf = async (folder: string): Promise<void> => {
  for (;;) {
    const left = await processesOf(folder);
    const alive = await Promise.all(left.map(({ pid }) => isAlive(pid)));
    if (!alive.includes(true)) return;
    for (const { pid } of left) {
      killIfThere(pid);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
