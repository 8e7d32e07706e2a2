/** Do two stores hold the same events in the same order, as far as the second one goes? Read once, side by side. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { RawEvent, Recorded } from '../kernel/recorded.js';
import { copiedEvent, lineOf, type CopiedEvent } from './copied-event.js';
import { readHistory, type HistoryReader } from './history-reader.js';
import type { EventStore, StoreError } from './ports.js';

export interface Entry {
  readonly event: CopiedEvent;
  readonly line: string;
  readonly recorded: Recorded<RawEvent>;
}

/** A history that is read on, and what was read of it so far. */
export interface Side {
  readonly next: () => Promise<E.Either<StoreError, Entry | undefined>>;
  readonly events: () => number;
  /** Lower-case hex SHA-256 over the line of every event, each followed by a line feed. */
  readonly digest: () => string;
}

const sideOf = (read: HistoryReader, revisionOf: (recorded: Recorded<RawEvent>) => number): Side => {
  const hash = createHash('sha256');
  let events = 0;
  return {
    next: async () => {
      const found = await read.next();
      if (E.isLeft(found) || found.right === undefined) return E.map(() => undefined)(found);
      const event = copiedEvent(found.right, revisionOf(found.right));
      const line = lineOf(event);
      hash.update(`${line}\n`);
      events += 1;
      return E.right({ event, line, recorded: found.right });
    },
    events: () => events,
    digest: () => hash.copy().digest('hex'),
  };
};

export interface Source extends Side {
  readonly streams: () => number;
  /** Streams whose revisions a copy cannot keep. */
  readonly renumbered: () => readonly string[];
  /** Events of the store's own that were passed over. */
  readonly leftOut: () => number;
}

/** What is to be copied. Events of a stream are counted anew, since no store lets a stream begin above revision 0. */
export const sourceOf = (store: Pick<EventStore, 'readAll'>, upTo: string): Source => {
  const read = readHistory(store, upTo);
  const counts = new Map<string, number>();
  const renumbered = new Set<string>();
  const revisionOf = ({ stream, revision }: Recorded<RawEvent>): number => {
    const counted = counts.get(stream) ?? 0;
    counts.set(stream, counted + 1);
    if (counted !== revision) renumbered.add(stream);
    return counted;
  };
  return {
    ...sideOf(read, revisionOf),
    streams: () => counts.size,
    renumbered: () => [...renumbered],
    leftOut: read.passedOver,
  };
};

export const targetOf = (store: Pick<EventStore, 'readAll'>): Side =>
  sideOf(readHistory(store), ({ revision }) => revision);

export interface Compared {
  /** The first event of the source that the target does not have, or has another one for. */
  readonly next: Entry | undefined;
  /** In its place. */
  readonly instead: Entry | undefined;
}

/** Reads both until the target ends, or one event differs. */
export const compareHistories = async (
  source: Side,
  target: Side,
  told: (events: number) => void,
): Promise<E.Either<{ readonly side: 'from' | 'to'; readonly error: StoreError }, Compared>> => {
  for (;;) {
    const expected = await source.next();
    if (E.isLeft(expected)) return E.left({ side: 'from', error: expected.left });
    const found = await target.next();
    if (E.isLeft(found)) return E.left({ side: 'to', error: found.left });
    if (found.right === undefined || found.right.line !== expected.right?.line)
      return E.right({ next: expected.right, instead: found.right });
    told(target.events());
  }
};
