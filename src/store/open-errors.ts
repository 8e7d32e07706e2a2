/** Why could a store not be opened, and what is to be done? One table from foreign errors to ours. */
import {
  BUSY,
  CANNOT_OPEN,
  CORRUPT,
  FULL,
  LOCKED,
  NOT_A_DATABASE,
  PERMISSION,
  READ_ONLY,
  sqliteCode,
} from './driver-errors.js';

/** Why a store could not be opened: code for programs, sentence, and what to do. */
export interface StoreOpenError {
  readonly code:
    | 'store_locked'
    | 'store_unwritable'
    | 'store_full'
    | 'store_on_network_file_system'
    | 'store_damaged'
    /** Written by a newer Baton. */
    | 'store_too_new'
    | 'store_io';
  readonly message: string;
  readonly hint: string;
  readonly cause?: unknown;
}

const UNWRITABLE: readonly unknown[] = [
  PERMISSION,
  READ_ONLY,
  CANNOT_OPEN,
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
];
const NO_ROOM: readonly unknown[] = [FULL, 'ENOSPC', 'EDQUOT'];
const DAMAGED: readonly unknown[] = [CORRUPT, NOT_A_DATABASE];
const HELD: readonly unknown[] = [BUSY, LOCKED];

const codeOf = (error: unknown): unknown =>
  sqliteCode(error) ?? (error instanceof Error && 'code' in error ? error.code : undefined);

/** The error for whatever was thrown while opening the store in `directory`. */
export const openError = (directory: string, cause: unknown): StoreOpenError => {
  const code = codeOf(cause);
  const found = cause instanceof Error ? cause.message : String(cause);
  if (HELD.includes(code))
    return {
      code: 'store_locked',
      message: `the event store in ${directory} was expected to be free, but another process has it open`,
      hint: 'one process at a time may write: stop the other one, or give this one another folder',
      cause,
    };
  if (UNWRITABLE.includes(code))
    return {
      code: 'store_unwritable',
      message: `the event store's folder ${directory} was expected to be writable, but: ${found}`,
      hint: 'give the folder to the user that Baton runs as, or choose another one',
      cause,
    };
  if (NO_ROOM.includes(code))
    return {
      code: 'store_full',
      message: `room was expected on the disk of the event store in ${directory}, but there is none`,
      hint: 'free space, then start again; nothing acknowledged is lost',
      cause,
    };
  if (DAMAGED.includes(code))
    return {
      code: 'store_damaged',
      message: `a sound event store was expected in ${directory}, but: ${found}`,
      hint: 'keep the files for examination and restore events.db from a backup',
      cause,
    };
  return {
    code: 'store_io',
    message: `the event store in ${directory} was expected to open, but: ${found}`,
    hint: 'look at the disk and at the installation, then start again',
    cause,
  };
};
