/** Where do secrets live? Each sealed in a file of its own that only Baton's user can read. */
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import { appError } from '../app/errors.js';
import type { SecretStore } from '../app/ports.js';
import { syncDirectory, writeAtomically } from '../app/write-atomically.js';
import { keyedDigest, signature, type OperatorKey } from './operator-key.js';
import {
  codeOf,
  failed,
  isWiderThan,
  notOurs,
  notSealed,
  sealProblem,
  tooWide,
  type SealProblem,
} from './problems.js';
import { kindOf, nameOf, seal, unseal } from './seal.js';

/** What is wrong with the folder; undefined when it is as it must be, or is not there. */
export const lookAtFolder = async (directory: string): Promise<AppError | undefined> => {
  try {
    const found = await lstat(directory);
    if (!found.isDirectory()) return notOurs(directory, 'a folder');
    return isWiderThan(found.mode, 0o700) ? tooWide(directory, found.mode, 0o700) : undefined;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : failed('looked at', directory, error);
  }
};

/** The text of one file, sealed or not; undefined when there is none. */
export const readSecretFile = async (file: string): Promise<E.Either<AppError, string | undefined>> => {
  try {
    // not through a link; and the permissions of the very file that is read
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const found = await handle.stat();
      if (!found.isFile()) return E.left(notOurs(file, 'a plain file'));
      if (isWiderThan(found.mode, 0o600)) return E.left(tooWide(file, found.mode, 0o600));
      return E.right(await handle.readFile('utf8'));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return E.right(undefined);
    return E.left(codeOf(error) === 'ELOOP' ? notOurs(file, 'a plain file') : failed('read', file, error));
  }
};

/** Folder 0700 (made when the first secret is put), files 0600, named by the SHA-256 of the reference, sealed with `key`. */
export const fileSecretStore = (directory: string, key: OperatorKey): SecretStore => {
  const refusal = async (ref: string): Promise<AppError | undefined> =>
    ref === ''
      ? appError('invalid', 'secret_ref', 'expected a reference to a secret, found an empty text')
      : lookAtFolder(directory);

  const get: SecretStore['get'] = (ref) => async () => {
    const refused = await refusal(ref);
    if (refused !== undefined) return E.left(refused);
    const name = nameOf(ref);
    const file = join(directory, name);
    const text = await readSecretFile(file);
    if (E.isLeft(text) || text.right === undefined) return text;
    if (kindOf(text.right).kind === 'clear') return E.left(notSealed(file));
    return E.mapLeft((problem: SealProblem) => sealProblem(file, problem))(unseal(key, name, text.right));
  };

  return {
    get,
    put: (ref, value) => async () => {
      const name = nameOf(ref);
      const file = join(directory, name);
      const refused = await refusal(ref);
      if (refused !== undefined) return E.left(refused);
      // a file that others could read is not quietly replaced: somebody should know
      const before = await readSecretFile(file);
      if (E.isLeft(before)) return before;
      try {
        const made = await mkdir(directory, { recursive: true, mode: 0o700 });
        if (made !== undefined) await chmod(directory, 0o700);
        await writeAtomically(file, seal(key, name, value), 0o600);
        return E.right(undefined);
      } catch (error) {
        return E.left(failed('written', file, error));
      }
    },
    remove: (ref) => async () => {
      const file = join(directory, nameOf(ref));
      const refused = await refusal(ref);
      if (refused !== undefined) return E.left(refused);
      try {
        await rm(file, { force: true });
        await syncDirectory(directory);
        return E.right(undefined);
      } catch (error) {
        return codeOf(error) === 'ENOENT' ? E.right(undefined) : E.left(failed('removed', file, error));
      }
    },
    digest: (text) => keyedDigest(key, text),
    sign: (text) => signature(key, text),
  };
};
