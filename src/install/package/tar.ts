/** One small file out of a tar archive in memory. */
import * as E from 'fp-ts/lib/Either.js';
import { unreadable, type Read } from './bytes.js';

const BLOCK = 512;

/** Octal digits, ended by a blank, NUL, or the field. */
const octal = (field: Buffer): number | undefined => {
  const digits = /^ *([0-7]{1,11})[ \0]*$/.exec(field.toString('latin1'))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
};

const nameOf = (header: Buffer): string => {
  const field = header.subarray(0, 100);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end < 0 ? 100 : end).replace(/^\.\//, '');
};

/** A regular file with that name, at the root of the archive. Each turn goes on by a block at least. */
export const fileInTar = (tar: Buffer, name: string): Read<Buffer> => {
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const size = octal(header.subarray(124, 136));
    const from = at + BLOCK;
    if (size === undefined || from + size > tar.length) return unreadable('holds an archive that is damaged');
    const isFile = header[156] === 0x30 || header[156] === 0;
    if (isFile && nameOf(header) === name) return E.right(tar.subarray(from, from + size));
    at = from + Math.ceil(size / BLOCK) * BLOCK;
  }
  return unreadable(`holds no ${name}`);
};
