/** Seals every secret anew with another key. At each instant each file opens with one of the two, so it can be run again. */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import { writeAtomically } from '../app/write-atomically.js';
import { readFolder } from './open.js';
import { makeOperatorKey, readOperatorKey, type OperatorKey } from './operator-key.js';
import { failed, sealProblem } from './problems.js';
import { seal, unseal } from './seal.js';

export interface Rekeyed {
  /** Sealed anew by this run. */
  readonly resealed: number;
  /** Sealed with the new key already, by a run before that was interrupted. */
  readonly before: number;
  /** This run made the new key. */
  readonly madeKey: boolean;
}

const noKey = (file: string): AppError =>
  appError('store_unavailable', 'operator_key_missing', `There is no operator key ${file}.`, {
    hint: 'Name the key file that the server was started with, with --key-file.',
  });

const newKey = async (
  file: string,
): Promise<E.Either<AppError, { readonly key: OperatorKey; readonly made: boolean }>> => {
  const found = await readOperatorKey(file);
  if (E.isLeft(found)) return found;
  if (found.right !== undefined) return E.right({ key: found.right, made: false });
  return E.map((key: OperatorKey) => ({ key, made: true }))(await makeOperatorKey(file));
};

/** Everything is opened before anything is written: a folder that has a problem is left as it is. No server may run on it. */
export const rekey = async (
  directory: string,
  oldKeyFile: string,
  newKeyFile: string,
): Promise<E.Either<AppError, Rekeyed>> => {
  const old = await readOperatorKey(oldKeyFile);
  if (E.isLeft(old)) return old;
  if (old.right === undefined) return E.left(noKey(oldKeyFile));
  const next = await newKey(newKeyFile);
  if (E.isLeft(next)) return next;
  const files = await readFolder(directory);
  if (E.isLeft(files)) return files;

  const values: { readonly name: string; readonly file: string; readonly value: string }[] = [];
  for (const { name, file, text, is } of files.right) {
    const isNew = is.kind === 'sealed' && is.keyId === next.right.key.id;
    const value =
      is.kind === 'clear' ? E.right(text) : unseal(isNew ? next.right.key : old.right, name, text);
    if (E.isLeft(value)) return E.left(sealProblem(file, value.left));
    if (!isNew) values.push({ name, file, value: value.right });
  }
  for (const { name, file, value } of values) {
    try {
      await writeAtomically(file, seal(next.right.key, name, value), 0o600);
    } catch (error) {
      return E.left(failed('sealed anew', file, error));
    }
  }
  const { made } = next.right;
  return E.right({ resealed: values.length, before: files.right.length - values.length, madeKey: made });
};
