/** To which project does an event belong? Said by itself, by the first events of its stream, or by the change that it names. */
import * as E from 'fp-ts/lib/Either.js';
import { StoreFailed } from '../app/follow-store.js';
import type { EventStore } from '../app/ports.js';
import type { PlaceOfWork } from '../domain/webhook-scope.js';
import { decode, type BatonEvent } from '../events/catalog.js';

export interface Places {
  /** Of the events of a stream; undefined: to none, or it is not known yet. Throws `StoreFailed`. */
  readonly of: (stream: string) => Promise<PlaceOfWork | undefined>;
}

/** Streams of which the place is remembered. */
const MOST_KNOWN = 10_000;
/** Events at the beginning of a stream: a phase may have been cancelled before it was promoted. */
const FIRST = 10;

const ownPlace = ({ data }: BatonEvent): PlaceOfWork | undefined =>
  'scope' in data && 'pipeline' in data ? { scope: data.scope, pipeline: data.pipeline } : undefined;

const changeOf = ({ data }: BatonEvent): string | undefined =>
  'changeId' in data ? data.changeId : undefined;

export const placesIn = (store: Pick<EventStore, 'readStream'>): Places => {
  const known = new Map<string, PlaceOfWork>();

  const remember = (stream: string, place: PlaceOfWork): PlaceOfWork => {
    known.set(stream, place);
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    return place;
  };

  const beginningOf = async (stream: string): Promise<readonly BatonEvent[]> => {
    const page = await store.readStream(stream, { maxCount: FIRST })();
    if (E.isLeft(page)) throw new StoreFailed(page.left);
    return page.right.flatMap((recorded) => {
      const decoded = decode(recorded);
      return E.isRight(decoded) ? [decoded.right.event] : [];
    });
  };

  const of = async (stream: string): Promise<PlaceOfWork | undefined> => {
    const found = known.get(stream);
    if (found !== undefined) return found;
    const events = await beginningOf(stream);
    const [own] = events.flatMap((event) => ownPlace(event) ?? []);
    const [change] = events.flatMap((event) => changeOf(event) ?? []);
    const place = own ?? (change === undefined ? undefined : await of(`change-${change}`));
    return place && remember(stream, place);
  };

  return { of };
};
