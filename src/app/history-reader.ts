/** Which events does a store hold, in its order, one after the other? Memory holds one page, whatever the length of history. */
import * as E from 'fp-ts/lib/Either.js';
import { comparePositions, type Position, type RawEvent, type Recorded } from '../kernel/recorded.js';
import type { EventStore, StoreError } from './ports.js';

export interface HistoryReader {
  /** Undefined: no more now. Asked again, it goes on with what was written meanwhile. */
  readonly next: () => Promise<E.Either<StoreError, Recorded<RawEvent> | undefined>>;
  /** Events of the store's own that were passed over. */
  readonly passedOver: () => number;
}

const PAGE = 500;

/** Rules of streams, links and marks of deletion: they mean something in the store that made them, and nowhere else. */
const isStoresOwn = ({ stream, event }: Recorded<RawEvent>): boolean =>
  stream.startsWith('$') || event.type.startsWith('$');

/** From the first event on; to the one at `upTo`, when that is given. */
export const readHistory = (store: Pick<EventStore, 'readAll'>, upTo?: Position): HistoryReader => {
  let page: readonly Recorded<RawEvent>[] = [];
  let [at, passed] = [0, 0];
  let reached: Position = '';

  const isNew = ({ position }: Recorded<RawEvent>): boolean =>
    comparePositions(position, reached) > 0 && (upTo === undefined || comparePositions(position, upTo) <= 0);

  const turnPage = async (): Promise<E.Either<StoreError, void>> => {
    const read = await store.readAll(reached === '' ? 'start' : reached, { maxCount: PAGE })();
    if (E.isLeft(read)) return read;
    page = read.right.filter(isNew);
    at = 0;
    reached = page.at(-1)?.position ?? reached;
    return E.right(undefined);
  };

  return {
    passedOver: () => passed,
    next: async () => {
      for (;;) {
        if (at === page.length) {
          const turned = await turnPage();
          if (E.isLeft(turned)) return turned;
        }
        const event = page[at];
        if (event === undefined) return E.right(undefined);
        at += 1;
        if (!isStoresOwn(event)) return E.right(event);
        passed += 1;
      }
    },
  };
};
