/** Finds lines of a stored log by their numbers: to the nearest mark before the first of them, then by reading on. */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { FoundLines, LogLine } from '../app/ports.js';
import { orAbsent, readAt, type AttemptFiles } from './attempt-files.js';
import { mendLineIndex } from './line-index.js';
import { nothingMarked, mark, linesOf, markedUpTo, type Mark } from './line-marks.js';
import { fitting, withTexts, type TextBounds } from './line-texts.js';
import { openMarks, START, type Marks } from './open-marks.js';

const PIECE_BYTES = 256 * 1024;
const LINE_FEED = 10;

/** At most so many lines in one answer. */
const MOST_LINES = 10_000;
/** Lines with texts are found so many at a time, until the answer is full. */
const BLOCK_LINES = 500;

/** What is known of a log before it is read. */
interface LogExtent {
  readonly size: number;
  readonly sealed: boolean;
  /** Of the first `size` bytes; absent: to be counted. */
  readonly lines?: number;
}

/** Which lines; `texts`: with what they say. */
interface LinesWanted {
  /** From 1; negative: from the end, -1 being the last. */
  readonly from: number;
  readonly count: number;
  readonly texts?: TextBounds;
}

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

/** Where the next line feed is, from wherever one reads on; the end of the log where there is none. */
const lineFeeds = (log: FileHandle, size: number) => {
  let piece: Buffer = Buffer.alloc(0);
  let start = 0;
  return {
    /** In what was read last; undefined: not there. */
    near: (from: number): number | undefined => {
      const at = from < start || from >= start + piece.length ? -1 : piece.indexOf(LINE_FEED, from - start);
      return at === -1 ? undefined : start + at;
    },
    far: async (from: number): Promise<number> => {
      let read = from >= start && from < start + piece.length ? start + piece.length : from;
      for (; read < size; read += piece.length) {
        piece = await readAt(log, read, Math.min(PIECE_BYTES, size - read));
        start = read;
        if (piece.length === 0) break;
        const at = piece.indexOf(LINE_FEED);
        if (at !== -1) return read + at;
      }
      return size;
    },
  };
};

/**
 * Those from number `from` to `to`, of `total`. A mark right behind a line tells where that ends, as does the end of the log: a line of
 * 64 KiB or more always has one of these, so however long it is it is not read.
 */
const findLines = async (
  log: FileHandle,
  marks: Marks,
  { size, total }: { readonly size: number; readonly total: number },
  from: number,
  to: number,
): Promise<readonly LogLine[]> => {
  const items: LogLine[] = [];
  if (to < from) return items;
  let place = await marks.placeOf(from);
  let current = (await marks.at(place)) ?? START;
  let next = await marks.at(place + 1);
  let { line, offset } = current;
  const feeds = lineFeeds(log, size);
  for (; line <= to && offset < size; line++) {
    while (next !== undefined && next.line <= line) {
      current = next;
      place++;
      next = await marks.at(place + 1);
    }
    const isLast = line === total;
    const end: number =
      next?.line === line + 1
        ? next.offset - 1
        : isLast && (await readAt(log, size - 1, 1))[0] !== LINE_FEED
          ? size
          : isLast
            ? size - 1
            : (feeds.near(offset) ?? (await feeds.far(offset)));
    if (line >= from) items.push({ line, offset, length: end - offset, ...timed(current) });
    offset = end + 1;
  }
  return items;
};

/** Block by block from the side that was asked for, until the texts are too much for one answer. */
const findTexts = async (
  log: FileHandle,
  find: (from: number, to: number) => Promise<readonly LogLine[]>,
  bounds: TextBounds,
  { from, to, fromLast }: { readonly from: number; readonly to: number; readonly fromLast: boolean },
): Promise<readonly LogLine[]> => {
  let items: readonly LogLine[] = [];
  let left = bounds.answerBytes;
  for (let [low, high] = [from, to]; low <= high;) {
    const [first, last] = fromLast
      ? [Math.max(low, high - BLOCK_LINES + 1), high]
      : [low, Math.min(high, low + BLOCK_LINES - 1)];
    const block = await find(first, last);
    const { count, bytes } = fitting(block, bounds, left, fromLast);
    const told = await withTexts(
      log,
      fromLast ? block.slice(block.length - count) : block.slice(0, count),
      bounds,
    );
    items = fromLast ? [...told, ...items] : [...items, ...told];
    left -= bytes;
    if (count < block.length || block.length === 0) break;
    if (fromLast) high = first - 1;
    else low = last + 1;
  }
  return items;
};

const readLines = async (
  log: FileHandle,
  marks: Marks,
  { size, lines }: LogExtent,
  wanted: LinesWanted,
): Promise<FoundLines> => {
  const total = lines ?? (await countLines(log, marks, size));
  const fromLast = wanted.from < 0;
  const from = Math.max(1, fromLast ? total + 1 + wanted.from : wanted.from);
  const to = Math.min(total, from + Math.min(wanted.count, MOST_LINES) - 1);
  const find = (first: number, last: number): Promise<readonly LogLine[]> =>
    findLines(log, marks, { size, total }, first, last);
  if (wanted.texts === undefined) return { items: await find(from, to), lines: total };
  const items = await findTexts(log, find, wanted.texts, { from, to, fromLast });
  const count = Math.max(0, to - from + 1) - items.length;
  if (count === 0) return { items, lines: total };
  return { items, lines: total, omitted: { from: fromLast ? from : from + items.length, count } };
};

/** As far as an index goes it is believed; where it is missing the log is read, and with `mayMend` its index is made anew. */
export const linesOfLog = async (
  files: AttemptFiles,
  extent: LogExtent,
  mayMend: boolean,
  wanted: LinesWanted,
): Promise<FoundLines> => {
  const { size, sealed } = extent;
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
      return await readLines(log, marks, extent, wanted);
    } finally {
      await marks.close();
    }
  } finally {
    await log.close();
  }
};
