/** Which appends are to be under way together? Neighbours of one stream become one append, and no order is ever changed. */
import * as E from 'fp-ts/lib/Either.js';
import type { Entry, Side } from './compare-histories.js';
import type { Appended, EventStore, StoreError } from './ports.js';

/** Well below what one append may hold, also when a server keeps it in a form of its own. */
const APPEND_BYTES = 500_000;
const APPEND_EVENTS = 500;
/** Of all appends under way. */
const WINDOW_BYTES = 4_000_000;

export interface Append {
  readonly stream: string;
  readonly entries: Entry[];
  bytes: number;
}

export interface Window {
  readonly appends: readonly Append[];
  /** What comes after it. */
  readonly next: Entry | undefined;
}

const joins = ({ stream, entries, bytes }: Append, { event }: Entry, size: number): boolean =>
  event.stream === stream && entries.length < APPEND_EVENTS && bytes + size <= APPEND_BYTES;

/** Takes from the source at most so many appends; the first event of them is `first`. */
export const takeWindow = async (
  source: Side,
  first: Entry,
  most: number,
): Promise<E.Either<StoreError, Window>> => {
  const appends: Append[] = [];
  let [entry, bytes]: [Entry | undefined, number] = [first, 0];
  while (entry !== undefined) {
    const size = Buffer.byteLength(entry.line);
    const last = appends.at(-1);
    if (last !== undefined && joins(last, entry, size)) {
      last.entries.push(entry);
      last.bytes += size;
    } else {
      if (appends.length >= most || (appends.length > 0 && bytes + size > WINDOW_BYTES)) break;
      appends.push({ stream: entry.event.stream, entries: [entry], bytes: size });
    }
    bytes += size;
    const following = await source.next();
    if (E.isLeft(following)) return following;
    entry = following.right;
  }
  return E.right({ appends, next: entry });
};

/** Where the last event of an append has to come to lie. */
export const lastRevisionOf = ({ entries }: Append): number => entries.at(-1)?.event.revision ?? -1;

/** At its exact revision, with the ids that the events have: so a repeat changes nothing. */
export const appendTo = (
  store: Pick<EventStore, 'append'>,
  { stream, entries }: Append,
): Promise<E.Either<StoreError, Appended>> => {
  const before = (entries[0]?.event.revision ?? 0) - 1;
  return store.append(
    stream,
    entries.map(({ recorded: { id, event, metadata } }) => ({ id, event, metadata })),
    before < 0 ? 'no_stream' : before,
  )();
};
