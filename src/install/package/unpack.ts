/** Takes the compression off a small archive, as far as Node can. */
import * as zlib from 'node:zlib';
import * as E from 'fp-ts/lib/Either.js';
import { unreadable, type Read } from './bytes.js';

/** A control archive has some scripts and lists in it; more than this is made to fill the memory. */
const MOST_UNPACKED = 16 * 1024 * 1024;

type Unpack = (
  bytes: Buffer,
  options: { readonly maxOutputLength: number },
  done: (error: Error | null, unpacked: Buffer) => void,
) => void;

const isUnpack = (value: unknown): value is Unpack => typeof value === 'function';

/** What Node has of zstd depends on its version. */
const zstd: unknown = Reflect.get(zlib, 'zstdDecompress');

/** By the ending of the archive's name; the others cannot be read here. */
const ways: Readonly<Record<string, unknown>> = { gz: zlib.gunzip, zst: zstd };

/** `undefined`: nothing here can read it. `ending`: of the name, such as `gz`; empty: not compressed. */
export const unpack = async (bytes: Buffer, ending: string): Promise<Read<Buffer> | undefined> => {
  if (ending === '') return E.right(bytes);
  const way = Object.hasOwn(ways, ending) ? ways[ending] : undefined;
  if (!isUnpack(way)) return undefined;
  return new Promise((resolve) => {
    way(bytes, { maxOutputLength: MOST_UNPACKED }, (error, unpacked) => {
      resolve(
        error === null ? E.right(unpacked) : unreadable('holds an archive that is damaged or too large'),
      );
    });
  });
};
