/** What can go wrong in an embedded store, as values with a sentence; the one place where foreign errors become ours. */
import type { StoreError } from '../app/ports.js';
import { FULL, IO_ERROR, NOT_A_DATABASE, CORRUPT, sqliteCode } from './driver-errors.js';

/** A stored event whose hash does not match what it says; thrown by a log while reading, told as `store_unavailable`. */
export class DamagedEvent extends Error {
  readonly stream: string;
  readonly revision: number;

  constructor(stream: string, revision: number, position: number) {
    super(
      `event ${String(revision)} of stream ${JSON.stringify(stream)} (position ${String(position)}) was expected to match its ` +
        'recorded SHA-256, but it does not: the file was changed or damaged; restore events.db from a backup',
    );
    this.name = 'DamagedEvent';
    this.stream = stream;
    this.revision = revision;
  }
}

/** A `store_unavailable` with its stable word and sentence. */
export const unavailable = (why: string, message: string, cause?: unknown): StoreError => ({
  code: 'store_unavailable',
  why,
  message,
  ...(cause === undefined ? {} : { cause }),
});

/** For every use after `close`. */
export const closedError = (): StoreError =>
  unavailable('closed', 'the event store was expected to be open, but it has been closed; open it again');

/** A position that is none. */
export const badPosition = (position: string): StoreError =>
  unavailable(
    'bad_position',
    `expected a position such as 42, found ${JSON.stringify(position.slice(0, 60))}; use one that the store gave`,
  );

const detail = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Turns whatever a log threw into ours; the original stays as `cause`. */
export const toStoreError = (error: unknown): StoreError => {
  if (error instanceof DamagedEvent) return unavailable('damaged', error.message, error);
  switch (sqliteCode(error)) {
    case FULL:
      return unavailable(
        'disk_full',
        'room for the events was expected, but the disk (or quota) is full; nothing acknowledged is lost: free space and retry',
        error,
      );
    case CORRUPT:
    case NOT_A_DATABASE:
      return unavailable(
        'damaged',
        'a sound SQLite file was expected, but events.db is damaged; restore it from a backup',
        error,
      );
    case IO_ERROR:
    default:
      return unavailable(
        'io',
        `the event store's file was expected to be readable and writable, but: ${detail(error)}; look at the disk, then retry`,
        error,
      );
  }
};
