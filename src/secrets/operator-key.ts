/** The key that seals every secret: 32 random bytes in a file of the operator's, in base64. It is never stored beside what it seals. */
import { createHmac, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import { syncDirectory } from '../app/write-atomically.js';
import { codeOf, octal } from './problems.js';

/** `id` tells keys apart and nothing about the key. The others cannot be printed by accident. */
export interface OperatorKey {
  readonly id: string;
  readonly sealing: KeyObject;
  readonly digesting: KeyObject;
  readonly signing: KeyObject;
}

const KEY_BYTES = 32;

/** One key, one purpose: each use has a key of its own, derived by HKDF (RFC 5869). */
export const operatorKey = (bytes: Buffer): OperatorKey => {
  const derive = (purpose: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', bytes, Buffer.alloc(0), `baton ${purpose}`, length));
  return {
    id: derive('key id', 8).toString('hex'),
    sealing: createSecretKey(derive('sealing', KEY_BYTES)),
    digesting: createSecretKey(derive('digesting', KEY_BYTES)),
    signing: createSecretKey(derive('signing', KEY_BYTES)),
  };
};

/** A digest that is worthless to who has not got the key: even a short secret cannot be guessed from it. */
export const keyedDigest = (key: OperatorKey, text: string): string =>
  createHmac('sha256', key.digesting).update(text, 'utf8').digest('hex');

/** A token that is made again from what it is for, so that none has to be kept: 43 characters of base64url. */
export const signature = (key: OperatorKey, text: string): string =>
  createHmac('sha256', key.signing).update(text, 'utf8').digest('base64url');

const refusal = (reason: string, message: string, hint: string): AppError =>
  appError('store_unavailable', reason, message, { hint });

const MAKE = (file: string): string => `(umask 077; head -c 32 /dev/urandom | base64 > ${file})`;

/** Group root may read what belongs to root: so systemd gives credentials to a service. */
export const isTooWide = (found: {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}): boolean => (found.mode & 0o077 & ~(found.uid === 0 && found.gid === 0 ? 0o040 : 0)) !== 0;

/** Reads the key; undefined when there is no such file. */
export const readOperatorKey = async (file: string): Promise<E.Either<AppError, OperatorKey | undefined>> => {
  try {
    const handle = await open(file, constants.O_RDONLY);
    try {
      const found = await handle.stat();
      if (!found.isFile())
        return E.left(refusal('operator_key', `The operator key ${file} is not a plain file.`, MAKE(file)));
      if (isTooWide(found))
        return E.left(
          refusal(
            'operator_key_permissions',
            `The operator key ${file} has the permissions ${octal(found.mode)}, expected no more than 0600: others could have read it.`,
            `Run chmod 0600 ${file}; if others may have read it, make another and run baton secret rekey.`,
          ),
        );
      const text = found.size > 1024 ? '' : (await handle.readFile('utf8')).trim();
      const bytes = Buffer.from(text, 'base64');
      return bytes.length === KEY_BYTES && bytes.toString('base64') === text
        ? E.right(operatorKey(bytes))
        : E.left(
            refusal(
              'operator_key',
              `The operator key ${file} does not hold 32 bytes in base64.`,
              `Restore it from where you keep a copy; a new one, for a new installation, is made by ${MAKE(file)}`,
            ),
          );
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return E.right(undefined);
    return E.left(
      refusal(
        'operator_key',
        `The operator key ${file} could not be read: ${codeOf(error)}.`,
        'Give it to the user that runs Baton, with the permissions 0600.',
      ),
    );
  }
};

/** Makes a new key where there is no file yet; durable when this resolves. */
export const makeOperatorKey = async (file: string): Promise<E.Either<AppError, OperatorKey>> => {
  const bytes = randomBytes(KEY_BYTES);
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(`${bytes.toString('base64')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncDirectory(dirname(file));
    return E.right(operatorKey(bytes));
  } catch (error) {
    return E.left(
      refusal(
        'operator_key',
        `The operator key ${file} could not be made: ${codeOf(error)}.`,
        'Name a file in a folder that exists and belongs to the user that runs Baton, with --key-file.',
      ),
    );
  }
};
