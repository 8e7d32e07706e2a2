/** What lines say: the beginning of each, read from the log, with a bound for all of them together. */
import type { FileHandle } from 'node:fs/promises';
import type { LogLine } from '../app/ports.js';
import { readAt } from './attempt-files.js';

/** How much of one line is told, and of all lines of one answer, in bytes of the log: of one no more than of all. */
export interface TextBounds {
  readonly lineBytes: number;
  readonly answerBytes: number;
}

export const usualBounds: TextBounds = { lineBytes: 8192, answerBytes: 4 * 1024 * 1024 };

/** What lies closer together than this is read at once, and no more than so much at once. */
const GAP_BYTES = 8192;
const RUN_BYTES = 256 * 1024;

/** A character that is cut at the end is left out; bytes that are none become U+FFFD. */
const decoded = (bytes: Buffer, isCut: boolean): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: isCut });

/** How many of the lines, from the first or from the last on, fit into so many bytes. */
export const fitting = (
  lines: readonly LogLine[],
  { lineBytes }: TextBounds,
  bytes: number,
  fromLast: boolean,
): { readonly count: number; readonly bytes: number } => {
  let count = 0;
  let taken = 0;
  for (const { length } of fromLast ? [...lines].reverse() : lines) {
    const cost = Math.min(length, lineBytes);
    if (taken + cost > bytes) break;
    taken += cost;
    count++;
  }
  return { count, bytes: taken };
};

/** The same lines, each with its text. */
export const withTexts = async (
  log: FileHandle,
  lines: readonly LogLine[],
  { lineBytes }: TextBounds,
): Promise<readonly LogLine[]> => {
  const told: LogLine[] = [];
  for (let first = 0; first < lines.length;) {
    const start = lines[first]?.offset ?? 0;
    let end = start;
    let next = first;
    for (; next < lines.length; next++) {
      const { offset, length } = lines[next] ?? { offset: 0, length: 0 };
      const until = offset + Math.min(length, lineBytes);
      if (next > first && (offset - end > GAP_BYTES || until - start > RUN_BYTES)) break;
      end = until;
    }
    const bytes = await readAt(log, start, end - start);
    for (const line of lines.slice(first, next)) {
      const from = line.offset - start;
      const isCut = line.length > lineBytes;
      const text = decoded(bytes.subarray(from, from + Math.min(line.length, lineBytes)), isCut);
      told.push({ ...line, text, ...(isCut ? { cut: true } : {}) });
    }
    first = next;
  }
  return told;
};
