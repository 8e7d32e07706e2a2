/** Can what happens be recorded? Told from the disk and from the last append, so that nobody writes an event to find out. */
import * as E from 'fp-ts/lib/Either.js';
import { comparePositions, type Position } from '../kernel/recorded.js';
import type { Clock } from '../kernel/time.js';
import type { EventStore } from './ports.js';

/** What was found where the data lies. */
export interface StorageState {
  /** Absent: not known. */
  readonly freeBytes?: number;
  /** Folders that cannot be written, by their short name, with the word of the system, e.g. `EROFS`. */
  readonly unwritable: Readonly<Record<string, string>>;
}

/** A commit has at most 4 MiB of events, and lies in the log and in the file of the store before the log is cut. */
export const ROOM_BYTES = 8_388_608;

/** Why nothing can be written there; undefined when it can. Without paths: it is told to anybody who asks. */
export const storageProblem = ({ freeBytes, unwritable }: StorageState): string | undefined => {
  const folders = Object.entries(unwritable).map(([name, why]) => `${name} (${why})`);
  if (folders.length > 0) return `folders of the data cannot be written: ${folders.join(', ')}`;
  return freeBytes !== undefined && freeBytes < ROOM_BYTES
    ? `the disk of the data is full: ${Math.floor(freeBytes / 1024)} KiB are free, ${ROOM_BYTES / 1024} KiB are needed`
    : undefined;
};

/**
 * For so long a failed append counts when none has been tried since. A server that is not ready is sent no requests, and could never
 * show that it has recovered; what the disk itself shows is looked at each time anyway.
 */
export const RECALL_MS = 60_000;

export interface WatchedAppends {
  /** The same store; its appends are watched. */
  readonly store: EventStore;
  /** The stable word of the failure that the last append met, e.g. `disk_full`; undefined when it met none. */
  readonly failing: () => string | undefined;
}

export const watchAppends = (store: EventStore, clock: Pick<Clock, 'monotonicMs'>): WatchedAppends => {
  let newest: Position = '';
  let failure: { readonly why: string; readonly atMs: number } | undefined;
  return {
    store: {
      ...store,
      append: (...asked) => {
        const append = store.append(...asked);
        return async () => {
          const done = await append();
          if (E.isLeft(done)) {
            // a refusal says that the store works, and a closed one fails for another reason
            if (done.left.code === 'store_unavailable' && done.left.why !== 'closed')
              failure = { why: done.left.why, atMs: clock.monotonicMs() };
          } else if (comparePositions(done.right.position, newest) > 0) {
            // a repeat is answered from what is there: it shows nothing of writing
            newest = done.right.position;
            failure = undefined;
          }
          return done;
        };
      },
    },
    failing: () =>
      failure !== undefined && clock.monotonicMs() - failure.atMs < RECALL_MS ? failure.why : undefined,
  };
};
