/** Which SQLite result code does an error of either driver carry? */

/** Primary result codes, https://sqlite.org/rescode.html */
export const PERMISSION = 3;
export const BUSY = 5;
export const LOCKED = 6;
export const READ_ONLY = 8;
export const IO_ERROR = 10;
export const CORRUPT = 11;
export const FULL = 13;
export const CANNOT_OPEN = 14;
export const NOT_A_DATABASE = 26;

const numberAt = (error: object, key: string): number | undefined => {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'number' ? value : undefined;
};

/**
 * The primary result code, or undefined when the error is not SQLite's. libsql: `rawCode`, but only in the text when a file
 * cannot be opened; node:sqlite: `errcode`.
 */
export const sqliteCode = (error: unknown): number | undefined => {
  if (typeof error !== 'object' || error === null) return undefined;
  const extended = numberAt(error, 'rawCode') ?? numberAt(error, 'errcode');
  if (extended !== undefined) return extended & 0xff;
  const opening = error instanceof Error ? /^ConnectionFailed\(.*: ([0-9]+)"\)$/s.exec(error.message) : null;
  return opening?.[1] === undefined ? undefined : Number(opening[1]) & 0xff;
};
