/** How much of what is there makes a batch? Whole lines, else whole characters. Pure. */

/** Most bytes of a batch. */
export const PIECE_BYTES = 65_536;

const LINE_FEED = 10;

/** Bytes of the character that begins with this one (RFC 3629 §4); 1 for what begins none. */
const charLength = (lead: number): number => {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 1;
};

const isInside = (byte: number): boolean => byte >= 0x80 && byte <= 0xbf;

/** Without a character that has only begun. */
const wholeCharacters = (bytes: Buffer): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (!isInside(byte)) return charLength(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
};

/**
 * How many of these bytes are told now, of a log that may go on behind them; 0: wait for more. `parts`: a part of a line is told as well, as
 * is one that is longer than a batch.
 */
export const pieceLength = (bytes: Buffer, parts: boolean): number => {
  const lines = bytes.lastIndexOf(LINE_FEED) + 1;
  if (lines > 0) return lines;
  return parts || bytes.length >= PIECE_BYTES ? wholeCharacters(bytes) : 0;
};

/** How far the host has come in one log. */
export interface Cursor {
  /** Bytes that it has. */
  readonly offset: number;
  /** The line in which it goes on, from 1. */
  readonly line: number;
  /** In the middle of it. */
  readonly inside: boolean;
}

export const BEGINNING: Cursor = { offset: 0, line: 1, inside: false };

/** Behind these bytes. */
export const behind = ({ offset, line, inside }: Cursor, bytes: Buffer): Cursor => {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines++;
  return {
    offset: offset + bytes.length,
    line: line + lines,
    inside: bytes.length === 0 ? inside : bytes[bytes.length - 1] !== LINE_FEED,
  };
};

/** Bytes that are no UTF-8 become U+FFFD; a byte order mark is kept, so that nothing of the log is missing. */
export const textOf = (bytes: Buffer): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
