/** Where are the files of one output of an attempt, and how are they read and written? Names, the offset record, the seal. */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { LogError, OutputRef } from '../app/ports.js';
import { outputNames } from '../domain/output.js';
import { SealedOutput } from '../events/shapes.js';

/** Name, in events and seals, of the one output in exact order that a job has unless they are kept apart. */
const MERGED_NAME = 'log';

export interface AttemptFiles {
  /** What the job wrote. */
  readonly log: string;
  /** How much of it is known to be on disk; absent until the first sync, and again once sealed. */
  readonly offset: string;
  /** Where its lines begin and when they came; what it lacks is found by reading the log. */
  readonly index: string;
  /** Present once nothing will follow. */
  readonly sealed: string;
}

const ID = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

export const logError = (why: string, message: string, cause?: unknown): LogError => ({
  code: 'log_store',
  why,
  message,
  ...(cause === undefined ? {} : { cause }),
});

/** `why` of a failed system call. */
export const ioError = (what: string, cause: unknown): LogError => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return logError(
    full ? 'disk_full' : 'io',
    `${what}: ${code}; ${full ? 'free some space there, nothing was recorded and the write can be repeated' : 'see the server log'}`,
    cause,
  );
};

/** Of one output: how its files begin, and its name in events. */
interface OutputNames {
  readonly file: string;
  readonly output: string;
}

/** `<jobId>.<attempt>`, with `.stdout` or `.stderr` behind it where these are kept apart, or `.report`; checked: it becomes the name of files. */
export const namesOf = ({ jobId, attempt, output }: OutputRef): E.Either<LogError, OutputNames> => {
  if (!ID.test(jobId) || !Number.isSafeInteger(attempt) || attempt < 0)
    return E.left(
      logError(
        'invalid',
        `expected a job id of letters, digits, dots, dashes and underscores and an attempt from 0, found ${JSON.stringify(jobId.slice(0, 80))} and ${attempt}`,
      ),
    );
  if (output === undefined) return E.right({ file: `${jobId}.${attempt}`, output: MERGED_NAME });
  return outputNames.includes(output)
    ? E.right({ file: `${jobId}.${attempt}.${output}`, output })
    : E.left(logError('invalid', `expected ${outputNames.join(' or ')}, found another output`));
};

export const filesOf = (directory: string, name: string): AttemptFiles => ({
  log: join(directory, `${name}.log`),
  offset: join(directory, `${name}.offset`),
  index: join(directory, `${name}.index`),
  sealed: join(directory, `${name}.sealed.json`),
});

export interface Offsets {
  readonly source: number;
  readonly stored: number;
}

export const NOTHING: Offsets = { source: 0, stored: 0 };

const check = (numbers: string): string => createHash('sha256').update(numbers).digest('hex').slice(0, 16);

/** One line of fixed width, so that it is overwritten in place; the digits at its end tell a torn write. */
export const offsetRecord = ({ source, stored }: Offsets): string => {
  const numbers = `${String(source).padStart(16, '0')} ${String(stored).padStart(16, '0')}`;
  return `${numbers} ${check(numbers)}\n`;
};

const parseOffsets = (text: string): Offsets => {
  const [, numbers = '', source, stored, digits] = /^((\d{16}) (\d{16})) ([0-9a-f]{16})\n$/.exec(text) ?? [];
  return digits !== undefined && check(numbers) === digits
    ? { source: Number(source), stored: Number(stored) }
    : NOTHING;
};

/** What there is, or undefined where the file is not there. */
export const orAbsent = async <A>(reading: Promise<A>): Promise<A | undefined> => {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * What is known to be on disk. A record that is torn, or that promises more than the file has, counts as nothing: the
 * runner still has all bytes until the log is sealed. Throws what the system throws.
 */
export const durableOffsets = async (files: AttemptFiles): Promise<Offsets> => {
  const text = await orAbsent(readFile(files.offset, 'utf8'));
  if (text === undefined) return NOTHING;
  const offsets = parseOffsets(text);
  const size = (await orAbsent(stat(files.log)))?.size ?? 0;
  return offsets.stored <= size ? offsets : NOTHING;
};

/** The seal; undefined while there is none. Throws what the system throws, or when the file is not a seal. */
export const readSeal = async (files: AttemptFiles): Promise<SealedOutput | undefined> => {
  const text = await orAbsent(readFile(files.sealed, 'utf8'));
  if (text === undefined) return undefined;
  const decoded = SealedOutput.decode(JSON.parse(text));
  if (E.isLeft(decoded)) throw new Error(`${files.sealed} is not a seal`);
  return decoded.right;
};

/** SHA-256 so far of the first `length` bytes, read in pieces; more bytes can be added. */
export const hashOf = async (handle: FileHandle, length: number): Promise<Hash> => {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(Math.min(length, 256 * 1024));
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, length - at), at);
    if (bytesRead === 0) throw new Error(`the file ends at ${at}, before ${length}`);
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash;
};

/** All bytes at that place, however many calls it takes. */
export const writeAt = async (handle: FileHandle, bytes: Buffer, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
};

/** So many bytes from that place, however many calls it takes; fewer where the file ends. */
export const readAt = async (handle: FileHandle, position: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await handle.read(bytes, got, length - got, position + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return bytes.subarray(0, got);
};

/** At most `maxBytes` from byte `from`, of the first `size`; nothing when there is no file yet. */
export const readPiece = async (
  file: string,
  from: number,
  maxBytes: number,
  size: number,
): Promise<Buffer> => {
  const length = Math.max(0, Math.min(maxBytes, size - from));
  if (length === 0) return Buffer.alloc(0);
  const handle = await open(file, 'r');
  try {
    return await readAt(handle, from, length);
  } finally {
    await handle.close();
  }
};
