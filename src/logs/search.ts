/** Searches the file of a log from end to end, piece by piece, so that nobody waits for it and little memory is needed. */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { LogMatches, SearchWanted } from '../app/ports.js';
import { orAbsent } from './attempt-files.js';
import { BEGINNING, type LineSearch, type MatchMark } from './search-found.js';

/** What is looked at without a pause; longer lines are taken in parts. Takes 1 or 2 ms. */
export const SEARCH_PIECE_BYTES = 256 * 1024;
const LINE_FEED = 10;

/** What is remembered of a search through a log that stays as it is. */
export interface Known {
  readonly lines: number;
  readonly matches: number;
  readonly marks: readonly MatchMark[];
  readonly cutLines: number;
}

/** What was found, and what to remember of it. */
export interface Searched extends LogMatches {
  readonly known: Known;
}

const MOST_KNOWN = 64;

/** The last few searches; the next page of one does not begin at the beginning. */
export const knownSearches = () => {
  const kept = new Map<string, Known>();
  return {
    of: (key: string): Known | undefined => {
      const known = kept.get(key);
      if (known === undefined) return undefined;
      kept.delete(key);
      kept.set(key, known);
      return known;
    },
    keep: (key: string, known: Known): void => {
      kept.set(key, known);
      const [oldest] = kept.keys();
      if (kept.size > MOST_KNOWN && oldest !== undefined) kept.delete(oldest);
    },
  };
};

/**
 * The bytes from `from` to `size` in pieces; the next is read while one is looked at. Before each there is room for as many bytes that were
 * not used up: `rest` is put there.
 */
async function* piecesOf(
  log: FileHandle,
  from: number,
  size: number,
  pieceBytes: number,
): AsyncGenerator<(rest: Buffer) => Buffer, void, undefined> {
  const buffers = [Buffer.allocUnsafe(2 * pieceBytes), Buffer.allocUnsafe(2 * pieceBytes)] as const;
  const read = async (buffer: Buffer, at: number): Promise<number> => {
    const { bytesRead } = await log.read(buffer, pieceBytes, Math.min(pieceBytes, size - at), at);
    return bytesRead;
  };
  let [current, other] = buffers;
  let reading = read(current, from);
  try {
    for (let at = from; at < size;) {
      const length = await reading;
      // shorter than was said: somebody cut the file
      if (length === 0) return;
      at += length;
      const piece = current;
      yield (rest) => {
        rest.copy(piece, pieceBytes - rest.length);
        // only now: `rest` is in the other buffer
        if (at < size) reading = read(other, at);
        return piece.subarray(pieceBytes - rest.length, pieceBytes + length);
      };
      [current, other] = [other, current];
    }
  } finally {
    // who leaves closes the file, and not under what is still being read
    await reading.catch(() => undefined);
  }
}

/** Cuts pieces into whole lines and parts of long ones. `enough`: the rest is known. */
const searchPieces = async (
  pieces: AsyncIterable<(rest: Buffer) => Buffer>,
  pieceBytes: number,
  search: LineSearch,
  enough: () => boolean,
  signal: AbortSignal,
): Promise<void> => {
  let rest: Buffer = Buffer.alloc(0);
  let isLong = false;
  for await (const joined of pieces) {
    if (signal.aborted || enough()) return;
    let bytes = joined(rest);
    if (isLong) {
      const feed = bytes.indexOf(LINE_FEED);
      search.part(feed === -1 ? bytes : bytes.subarray(0, feed));
      if (feed === -1) continue;
      search.endOfParts(1);
      isLong = false;
      bytes = bytes.subarray(feed + 1);
    }
    const whole = bytes.lastIndexOf(LINE_FEED) + 1;
    if (whole > 0) search.lines(bytes.subarray(0, whole));
    rest = bytes.subarray(whole);
    if (rest.length < pieceBytes) continue;
    search.part(rest);
    isLong = true;
    rest = rest.subarray(rest.length);
  }
  if (isLong) search.endOfParts(0);
  else if (rest.length > 0) search.lines(rest);
};

/** The last mark at or before that line. */
const markFor = (marks: readonly MatchMark[], line: number): MatchMark =>
  marks.findLast((mark) => mark.line <= line) ?? BEGINNING;

/** Of the first `size` bytes of the file. `begin` makes what looks at the lines from a mark on. Undefined when the signal came first. */
export const searchLog = async (
  file: string,
  size: number,
  { from }: Pick<SearchWanted, 'from'>,
  begin: (start: MatchMark) => LineSearch,
  known: Known | undefined,
  signal: AbortSignal,
  pieceBytes = SEARCH_PIECE_BYTES,
): Promise<Searched | undefined> => {
  const log = await orAbsent(open(file, 'r'));
  const start = known === undefined ? BEGINNING : markFor(known.marks, from);
  const search = begin(start);
  const isKnown = (): boolean => {
    const { lines, isMore } = search.found();
    return known !== undefined && (isMore || start.nth + lines === known.lines);
  };
  try {
    if (log !== undefined && !isKnown())
      await searchPieces(piecesOf(log, start.offset, size, pieceBytes), pieceBytes, search, isKnown, signal);
  } finally {
    await log?.close();
  }
  if (signal.aborted) return undefined;
  const { isMore, ...counted } = search.found();
  const all = known ?? { ...counted, marks: search.marks(), cutLines: search.cutLines() };
  const items = search.items();
  const last = items.at(-1);
  return {
    items,
    total: { lines: all.lines, matches: all.matches },
    ...(isMore && last !== undefined ? { next: last.line + 1 } : {}),
    ...(all.cutLines > 0 ? { cutLines: all.cutLines } : {}),
    known: all,
  };
};
