/** Was this id appended to this stream a short while ago? Best effort and bounded: forgotten after a restart, as in EventStoreDB. */
import type { Place } from './event-log.js';
import { recently } from './recent.js';

/** EventStoreDB keeps 8 MiB; this is about as much. */
const CAPACITY = 16_384;

export interface RecentIds {
  readonly find: (stream: string, id: string) => Place | undefined;
  readonly add: (stream: string, id: string, place: Place) => void;
  /** After a failed commit nothing of it can be relied on. */
  readonly clear: () => void;
}

/** An empty memory of at least the last `capacity` ids. */
export const recentIds = (capacity = CAPACITY): RecentIds => {
  const { get, set, clear } = recently<Place>(capacity);
  // the length says where the id ends, whatever either holds
  const keyOf = (stream: string, id: string): string => `${String(id.length)}:${id}${stream}`;
  return {
    find: (stream, id) => get(keyOf(stream, id)),
    add: (stream, id, place) => {
      set(keyOf(stream, id), place);
    },
    clear,
  };
};
