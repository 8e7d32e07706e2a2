/** What a store gives back: an event with the place where it was written. */
import type { Instant } from './time.js';

/**
 * Place in the order of the whole store: `commit` or `commit/prepare`, unsigned decimals. Opaque: there are gaps, so
 * only compare with `comparePositions`, never calculate.
 */
export type Position = string;

/** What accompanies each event. `$correlationId` and `$causationId` are EventStoreDB's own names. */
export interface Metadata {
  /** The phase run, change or runner that this belongs to. */
  readonly $correlationId?: string;
  /** Id of the event or command that caused this one. */
  readonly $causationId?: string;
  readonly commandId: string;
  /** Lower-case hex SHA-256 of the command's body: the same id with another body is a conflict. */
  readonly bodySha256: string;
  /** Set by the appender; kept when a store is copied. */
  readonly recordedAt: Instant;
  /** Pseudonymous subject id: a token's subject, or `baton` for what the system does itself. */
  readonly actor: string;
  /** What the person gave as reason, if any. */
  readonly reason?: string;
  /** Version of the shape of `data`, from 1. */
  readonly schema: number;
}

/** An event at its place. `data` is `unknown` until the catalogue has decoded it. */
export interface Recorded<E = unknown> {
  readonly stream: string;
  /** Place in its stream, from 0. */
  readonly revision: number;
  readonly position: Position;
  readonly id: string;
  readonly event: E;
  readonly metadata: Metadata;
}

/** An event as a store holds it, before it is known to be one of ours. */
export interface RawEvent {
  readonly type: string;
  readonly data: unknown;
}

const compareDecimals = (a: string, b: string): number =>
  a.length !== b.length ? a.length - b.length : a < b ? -1 : a > b ? 1 : 0;

/** Negative, zero or positive, as `a` lies before, at or after `b`. Decimals must have no leading zeros. */
export const comparePositions = (a: Position, b: Position): number => {
  // asked for each event and view: the embedded store's positions, which are one number, are compared as they are
  const [aSlash, bSlash] = [a.indexOf('/'), b.indexOf('/')];
  if (aSlash < 0 && bSlash < 0) return compareDecimals(a, b);
  const [aCommit, aPrepare] = aSlash < 0 ? [a, a] : [a.slice(0, aSlash), a.slice(aSlash + 1)];
  const [bCommit, bPrepare] = bSlash < 0 ? [b, b] : [b.slice(0, bSlash), b.slice(bSlash + 1)];
  return compareDecimals(aCommit, bCommit) || compareDecimals(aPrepare, bPrepare);
};
