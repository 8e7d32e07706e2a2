/** The key of `-i`: read, refused where ssh would refuse it, and its passphrase asked for. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { readKey } from '../identity.js';
import type { Io } from '../io.js';
import { isLocked, isPublicKey, unlocked, type Key } from './identity-file.js';
import { interrupted, refused, type Failure } from './steps.js';

/** As ssh has it. */
const TRIES = 3;

const KINDS = 'Baton knows ed25519, ECDSA and RSA keys in OpenSSH or PEM form.';

/** Nobody but its owner may read it, as ssh has it, which does not judge the files of others either. */
const isOpenToOthers = ({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean =>
  uid === process.getuid?.() && (mode & 0o077) !== 0;

const unlockedBy = async (
  io: Io,
  file: string,
  text: string,
  signal: AbortSignal,
): Promise<E.Either<Failure, Key>> => {
  if (io.person === undefined)
    return refused(
      'passphrase_needed',
      `The key ${file} is locked with a passphrase, and there is no terminal to ask for it.`,
      'Let an ssh-agent hold the key (ssh-add), and leave -i out.',
    );
  for (let tries = 0; tries < TRIES; tries += 1) {
    const question = `${tries === 0 ? '' : 'That does not open it. '}Passphrase of ${file}: `;
    const passphrase = await io.person.askHidden(question, signal);
    if (passphrase === undefined) return E.left(interrupted);
    const key = unlocked(text, passphrase);
    if (key !== undefined) return E.right(key);
  }
  return refused(
    'passphrase_wrong',
    `None of ${TRIES} passphrases opens the key ${file}.`,
    `ssh-keygen -y -f FILE tells whether you know it. ${KINDS}`,
  );
};

/** `signal` ends the question. */
export const keyOf = async (io: Io, file: string, signal: AbortSignal): Promise<E.Either<Failure, Key>> => {
  const path = resolve(io.cwd, file);
  try {
    const text = await readKey(path);
    if (text === undefined)
      return isPublicKey((await readFile(path, 'utf8')).trimStart())
        ? refused(
            'identity_unusable',
            `${file} is a public key, and -i takes the private one.`,
            'It is usually the file of the same name without .pub.',
          )
        : refused('identity_unusable', `${file} is not a private key in PEM or OpenSSH form.`);
    if (isOpenToOthers(await stat(path)))
      return refused(
        'identity_open',
        `Others on this machine can read or write the private key ${file}, so it is not used, as by ssh.`,
        'chmod 600 FILE; if others may have read it, use a new one.',
      );
    if (isLocked(text)) return await unlockedBy(io, file, text, signal);
    const key = unlocked(text);
    return key === undefined
      ? refused('identity_unusable', `${file} cannot be used as a private key.`, KINDS)
      : E.right(key);
  } catch {
    return refused('identity_unreadable', `The file of -i cannot be read: ${file}.`);
  }
};
