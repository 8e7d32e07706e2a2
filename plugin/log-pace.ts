/** When may a log be told on, and how much of it: lines as they end, little of it a few times a second, and a line that does not end after a while. */
import { PIECE_BYTES, pieceLength } from './log-pieces.js';

/** Little output is told no more often than this. */
export const APART_MS = 250;
/** So long a line that is not ended is waited for. */
const PART_MS = 1000;

/** How much of what was read is told, and whether nothing follows it. */
export interface Piece {
  readonly length: number;
  readonly final: boolean;
}

/** What is known of an output that is told now. Instants are monotonic, in milliseconds. */
export interface Seen {
  /** Bytes that are stored, as far as was heard. */
  size: number;
  /** What there was when a line had not ended, and since when; `stuck`: not even a character of it has. */
  part?: { readonly size: number; readonly since: number; readonly stuck: boolean };
  /** What was told and not taken: it comes again as it was. */
  again?: Piece;
}

/** When it may be told on, behind that byte; undefined: nothing came. `over`: nothing is written to it any more. */
export const dueAt = (
  { size, part }: Seen,
  {
    offset,
    over,
    notBefore,
  }: { readonly offset: number; readonly over: boolean; readonly notBefore: number },
): number | undefined => {
  if (over) return 0;
  if (size <= offset) return undefined;
  if (size - offset >= PIECE_BYTES) return 0;
  if (part?.size !== size) return notBefore;
  return part.stuck ? undefined : part.since + PART_MS;
};

/** How much of what was read is told now; undefined: wait for more, which is remembered. `isRest`: nothing follows these bytes. */
export const pieceOf = (
  seen: Seen,
  {
    bytes,
    size,
    isRest,
    now,
  }: {
    readonly bytes: Buffer;
    readonly size: number;
    readonly isRest: boolean;
    readonly now: number;
  },
): Piece | undefined => {
  if (seen.again !== undefined) return seen.again;
  if (isRest) return { length: bytes.length, final: true };
  const since = seen.part?.since ?? now;
  const parts = now - since >= PART_MS;
  const length = pieceLength(bytes, parts);
  if (length > 0) return { length, final: false };
  seen.part = { size, since, stuck: parts };
  return undefined;
};
