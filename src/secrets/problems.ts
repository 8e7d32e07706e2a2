/** What can be wrong with the folder of secrets, in one sentence each. Never with a piece of what a file holds. */
import type { AppError } from '../app/errors.js';
import { appError } from '../app/errors.js';

/** Why a sealed file does not open. `other_name`: it is the file of another secret. */
export type SealProblem = 'other_key' | 'other_name' | 'damaged' | 'too_new';

/** Only the system's code is told: the original error could carry what was being written. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';

export const octal = (bits: number): string => (bits & 0o777).toString(8).padStart(4, '0');

export const failed = (what: string, path: string, error: unknown): AppError =>
  appError('store_unavailable', 'secret_store_io', `${path} could not be ${what}: ${codeOf(error)}`, {
    hint: 'See that the folder of secrets exists, has space, and belongs to the user that runs Baton.',
  });

export const tooWide = (path: string, mode: number, allowed: number): AppError =>
  appError(
    'store_unavailable',
    'secret_store_permissions',
    `${path} has the permissions ${octal(mode)}, expected no more than ${octal(allowed)}: others could have read it`,
    { hint: `Run chmod ${octal(allowed)} ${path}, and replace secrets that others may have seen.` },
  );

export const isWiderThan = (mode: number, allowed: number): boolean => (mode & 0o777 & ~allowed) !== 0;

export const notOurs = (path: string, expected: string): AppError =>
  appError('store_unavailable', 'secret_store_permissions', `${path} is not ${expected}`, {
    hint: 'Baton did not make it so: look at it before you remove it.',
  });

const sentences: Readonly<Record<SealProblem, readonly [reason: string, what: string, hint: string]>> = {
  other_key: [
    'secret_other_key',
    'was sealed with another operator key',
    'Start with the key file that was used before; a rekey that was interrupted is finished by running it again.',
  ],
  other_name: [
    'secret_swapped',
    'is the sealed file of another secret: files were swapped or renamed',
    'Restore the folder of secrets from a backup, and find out who can write there.',
  ],
  damaged: [
    'secret_damaged',
    'is damaged: it was changed after it was sealed',
    'Restore this file from a backup, or set the secret anew.',
  ],
  too_new: ['secret_too_new', 'was written by a newer Baton', 'Use that version, or restore a backup.'],
};

/** Why a sealed file does not give its secret. */
export const sealProblem = (path: string, problem: SealProblem): AppError => {
  const [reason, what, hint] = sentences[problem];
  return appError('store_unavailable', reason, `${path} ${what}`, { hint });
};

/** A file that holds its secret in clear, after the start sealed all there were. */
export const notSealed = (path: string): AppError =>
  appError(
    'store_unavailable',
    'secret_not_sealed',
    `${path} is not sealed, and was put there by something else`,
    {
      hint: 'Remove it and set the secret anew; files of an older Baton are sealed when the server starts.',
    },
  );
