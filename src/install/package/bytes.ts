/** A file as its readers see it: a size, and some bytes of it at a time. Everything that a file says of itself is doubted. */
import * as E from 'fp-ts/lib/Either.js';

export interface Bytes {
  readonly size: number;
  /** As many as there are, at most `length`. May reject when the disk fails. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
}

/** Why a package cannot be read: the end of a sentence that begins with the file. */
export type Unreadable = string;

export type Read<A> = E.Either<Unreadable, A>;

export const unreadable = (why: Unreadable): E.Either<Unreadable, never> => E.left(why);

/** Exactly so many bytes from there on. */
export const exactly = async (
  { size, read }: Bytes,
  offset: number,
  length: number,
): Promise<Read<Buffer>> => {
  if (!Number.isSafeInteger(offset + length) || offset < 0 || length < 0 || offset + length > size)
    return unreadable('ends before what it announces');
  const found = await read(offset, length);
  return found.length === length ? E.right(found) : unreadable('ends before what it announces');
};

export const bytesOf = (buffer: Buffer): Bytes => ({
  size: buffer.length,
  read: (offset, length) => Promise.resolve(buffer.subarray(offset, offset + length)),
});
