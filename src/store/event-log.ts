/** What must an embedded log be able to answer at once, so that all else (rules, paging, subscriptions) is written only once? */
import type { StoreFilter } from '../app/ports.js';
import type { RawEvent, Recorded } from '../kernel/recorded.js';

export type Direction = 'forwards' | 'backwards';

/** Where an event lies: in its stream from 0, in the store from 1. */
export interface Place {
  readonly revision: number;
  readonly position: number;
}

/** What the rules of an append need to know of a stream. */
export interface StreamIndex {
  /** The last event of a stream; undefined when it has none. */
  readonly lastOf: (stream: string) => Place | undefined;
  /** The event at a revision: its id and position. */
  readonly idAt: (
    stream: string,
    revision: number,
  ) => { readonly id: string; readonly position: number } | undefined;
  /** How many events later reads see; undefined when all. */
  readonly keptOf: (stream: string) => number | undefined;
}

/** Everything here is synchronous and may throw; what it throws is told by `toStoreError`. */
export interface EventLog extends StreamIndex {
  /** Position of the last event, 0 in an empty store. */
  readonly head: () => number;
  /** Revisions low..high, both inclusive. Knows nothing of what `keepLast` hides. */
  readonly streamRange: (
    stream: string,
    low: number,
    high: number,
    direction: Direction,
    limit: number,
  ) => readonly Recorded<RawEvent>[];
  /** Positions low..high, both inclusive, without what the filter or `keepLast` hides. */
  readonly range: (
    low: number,
    high: number,
    direction: Direction,
    limit: number,
    filter: StoreFilter | undefined,
  ) => readonly Recorded<RawEvent>[];
}
