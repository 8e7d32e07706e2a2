/** Before a server uses its secrets: is the key the right one, and is everything sealed? What an older Baton left in clear is sealed here. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import type { SecretStore } from '../app/ports.js';
import { syncDirectory, writeAtomically } from '../app/write-atomically.js';
import { fileSecretStore, lookAtFolder, readSecretFile } from './files.js';
import { makeOperatorKey, readOperatorKey, type OperatorKey } from './operator-key.js';
import { codeOf, failed, sealProblem } from './problems.js';
import { kindOf, seal, type Kind } from './seal.js';

export interface SecretFolder {
  readonly directory: string;
  readonly keyFile: string;
  /** Make the key when there is neither a key nor anything sealed. Only right for a place that Baton chose itself. */
  readonly mayMakeKey: boolean;
}

export interface OpenedSecrets {
  readonly secrets: SecretStore;
  /** This start made the key. */
  readonly madeKey: boolean;
  /** Files of an older Baton, in clear until now. */
  readonly sealedNow: number;
  /** Files that can no more be opened; the others can. */
  readonly damaged: readonly AppError[];
}

/** A secret's file, and its text as it stands. */
export interface SecretFile {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly is: Kind;
}

const isName = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);
/** What a write left that was killed before its rename. An older Baton wrote in clear. */
const isLeftover = (name: string): boolean => /^[0-9a-f]{64}\.\d+\.\d+\.tmp$/.test(name);

/** Every file of a secret, read and checked; leftovers of killed writes are removed first. */
export const readFolder = async (directory: string): Promise<E.Either<AppError, readonly SecretFile[]>> => {
  const refused = await lookAtFolder(directory);
  if (refused !== undefined) return E.left(refused);
  const files: SecretFile[] = [];
  try {
    const names = await readdir(directory);
    const leftovers = names.filter(isLeftover);
    for (const name of leftovers) await rm(join(directory, name), { force: true });
    if (leftovers.length > 0) await syncDirectory(directory);
    for (const name of names.filter(isName)) {
      const file = join(directory, name);
      const text = await readSecretFile(file);
      if (E.isLeft(text)) return text;
      if (text.right !== undefined) files.push({ name, file, text: text.right, is: kindOf(text.right) });
    }
    return E.right(files);
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? E.right([]) : E.left(failed('read', directory, error));
  }
};

const missing = (keyFile: string, sealed: number): AppError =>
  appError(
    'store_unavailable',
    'operator_key_missing',
    sealed > 0
      ? `There is no operator key ${keyFile}, and ${sealed} secrets are sealed with it.`
      : `There is no operator key ${keyFile}.`,
    {
      hint:
        sealed > 0
          ? 'Restore the key file, or name another with --key-file; without it the secrets cannot be opened.'
          : `Make one: (umask 077; head -c 32 /dev/urandom | base64 > ${keyFile})`,
    },
  );

const keyFor = async (
  { keyFile, mayMakeKey }: SecretFolder,
  files: readonly SecretFile[],
): Promise<E.Either<AppError, { readonly key: OperatorKey; readonly madeKey: boolean }>> => {
  const found = await readOperatorKey(keyFile);
  if (E.isLeft(found)) return found;
  if (found.right !== undefined) return E.right({ key: found.right, madeKey: false });
  const sealed = files.filter(({ is }) => is.kind === 'sealed').length;
  if (sealed > 0 || !mayMakeKey) return E.left(missing(keyFile, sealed));
  return E.map((key: OperatorKey) => ({ key, madeKey: true }))(await makeOperatorKey(keyFile));
};

/**
 * Opens the folder for a server. Killed in the middle it is done again at the next start: a file is either still in clear or
 * sealed with the key, never half of each.
 */
export const openSecrets = async (folder: SecretFolder): Promise<E.Either<AppError, OpenedSecrets>> => {
  const files = await readFolder(folder.directory);
  if (E.isLeft(files)) return files;
  const found = await keyFor(folder, files.right);
  if (E.isLeft(found)) return found;
  const { key, madeKey } = found.right;
  const stranger = files.right.find(({ is }) => is.kind === 'sealed' && is.keyId !== key.id);
  if (stranger !== undefined) return E.left(sealProblem(stranger.file, 'other_key'));
  const clear = files.right.filter(({ is }) => is.kind === 'clear');
  for (const { name, file, text } of clear) {
    try {
      await writeAtomically(file, seal(key, name, text), 0o600);
    } catch (error) {
      return E.left(failed('sealed', file, error));
    }
  }
  const damaged = files.right.filter(({ is }) => is.kind === 'damaged');
  return E.right({
    secrets: fileSecretStore(folder.directory, key),
    madeKey,
    sealedNow: clear.length,
    damaged: damaged.map(({ file }) => sealProblem(file, 'damaged')),
  });
};
