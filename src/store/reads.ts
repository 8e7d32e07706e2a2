/** How are long reads answered without holding up everything else? In pages, with a turn of the event loop between them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { EventStore, StoreError } from '../app/ports.js';
import type { RawEvent, Recorded } from '../kernel/recorded.js';
import { badPosition, closedError, toStoreError } from './errors.js';
import type { Direction, EventLog } from './event-log.js';
import { placeOf } from './positions.js';

/** Places looked at in one go; a few milliseconds of work. */
export const PAGE = 512;
const DEFAULT_MAX_COUNT = 500;

type Events = readonly Recorded<RawEvent>[];

/** Throws on what is no count: a bug of the caller. */
export const checkedCount = (maxCount: number): number => {
  if (Number.isNaN(maxCount) || maxCount < 0)
    throw new RangeError(`maxCount must not be negative: ${String(maxCount)}`);
  return Math.floor(maxCount);
};

/** Walks the places low..high page by page until `wanted` events are found. */
const collect = async (
  low: number,
  high: number,
  direction: Direction,
  wanted: number,
  isClosed: () => boolean,
  page: (low: number, high: number, limit: number) => Events,
): Promise<E.Either<StoreError, Events>> => {
  const found: Recorded<RawEvent>[] = [];
  let [from, to] = [low, high];
  try {
    while (from <= to && found.length < wanted) {
      if (isClosed()) return E.left(closedError());
      const [start, end] =
        direction === 'forwards'
          ? [from, Math.min(to, from + PAGE - 1)]
          : [Math.max(from, to - PAGE + 1), to];
      for (const event of page(start, end, Math.min(PAGE, wanted - found.length))) found.push(event);
      if (direction === 'forwards') from = end + 1;
      else to = start - 1;
      if (from <= to && found.length < wanted) await nextTurn();
    }
    return E.right(found);
  } catch (error) {
    return E.left(toStoreError(error));
  }
};

/** The reading half of a store over a log. */
export const readsOf = (
  log: EventLog,
  isClosed: () => boolean,
): Pick<EventStore, 'readStream' | 'readAll' | 'head'> => {
  const readStream: EventStore['readStream'] = (stream, options = {}) => {
    const { direction = 'forwards', from } = options;
    const wanted = checkedCount(options.maxCount ?? Infinity);
    return async () => {
      if (isClosed()) return E.left(closedError());
      try {
        const last = log.lastOf(stream)?.revision;
        if (last === undefined) return E.left({ code: 'stream_not_found', stream });
        const oldest = Math.max(0, last - (log.keptOf(stream) ?? Infinity) + 1);
        const low = direction === 'forwards' ? Math.max(from ?? 0, oldest) : oldest;
        const high = direction === 'forwards' ? last : Math.min(from ?? last, last);
        return await collect(low, high, direction, wanted, isClosed, (start, end, limit) =>
          log.streamRange(stream, start, end, direction, limit),
        );
      } catch (error) {
        return E.left(toStoreError(error));
      }
    };
  };

  const readAll: EventStore['readAll'] = (from, options = {}) => {
    const { direction = 'forwards', filter } = options;
    const wanted = checkedCount(options.maxCount ?? DEFAULT_MAX_COUNT);
    return async () => {
      if (isClosed()) return E.left(closedError());
      const place = from === 'start' ? 0 : from === 'end' ? Infinity : placeOf(from);
      if (place === undefined) return E.left(badPosition(from));
      const head = log.head();
      const [low, high] = direction === 'forwards' ? [Math.max(1, place), head] : [1, Math.min(place, head)];
      return collect(low, high, direction, wanted, isClosed, (start, end, limit) =>
        log.range(start, end, direction, limit, filter),
      );
    };
  };

  const head: EventStore['head'] = (filter) => async () => {
    const last = await readAll('end', {
      direction: 'backwards',
      maxCount: 1,
      ...(filter === undefined ? {} : { filter }),
    })();
    return E.map((events: Events) => events[0])(last);
  };

  return { readStream, readAll, head };
};
