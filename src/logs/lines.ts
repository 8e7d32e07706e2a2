/** Finds lines of a stored log by their numbers: to the nearest mark before the first of them, then by reading on. */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { LogLine } from '../app/ports.js';
import { orAbsent, readAt, type AttemptFiles } from './attempt-files.js';
import { mendLineIndex } from './line-index.js';
import {
  decodeMark,
  isEnd,
  MARK_BYTES,
  nothingMarked,
  mark,
  linesOf,
  markedUpTo,
  type EndMark,
  type Mark,
} from './line-marks.js';

const PIECE_BYTES = 256 * 1024;
const MARKS_AT_ONCE = 1024;

/** At most so many lines in one answer. */
export const MOST_LINES = 10_000;

export interface FoundLines {
  readonly items: readonly LogLine[];
  /** How many there are now. */
  readonly lines: number;
}

/** Stands for the beginning of a log whose index is not there. */
const START: Mark = { line: 1, offset: 0, at: 0, came: 'unknown' };

/** The index of one log, of which the first `size` bytes count. */
interface Marks {
  readonly at: (place: number) => Promise<Mark | undefined>;
  /** Place of the last mark at or before that line; -1 when there is none. */
  readonly placeOf: (line: number) => Promise<number>;
  readonly end: EndMark | undefined;
  readonly last: Mark;
  readonly close: () => Promise<void>;
}

const openMarks = async (path: string, size: number): Promise<Marks> => {
  const file = await orAbsent(open(path, 'r'));
  const records = file === undefined ? 0 : Math.floor((await file.stat()).size / MARK_BYTES);
  let kept: { readonly from: number; readonly bytes: Buffer } | undefined;

  const record = async (place: number, ahead: number): Promise<Mark | EndMark | undefined> => {
    if (file === undefined || place < 0 || place >= records) return undefined;
    const offset = place * MARK_BYTES;
    if (kept === undefined || offset < kept.from || offset + MARK_BYTES > kept.from + kept.bytes.length)
      kept = { from: offset, bytes: await readAt(file, offset, ahead * MARK_BYTES) };
    return decodeMark(kept.bytes, offset - kept.from);
  };
  /** A mark that is not sound, or of bytes that do not count, is one that is not there, as are those behind it. */
  const markAt = async (place: number, ahead: number): Promise<Mark | undefined> => {
    const found = await record(place, ahead);
    return found === undefined || isEnd(found) || found.offset >= size ? undefined : found;
  };
  const lastWhere = async (holds: (found: Mark) => boolean): Promise<number> => {
    let [low, high] = [-1, records];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const found = await markAt(middle, 1);
      if (found !== undefined && holds(found)) low = middle;
      else high = middle;
    }
    return low;
  };
  const final = await record(records - 1, 1);
  return {
    at: (place) => markAt(place, MARKS_AT_ONCE),
    placeOf: (line) => lastWhere((found) => found.line <= line),
    end: final !== undefined && isEnd(final) && final.size === size ? final : undefined,
    last: (await markAt(await lastWhere(() => true), 1)) ?? START,
    close: async () => file?.close(),
  };
};

/** Lines so far, by reading from the last mark on. */
const countLines = async (log: FileHandle, { end, last }: Marks, size: number): Promise<number> => {
  if (end !== undefined) return end.lines;
  let state = last.offset === 0 ? nothingMarked : markedUpTo(last, 0);
  while (state.size < size) {
    const piece = await readAt(log, state.size, Math.min(PIECE_BYTES, size - state.size));
    if (piece.length === 0) break;
    state = mark(state, piece, last).state;
  }
  return linesOf(state);
};

const timed = ({ at, came }: Mark): Pick<LogLine, 'receivedAt' | 'collectedLate'> => ({
  ...(came === 'unknown' ? {} : { receivedAt: new Date(at).toISOString() }),
  ...(came === 'late' ? { collectedLate: true } : {}),
});

/** Up to `count` lines from number `from` on, of the first `size` bytes of a log; and how many lines these have. */
const readLines = async (
  log: FileHandle,
  marks: Marks,
  size: number,
  from: number,
  count: number,
): Promise<FoundLines> => {
  const items: LogLine[] = [];
  let place = await marks.placeOf(from);
  let current = (await marks.at(place)) ?? START;
  let next = await marks.at(place + 1);
  let { line, offset } = current;
  const add = async (length: number): Promise<void> => {
    while (next !== undefined && next.line <= line) {
      current = next;
      place++;
      next = await marks.at(place + 1);
    }
    if (line >= from) items.push({ line, offset, length, ...timed(current) });
  };

  let read = offset;
  while (items.length < count && read < size) {
    const piece = await readAt(log, read, Math.min(PIECE_BYTES, size - read));
    if (piece.length === 0) break;
    for (let at = piece.indexOf(10); at !== -1 && items.length < count; at = piece.indexOf(10, at + 1)) {
      await add(read + at - offset);
      line++;
      offset = read + at + 1;
    }
    read += piece.length;
  }
  // the last one may have no end yet
  if (items.length < count && offset < size && read >= size) await add(size - offset);
  return { items, lines: await countLines(log, marks, size) };
};

/** As far as an index goes it is believed; where it is missing the log is read, and with `mayMend` its index is made anew. */
export const linesOfLog = async (
  files: AttemptFiles,
  { size, sealed }: { readonly size: number; readonly sealed: boolean },
  mayMend: boolean,
  from: number,
  count: number,
): Promise<FoundLines> => {
  const log = await orAbsent(open(files.log, 'r'));
  if (log === undefined) return { items: [], lines: 0 };
  try {
    let marks = await openMarks(files.index, size);
    if (marks.end === undefined && sealed && mayMend) {
      await marks.close();
      // without it the answer is the same, and takes longer
      await mendLineIndex(files.index, log, size).catch(() => undefined);
      marks = await openMarks(files.index, size);
    }
    try {
      return await readLines(log, marks, size, from, Math.min(count, MOST_LINES));
    } finally {
      await marks.close();
    }
  } finally {
    await log.close();
  }
};
