/**
 * Where do the lines of a log begin, and when did they come? Marks at some of them, of fixed width, from which the others are found by
 * reading on. Pure.
 *
 * A mark is made where a line begins that came 100 ms or more after the last mark, so the time of a line is exact to that; and at
 * least every 64 KiB, so that little is read to find a line. Beyond the first 1024 marks there is one per 64 bytes of the log at
 * the most: an index is never larger than a third of its log and 20 KiB, and a log that comes fast has 20 bytes per 64 KiB.
 */

/** `late`: it was there before anybody collected it, and `at` is when that was done. `unknown`: the index was made anew. */
export type Came = 'live' | 'late' | 'unknown';

export interface Mark {
  /** From 1: the line that begins at `offset`. */
  readonly line: number;
  readonly offset: number;
  /** Milliseconds since 1970 by the server's clock; 0 where unknown. */
  readonly at: number;
  readonly came: Came;
}

/** Behind the last mark of a log to which nothing will be added: how much there is. Without it an index is not complete. */
export interface EndMark {
  readonly lines: number;
  readonly size: number;
}

export const MARK_BYTES = 20;
const SPACING_BYTES = 64 * 1024;
const APART_MS = 100;
const FREE_MARKS = 1024;
const BYTES_PER_MARK = 64;

const KINDS = ['live', 'late', 'unknown'] as const;
const END = 3;

/** So that neither zeros nor a torn write pass for a mark. */
const checkOf = (record: Buffer): number => {
  let sum = 0x5a;
  for (let i = 0; i < MARK_BYTES - 1; i++) sum = (sum * 31 + (record[i] ?? 0)) & 0xff;
  return sum;
};

const record = (offset: number, line: number, at: number, kind: number): Buffer => {
  const bytes = Buffer.alloc(MARK_BYTES);
  bytes.writeUIntBE(offset, 0, 6);
  bytes.writeUIntBE(line, 6, 6);
  bytes.writeUIntBE(at, 12, 6);
  bytes.writeUInt8(kind, 18);
  bytes.writeUInt8(checkOf(bytes), 19);
  return bytes;
};

export const encodeMark = ({ line, offset, at, came }: Mark): Buffer =>
  record(offset, line, at, KINDS.indexOf(came));
export const encodeEnd = ({ lines, size }: EndMark): Buffer => record(size, lines, 0, END);

/** What stands at this place of an index; undefined when it is neither a mark nor an end. */
export const decodeMark = (bytes: Buffer, place = 0): Mark | EndMark | undefined => {
  const one = bytes.subarray(place, place + MARK_BYTES);
  if (one.length < MARK_BYTES || one[19] !== checkOf(one)) return undefined;
  const [offset, line, at, kind] = [
    one.readUIntBE(0, 6),
    one.readUIntBE(6, 6),
    one.readUIntBE(12, 6),
    one.readUInt8(18),
  ];
  if (kind === END) return { lines: line, size: offset };
  const came = KINDS[kind];
  return came === undefined ? undefined : { line, offset, at, came };
};

export const isEnd = (found: Mark | EndMark): found is EndMark => 'size' in found;

/** How many line feeds there are, four bytes at a time: a log of short lines must not wait for its index. */
export const countLineFeeds = (bytes: Buffer): number => {
  let count = 0;
  let at = 0;
  for (; at < bytes.length && ((bytes.byteOffset + at) & 3) !== 0; at++) if (bytes[at] === 10) count++;
  const whole = (bytes.length - at) >> 2;
  const words = whole === 0 ? new Int32Array(0) : new Int32Array(bytes.buffer, bytes.byteOffset + at, whole);
  for (let word = 0; word < whole;) {
    // each byte of `sums` counts for itself, up to 255
    const end = Math.min(whole, word + 255);
    let sums = 0;
    for (; word < end; word++) {
      const zeroes = (words[word] ?? 0) ^ 0x0a0a0a0a;
      const others = ((zeroes & 0x7f7f7f7f) + 0x7f7f7f7f) | zeroes | 0x7f7f7f7f;
      sums = (sums + (~others >>> 7)) | 0;
    }
    count += (sums & 255) + ((sums >>> 8) & 255) + ((sums >>> 16) & 255) + (sums >>> 24);
  }
  for (at += whole * 4; at < bytes.length; at++) if (bytes[at] === 10) count++;
  return count;
};

export interface Marking {
  readonly size: number;
  readonly lineFeeds: number;
  /** The next byte is the first of a line. */
  readonly begins: boolean;
  readonly marks: number;
  readonly last: Mark | undefined;
}

export const nothingMarked: Marking = { size: 0, lineFeeds: 0, begins: true, marks: 0, last: undefined };

/** As it is right before the line of that mark, which is the `marks`-th. */
export const markedUpTo = (last: Mark, marks: number): Marking => ({
  ...{ size: last.offset, lineFeeds: last.line - 1, begins: true, marks, last },
});

/** A line that is not ended is one as well, once it has a byte. */
export const linesOf = ({ size, lineFeeds, begins }: Marking): number =>
  size === 0 || begins ? lineFeeds : lineFeeds + 1;

const isDue = ({ last, marks }: Marking, mark: Mark): boolean => {
  if (last === undefined || mark.offset - last.offset >= SPACING_BYTES) return true;
  const isNews = mark.came !== last.came || Math.abs(mark.at - last.at) >= APART_MS;
  return isNews && marks < FREE_MARKS + mark.offset / BYTES_PER_MARK;
};

/** Takes the next bytes of a log, which came then; `marks` are those to be added. */
export const mark = (
  before: Marking,
  bytes: Buffer,
  { at, came }: Pick<Mark, 'at' | 'came'>,
): { readonly state: Marking; readonly marks: readonly Mark[] } => {
  const marks: Mark[] = [];
  let state = before;
  for (let from = 0; from < bytes.length; from += SPACING_BYTES) {
    const part = bytes.subarray(from, from + SPACING_BYTES);
    const { size, lineFeeds } = state;
    // the mark that is there already is not made again
    const isMarked = state.last?.offset === size;
    const first = state.begins && !isMarked ? 0 : part.indexOf(10) + 1;
    const isThere = first < part.length && (first > 0 || (state.begins && !isMarked));
    const candidate: Mark = { line: lineFeeds + (first > 0 ? 2 : 1), offset: size + first, at, came };
    const isTaken = isThere && isDue(state, candidate);
    if (isTaken) marks.push(candidate);
    state = {
      size: size + part.length,
      lineFeeds: lineFeeds + countLineFeeds(part),
      begins: part[part.length - 1] === 10,
      marks: state.marks + (isTaken ? 1 : 0),
      last: isTaken ? candidate : state.last,
    };
  }
  return { state, marks };
};
