/** What do the files hold that the options name? Everything that is wrong with them is said at once. */
import { readFile } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { Problem } from '../../contract.js';
import { readOperatorKey, type OperatorKey } from '../../../src/secrets/operator-key.js';
import type { ShimOptions } from './options.js';

/** `token`: who has it is admin at the address of the executor. */
export const filesOf = async (
  options: Pick<ShimOptions, 'keyFile' | 'tokenFile'>,
): Promise<E.Either<readonly Problem[], { readonly key: OperatorKey; readonly token?: string }>> => {
  const problems: Problem[] = [];
  const key = await readOperatorKey(options.keyFile);
  if (E.isLeft(key))
    problems.push({
      ...{ path: 'keyFile', expected: 'an operator key', found: key.left.message },
      ...(key.left.hint === undefined ? {} : { mend: key.left.hint }),
    });
  else if (key.right === undefined)
    problems.push({
      path: 'keyFile',
      expected: 'a file with 32 random bytes in base64',
      found: `no file ${options.keyFile}`,
      mend: `(umask 077; head -c 32 /dev/urandom | base64 > ${options.keyFile})`,
    });
  const { tokenFile } = options;
  const token = tokenFile === undefined ? undefined : await readFile(tokenFile, 'utf8').catch(() => '');
  if (token !== undefined && !/^\S{20,200}$/.test(token.trim()))
    problems.push({
      path: 'tokenFile',
      expected: 'a file with one word of 20 to 200 characters',
      found: `something else, or nothing, in ${tokenFile ?? ''}`,
    });
  if (E.isLeft(key) || key.right === undefined || problems.length > 0) return E.left(problems);
  return E.right({ key: key.right, ...(token === undefined ? {} : { token: token.trim() }) });
};
