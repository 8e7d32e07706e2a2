/** How a command that needs no server ends with a refusal: sentence, problems, hint, and an exit code of its own. */
import type { AppError } from '../app/errors.js';
import { exitCodes } from './exit.js';
import { note, type Io } from './io.js';

/** For people. */
export const complainOnly = (io: Io, error: AppError): void => {
  note(io, `error: ${error.message}`);
  for (const { path, expected, found, mend } of error.problems ?? [])
    note(io, `  ${path}: expected ${expected}, found ${found}${mend === undefined ? '' : ` (${mend})`}`);
  if (error.hint !== undefined) note(io, `hint: ${error.hint}`);
};

/** And ends; exit codes of their own for what is wrong with the store. */
export const complain = (io: Io, error: AppError): void => {
  complainOnly(io, error);
  io.exit(
    error.code === 'invalid'
      ? exitCodes.usage
      : error.code === 'conflict' || error.reason === 'store_locked'
        ? exitCodes.conflict
        : exitCodes.error,
  );
};
