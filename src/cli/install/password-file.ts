/** A password from a file or from the standard input, as it is: one line in UTF-8, of which only the end is taken off. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import * as E from 'fp-ts/lib/Either.js';
import { note, type Io } from '../io.js';
import { withoutLineEnd } from '../read-text.js';
import { plain } from '../terminal.js';
import { interrupted, refused, type Failure } from './steps.js';

/** sshd takes no longer ones (MAX_PASSWORD_LEN in its auth-passwd.c). */
const LIMIT_BYTES = 1024;

const OTHERS_READ = 0o044;

/** What is longer than a password is not read to its end. */
const bytesOf = async (io: Io, file: string, signal: AbortSignal): Promise<Buffer> => {
  const source = file === '-' ? process.stdin : createReadStream(resolve(io.cwd, file));
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of addAbortSignal(signal, source)) {
    const bytes: unknown = piece;
    if (!Buffer.isBuffer(bytes)) continue;
    pieces.push(bytes);
    length += bytes.length;
    if (length > LIMIT_BYTES + 2) break;
  }
  return Buffer.concat(pieces);
};

/** A byte order mark is taken off; undefined: it is something else. */
const textOf = (bytes: Buffer): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** `file`: `-` is the standard input. The signal ends the wait for it. */
export const passwordIn = async (
  io: Io,
  file: string,
  signal: AbortSignal,
): Promise<E.Either<Failure, string>> => {
  let bytes: Buffer;
  try {
    bytes = await bytesOf(io, file, signal);
    // a note and no refusal: systems that hand out secrets as files often make them so
    if (file !== '-' && ((await stat(resolve(io.cwd, file))).mode & OTHERS_READ) !== 0)
      note(io, plain(`baton: others on this machine can read ${file}; chmod 600 it`));
  } catch {
    return signal.aborted
      ? E.left(interrupted)
      : refused('password_unreadable', `The file of --password-file cannot be read: ${file}.`);
  }
  const text = textOf(bytes.subarray(0, LIMIT_BYTES + 2));
  if (bytes.length > LIMIT_BYTES + 2)
    return refused('password_unusable', `What --password-file gave is longer than ${LIMIT_BYTES} bytes.`);
  if (text === undefined)
    return refused(
      'password_unusable',
      'What --password-file gave is not text in UTF-8.',
      'Write it anew, for example with: umask 077; cat >FILE',
    );
  const password = withoutLineEnd(text);
  if (password === '') return refused('password_empty', 'What --password-file gave is empty.');
  return /[\r\n\0]/u.test(password)
    ? refused('password_unusable', 'What --password-file gave has more than one line.')
    : E.right(password);
};
