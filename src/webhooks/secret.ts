/** The secret by which messages of one webhook are signed: read from its file, and told to nobody. */
import { readFile, stat } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { Problem } from '../app/errors.js';

/** Standard Webhooks: between 24 and 64 bytes, in base64, behind `whsec_`. */
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const FEWEST = 24;
const MOST = 64;
const MAKE = 'make one: (umask 077; echo "whsec_$(openssl rand -base64 32)" > FILE)';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';

/** Its bytes; `path` is what the problem is named by. */
export const readSecret = async (path: string, file: string): Promise<E.Either<Problem, Uint8Array>> => {
  const refuse = (expected: string, found: string, mend: string): E.Either<Problem, never> =>
    E.left({ path, expected, found, mend });
  let text: string;
  let mode: number;
  try {
    mode = (await stat(file)).mode & 0o777;
    text = (await readFile(file, 'utf8')).trimEnd();
  } catch (error) {
    return refuse('a file that can be read', `${file}: ${codeOf(error)}`, MAKE);
  }
  if ((mode & 0o077) !== 0)
    return refuse(
      'permissions of no more than 0600, since it holds a secret',
      `${file}: ${mode.toString(8).padStart(4, '0')}`,
      `run chmod 0600 ${file}, and replace the secret if others may have read it`,
    );
  const bytes = Buffer.from(SECRET.exec(text)?.[1] ?? '', 'base64');
  return bytes.length < FEWEST || bytes.length > MOST
    ? refuse(`whsec_ and ${FEWEST} to ${MOST} bytes in base64`, `${file}: something else`, MAKE)
    : E.right(bytes);
};
