/** What is in a package file? Read here, by its bytes alone: no tool of the package's system is asked. */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../../app/errors.js';
import { isPackageName, isWord } from '../../domain/toolchain.js';
import { exactly, type Bytes, type Read } from './bytes.js';
import type { Contents } from './contents.js';
import { isDeb, readDeb } from './deb.js';
import { isRpm, readRpm } from './rpm.js';

/** `contents` is there for `deb` and `rpm`, unless `unread` says why it cannot be read here. */
export interface PackageFile {
  readonly format: 'deb' | 'rpm' | 'dmg' | 'unknown';
  readonly contents?: Contents;
  /** One sentence. */
  readonly unread?: string;
}

/** At the end of a disk image, with this mark. */
const DMG_TRAILER = 512;

const isDmg = async (bytes: Bytes): Promise<boolean> => {
  const trailer = await exactly(bytes, bytes.size - DMG_TRAILER, 4);
  return E.isRight(trailer) && trailer.right.toString('latin1') === 'koly';
};

/** They go into commands and sentences later on. */
const checked = (format: 'deb' | 'rpm', contents: Contents): Read<PackageFile> => {
  const { name, version, architecture } = contents;
  const wrong = [
    ...(isPackageName(name) ? [] : ['a name']),
    ...(isWord(version) ? [] : ['a version']),
    ...(isWord(architecture) ? [] : ['an architecture']),
  ];
  return wrong.length === 0
    ? E.right({ format, contents })
    : E.left(`has no usable ${wrong.map((one) => one.replace(/^an? /, '')).join(', ')} in it`);
};

/** What its bytes say; why they cannot be read, as the end of a sentence. Reads little of a file, however large it is. */
export const inspectBytes = async (bytes: Bytes): Promise<Read<PackageFile>> => {
  const head = await bytes.read(0, 32);
  if (isDeb(head)) {
    const deb = await readDeb(bytes);
    if (E.isLeft(deb)) return deb;
    if (!('unread' in deb.right)) return checked('deb', deb.right);
    const unread = `What the package is cannot be read here, since it is packed with ${deb.right.unread}.`;
    return E.right({ format: 'deb', unread });
  }
  if (isRpm(head)) {
    const rpm = await readRpm(bytes);
    return E.isLeft(rpm) ? rpm : checked('rpm', rpm.right);
  }
  if (await isDmg(bytes)) {
    const unread = 'What a disk image holds cannot be read here.';
    return E.right({ format: 'dmg', unread });
  }
  return E.right({ format: 'unknown' });
};

const refused = (file: string, why: string, cause?: unknown): E.Either<AppError, never> =>
  E.left(
    appError('invalid', 'package_file', `The file ${basename(file)} ${why}.`, {
      hint: 'Download it again, or name another file.',
      ...(cause === undefined ? {} : { cause }),
    }),
  );

const bytesIn = (handle: FileHandle, size: number): Bytes => ({
  size,
  read: async (offset, length) => {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  },
});

/** Never rejects: a file that is missing, cut or made to deceive is an error value (`invalid`, `package_file`). */
export const inspectPackage = async (file: string): Promise<E.Either<AppError, PackageFile>> => {
  let handle: FileHandle | undefined;
  try {
    // a pipe would be waited for
    if (!(await stat(file)).isFile()) return refused(file, 'is no file');
    handle = await open(file, 'r');
    const found = await inspectBytes(bytesIn(handle, (await handle.stat()).size));
    return E.isRight(found) ? found : refused(file, found.left);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no reason was given';
    return refused(file, `cannot be read: ${why}`, cause);
  } finally {
    await handle?.close();
  }
};
