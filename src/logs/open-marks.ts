/** Reads the marks of one log: few of them, however many there are. */
import { open } from 'node:fs/promises';
import { orAbsent, readAt } from './attempt-files.js';
import { decodeMark, isEnd, MARK_BYTES, type EndMark, type Mark } from './line-marks.js';

const MARKS_AT_ONCE = 1024;

/** Stands for the beginning of a log whose index is not there. */
export const START: Mark = { line: 1, offset: 0, at: 0, came: 'unknown' };

/** The index of one log, of which the first `size` bytes count. */
export interface Marks {
  readonly at: (place: number) => Promise<Mark | undefined>;
  /** Place of the last mark at or before that line; -1 when there is none. */
  readonly placeOf: (line: number) => Promise<number>;
  readonly end: EndMark | undefined;
  readonly last: Mark;
  readonly close: () => Promise<void>;
}

export const openMarks = async (path: string, size: number): Promise<Marks> => {
  const file = await orAbsent(open(path, 'r'));
  const records = file === undefined ? 0 : Math.floor((await file.stat()).size / MARK_BYTES);
  let kept: { readonly from: number; readonly bytes: Buffer } | undefined;

  const record = async (place: number, from: number, ahead: number): Promise<Mark | EndMark | undefined> => {
    if (file === undefined || place < 0 || place >= records) return undefined;
    const offset = place * MARK_BYTES;
    if (kept === undefined || offset < kept.from || offset + MARK_BYTES > kept.from + kept.bytes.length) {
      const start = from * MARK_BYTES;
      kept = { from: start, bytes: await readAt(file, start, ahead * MARK_BYTES) };
    }
    return decodeMark(kept.bytes, offset - kept.from);
  };
  /** A mark that is not sound, or of bytes that do not count, is one that is not there, as are those behind it. */
  const markAt = async (place: number, from: number, ahead: number): Promise<Mark | undefined> => {
    const found = await record(place, from, ahead);
    return found === undefined || isEnd(found) || found.offset >= size ? undefined : found;
  };
  const lastWhere = async (holds: (found: Mark) => boolean): Promise<number> => {
    let [low, high] = [-1, records];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      // the last steps are in what one reading gives
      const isNear = high - low <= MARKS_AT_ONCE;
      const found = await markAt(middle, isNear ? low + 1 : middle, isNear ? high - low : 1);
      if (found !== undefined && holds(found)) low = middle;
      else high = middle;
    }
    return low;
  };
  const final = await record(records - 1, Math.max(0, records - MARKS_AT_ONCE), MARKS_AT_ONCE);
  const last = await lastWhere(() => true);
  return {
    at: (place) => markAt(place, place, MARKS_AT_ONCE),
    placeOf: (line) => lastWhere((found) => found.line <= line),
    end: final !== undefined && isEnd(final) && final.size === size ? final : undefined,
    last: (await markAt(last, last, 1)) ?? START,
    close: async () => file?.close(),
  };
};
