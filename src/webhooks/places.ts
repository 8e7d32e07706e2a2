/** To which project does an event belong? Said by itself, by the first events of its stream, or by the change that it names. */
import * as E from 'fp-ts/lib/Either.js';
import type { EventStore } from '../app/ports.js';
import { StoreAway } from '../app/store-outage.js';
import type { PlaceOfWork } from '../domain/webhook-scope.js';
import { decode, type BatonEvent } from '../events/catalog.js';

export interface Places {
  /** Of the event of that revision of a stream; undefined: to none, or it is not known yet. Throws `StoreAway`. */
  readonly of: (stream: string, revision: number) => Promise<PlaceOfWork | undefined>;
}

/** Streams of which the place is remembered. */
const MOST_KNOWN = 10_000;
/** Events at the beginning of a stream: a phase may have been cancelled before it was promoted. */
const FIRST = 10;

const ownPlace = ({ data }: BatonEvent): PlaceOfWork | undefined =>
  'scope' in data && 'pipeline' in data ? { scope: data.scope, pipeline: data.pipeline } : undefined;

const changeOf = ({ data }: BatonEvent): string | undefined =>
  'changeId' in data ? data.changeId : undefined;

/** `none`: no event before that revision says it; one that comes later may. */
type Known = { readonly place: PlaceOfWork } | { readonly none: number };

export const placesIn = (store: Pick<EventStore, 'readStream'>): Places => {
  const known = new Map<string, Known>();

  const remember = (stream: string, found: Known): void => {
    known.set(stream, found);
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  };

  const beginningOf = async (
    stream: string,
  ): Promise<{ readonly events: readonly BatonEvent[]; readonly count: number }> => {
    const page = await store.readStream(stream, { maxCount: FIRST })();
    if (E.isLeft(page)) throw new StoreAway(page.left);
    const events = page.right.flatMap((recorded) => {
      const decoded = decode(recorded);
      return E.isRight(decoded) ? [decoded.right.event] : [];
    });
    return { events, count: page.right.length };
  };

  const of = async (stream: string, revision: number): Promise<PlaceOfWork | undefined> => {
    const before = known.get(stream);
    if (before !== undefined && 'place' in before) return before.place;
    if (before !== undefined && revision < before.none) return undefined;
    const { events, count } = await beginningOf(stream);
    const [own] = events.flatMap((event) => ownPlace(event) ?? []);
    const [change] = events.flatMap((event) => changeOf(event) ?? []);
    // whatever the beginning of the change says
    const place = own ?? (change === undefined ? undefined : await of(`change-${change}`, FIRST - 1));
    if (place !== undefined) remember(stream, { place });
    else if (change === undefined) remember(stream, { none: count < FIRST ? count : Infinity });
    return place;
  };

  return { of };
};
