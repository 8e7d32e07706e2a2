/**
 * Where do secrets live? Each in a file of its own that only Baton's user can read. They are not encrypted yet: whoever can
 * read as that user, or has the disk or a backup of it, reads them. Sealing with an operator key is to come.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import { appError } from '../app/errors.js';
import type { SecretStore } from '../app/ports.js';
import { syncDirectory, writeAtomically } from '../app/write-atomically.js';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';

/** Only the system's code is told: the original error could carry what was being written. */
const failed = (what: string, path: string, error: unknown): AppError =>
  appError('store_unavailable', 'secret_store_io', `${path} could not be ${what}: ${codeOf(error)}`, {
    hint: 'See that the folder of secrets exists, has space, and belongs to the user that runs Baton.',
  });

const tooWide = (path: string, mode: number, allowed: number): AppError => {
  const octal = (bits: number): string => (bits & 0o777).toString(8).padStart(4, '0');
  return appError(
    'store_unavailable',
    'secret_store_permissions',
    `${path} has the permissions ${octal(mode)}, expected no more than ${octal(allowed)}: others could have read it`,
    { hint: `Run chmod ${octal(allowed)} ${path}, and replace secrets that others may have seen.` },
  );
};

const isWiderThan = (mode: number, allowed: number): boolean => (mode & 0o777 & ~allowed) !== 0;

const notOurs = (path: string, expected: string): AppError =>
  appError('store_unavailable', 'secret_store_permissions', `${path} is not ${expected}`, {
    hint: 'Baton did not make it so: look at it before you remove it.',
  });

/** Folder 0700 (made when the first secret is put), files 0600, named by the SHA-256 of the reference. */
export const fileSecretStore = (directory: string): SecretStore => {
  const fileOf = (ref: string): string =>
    join(directory, createHash('sha256').update(ref, 'utf8').digest('hex'));

  /** Undefined when the folder is as it must be, or is not there. */
  const lookAtFolder = async (): Promise<AppError | undefined> => {
    try {
      const found = await lstat(directory);
      if (!found.isDirectory()) return notOurs(directory, 'a folder');
      return isWiderThan(found.mode, 0o700) ? tooWide(directory, found.mode, 0o700) : undefined;
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? undefined : failed('looked at', directory, error);
    }
  };

  const read = async (file: string): Promise<E.Either<AppError, string | undefined>> => {
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

  const refusal = async (ref: string): Promise<AppError | undefined> =>
    ref === ''
      ? appError('invalid', 'secret_ref', 'expected a reference to a secret, found an empty text')
      : lookAtFolder();

  return {
    put: (ref, value) => async () => {
      const file = fileOf(ref);
      const refused = await refusal(ref);
      if (refused !== undefined) return E.left(refused);
      // a file that others could read is not quietly replaced: somebody should know
      const before = await read(file);
      if (E.isLeft(before)) return before;
      try {
        const made = await mkdir(directory, { recursive: true, mode: 0o700 });
        if (made !== undefined) await chmod(directory, 0o700);
        await writeAtomically(file, value, 0o600);
        return E.right(undefined);
      } catch (error) {
        return E.left(failed('written', file, error));
      }
    },
    get: (ref) => async () => {
      const refused = await refusal(ref);
      return refused === undefined ? read(fileOf(ref)) : E.left(refused);
    },
    remove: (ref) => async () => {
      const file = fileOf(ref);
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
  };
};
