/** What do the files hold that the options name? Everything that is wrong with them is said at once. */
import { open } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { Problem } from '../../contract.js';
import { isTooWide, readOperatorKey, type OperatorKey } from '../../../src/secrets/operator-key.js';
import { codeOf, octal } from '../../../src/secrets/problems.js';
import type { ShimOptions } from './options.js';

const tokenIn = async (file: string): Promise<E.Either<Problem, string>> => {
  const expected = 'a file with one word of 20 to 200 characters, readable by the user of the API alone';
  const problem = (found: string, mend?: string): E.Either<Problem, string> =>
    E.left({ path: 'tokenFile', expected, found, ...(mend === undefined ? {} : { mend }) });
  try {
    const handle = await open(file, 'r');
    try {
      const found = await handle.stat();
      if (!found.isFile()) return problem(`${file}, which is no plain file`);
      if (isTooWide(found))
        return problem(
          `${file} with the permissions ${octal(found.mode)}: others could have read it`,
          `put another word into it, and run chmod 0600 ${file}`,
        );
      const text = found.size > 1024 ? '' : (await handle.readFile('utf8')).trim();
      return /^\S{20,200}$/.test(text) ? E.right(text) : problem(`something else in ${file}`);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return problem(`${file}, which cannot be read: ${codeOf(error)}`);
  }
};

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
  const token = tokenFile === undefined ? undefined : await tokenIn(tokenFile);
  if (token !== undefined && E.isLeft(token)) problems.push(token.left);
  if (E.isLeft(key) || key.right === undefined || problems.length > 0) return E.left(problems);
  return E.right({
    key: key.right,
    ...(token !== undefined && E.isRight(token) ? { token: token.right } : {}),
  });
};
