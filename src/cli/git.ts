/** What git says about the folder of the caller: its top and its branch. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Trimmed output; undefined when git is missing or refuses. */
const ask = async (
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): Promise<string | undefined> => {
  try {
    const { stdout } = await run('git', ['-C', folder, ...args], { env: { ...env }, timeout: 10_000 });
    return stdout.trim();
  } catch {
    return undefined;
  }
};

/** Top folder of the work tree, or the folder of a bare repository. */
export const topOf = async (
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> =>
  (await ask(folder, env, ['rev-parse', '--show-toplevel'])) ??
  (await ask(folder, env, ['rev-parse', '--absolute-git-dir']));

/** The branch that is checked out; undefined on a detached head. */
export const branchOf = (
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> => ask(folder, env, ['symbolic-ref', '--quiet', '--short', 'HEAD']);

/** `scheme://…` or `user@host:path`: not a folder of this machine. */
export const isRemote = (repository: string): boolean =>
  /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(repository) || /^[^/:]+@[^/:]+:/.test(repository);
