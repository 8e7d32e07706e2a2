/** The lines of a log that are here. They come in any order, are kept in chunks, and chunks that nobody has looked at for long go first. */
import { markersOf, type MarkedRow } from './groups.js';
import { plain, sameSgr, type Sgr } from './sgr.js';
import { styleAfter } from './paint.js';

export const CHUNK = 500;
/** Of at most 4 MiB each, mostly of 50 KiB. */
const CHUNKS_KEPT = 40;

export interface LogRow {
  /** From 1. */
  readonly line: number;
  readonly offset: number;
  /** Bytes, without the line feed. */
  readonly length: number;
  readonly text: string;
  readonly cut?: true;
  readonly receivedAt?: string;
  readonly collectedLate?: true;
  /** It came as bytes of the stream: when the server had received it is not known here. */
  readonly untimed?: true;
}

interface Chunk {
  readonly rows: (LogRow | undefined)[];
  /** How many of them are there. */
  have: number;
  /** Style at the beginning of each row, as far as it is known. */
  styles: Sgr[];
  marked: MarkedRow[] | undefined;
  used: number;
}

export interface Rows {
  readonly get: (line: number) => LogRow | undefined;
  /** Replaces a row unless the one that is there knows more of it. */
  readonly put: (rows: readonly LogRow[]) => void;
  /**
   * The style at the beginning of a line. Where the lines before it are not here it begins anew: what was set long before a place that a
   * reader jumps to is not known, and to read all before it would cost more than a colour is worth.
   */
  readonly styleAt: (line: number) => Sgr;
  /** Lines from … to that have rows one after the other, with the rows that have markers. */
  readonly stretches: () => readonly {
    readonly rows: readonly MarkedRow[];
    readonly from: number;
    readonly to: number;
  }[];
  readonly clear: () => void;
}

const chunkOf = (line: number): number => Math.floor((line - 1) / CHUNK);
const placeOf = (line: number): number => (line - 1) % CHUNK;

/** More bytes of the line, or the same with its time. */
const isBetter = (news: LogRow, known: LogRow): boolean =>
  news.length > known.length || (news.length === known.length && news.untimed !== true);

/** When its first byte came stays true as it grows. */
const whenOf = (known: LogRow | undefined): Pick<LogRow, 'receivedAt' | 'collectedLate'> => ({
  ...(known?.receivedAt === undefined ? {} : { receivedAt: known.receivedAt }),
  ...(known?.collectedLate === undefined ? {} : { collectedLate: known.collectedLate }),
});

const markedOf = ({ line, text, receivedAt }: LogRow): MarkedRow[] => {
  const markers = markersOf(text);
  if (markers.length === 0) return [];
  return [{ line, markers, ...(receivedAt === undefined ? {} : { receivedAt }) }];
};

export const createRows = (): Rows => {
  const chunks = new Map<number, Chunk>();
  let clock = 0;

  const touched = (number: number): Chunk => {
    const known = chunks.get(number) ?? { rows: [], have: 0, styles: [], marked: undefined, used: 0 };
    known.used = ++clock;
    if (chunks.size === CHUNKS_KEPT && !chunks.has(number)) {
      let oldest: [number, Chunk] | undefined;
      for (const entry of chunks) if (oldest === undefined || entry[1].used < oldest[1].used) oldest = entry;
      if (oldest !== undefined) chunks.delete(oldest[0]);
    }
    chunks.set(number, known);
    return known;
  };

  /** Style at the beginning of the row at this place, or of the chunk that follows. */
  const styleIn = (number: number, place: number): Sgr => {
    const chunk = chunks.get(number);
    if (chunk === undefined) return plain;
    const before = chunks.get(number - 1);
    const start = before?.have === CHUNK ? styleIn(number - 1, CHUNK) : plain;
    if (chunk.styles[0] === undefined || !sameSgr(chunk.styles[0], start)) chunk.styles = [start];
    const { styles, rows } = chunk;
    while (styles.length <= place) {
      const at = styles.length - 1;
      const row = rows[at];
      styles.push(row === undefined ? plain : styleAfter(row.text, styles[at] ?? plain));
    }
    return styles[place] ?? plain;
  };

  return {
    get: (line) => {
      const chunk = chunks.get(chunkOf(line));
      const row = chunk?.rows[placeOf(line)];
      if (chunk !== undefined && row !== undefined) chunk.used = ++clock;
      return row;
    },
    put: (rows) => {
      for (const row of rows) {
        const chunk = touched(chunkOf(row.line));
        const place = placeOf(row.line);
        const known = chunk.rows[place];
        if (known !== undefined && !isBetter(row, known)) continue;
        if (known === undefined) chunk.have += 1;
        if (known?.text !== row.text) chunk.styles.length = Math.min(chunk.styles.length, place + 1);
        chunk.rows[place] = { ...whenOf(known), ...row };
        chunk.marked = undefined;
      }
    },
    styleAt: (line) => styleIn(chunkOf(line), placeOf(line)),
    stretches: () => {
      const found: { rows: MarkedRow[]; from: number; to: number }[] = [];
      for (const number of [...chunks.keys()].sort((a, b) => a - b)) {
        const chunk = chunks.get(number);
        if (chunk === undefined) continue;
        chunk.marked ??= chunk.rows.flatMap((row) => (row === undefined ? [] : markedOf(row)));
        let marked = 0;
        for (let place = 0; place < chunk.rows.length; place++) {
          if (chunk.rows[place] === undefined) continue;
          const line = number * CHUNK + place + 1;
          const last = found.at(-1);
          const stretch = last?.to === line - 1 ? last : { rows: [], from: line, to: line };
          if (stretch !== last) found.push(stretch);
          stretch.to = line;
          if (chunk.marked[marked]?.line === line) {
            const row = chunk.marked[marked++];
            if (row !== undefined) stretch.rows.push(row);
          }
        }
      }
      return found;
    },
    clear: () => chunks.clear(),
  };
};
