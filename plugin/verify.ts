/** What would keep a plugin with these options from starting? */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Problem } from './contract.js';
import type { BatonOptions } from './options.js';

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The folder, or the nearest one above it that exists, may be written to. */
const canWrite = async (folder: string): Promise<boolean> => {
  for (let at = folder; ; at = dirname(at)) {
    const found = await access(at, constants.W_OK | constants.X_OK).then(
      () => 'yes',
      (error: unknown) => (isAbsent(error) ? 'absent' : 'no'),
    );
    if (found !== 'absent' || at === dirname(at)) return found === 'yes';
  }
};

/** The folder exists, and may be read. */
const canRead = (folder: string): Promise<boolean> =>
  access(folder, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );

/** All problems at once. Changes nothing. */
export const verify = async ({
  data,
  repositoryRoots,
}: Pick<BatonOptions, 'data' | 'repositoryRoots'>): Promise<readonly Problem[]> => {
  const problems: Problem[] = [];
  if (!(await canWrite(data)))
    problems.push({
      path: 'data',
      expected: 'a folder that this process may write to, or make',
      found: data,
      mend: 'change its owner, or choose another folder',
    });
  for (const [i, root] of repositoryRoots.entries())
    if (!(await canRead(root)))
      problems.push({
        path: `repositoryRoots[${i}]`,
        expected: 'a folder that this process may read',
        found: root,
        mend: 'make the folder, or leave it out',
      });
  return problems;
};
