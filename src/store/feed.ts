/** How does a subscriber get every event once, in order: first those that are there, then new ones as they are committed? */
import { Observable, type Subscriber } from 'rxjs';
import type { CaughtUp, EventStore, StoreError, StoreFilter } from '../app/ports.js';
import type { RawEvent, Recorded } from '../kernel/recorded.js';
import { badPosition, closedError, toStoreError } from './errors.js';
import type { EventLog } from './event-log.js';
import { letsThrough } from './filter.js';
import { placeOf } from './positions.js';
import { PAGE } from './reads.js';

type Signal = Recorded<RawEvent> | CaughtUp;

/** One subscriber: it has been given everything up to `cursor`. */
interface Follower {
  readonly deliver: (firstPosition: number, events: readonly Recorded<RawEvent>[]) => void;
  readonly wake: () => void;
  readonly fail: (error: StoreError) => void;
}

export interface Feed {
  readonly subscribe: EventStore['subscribe'];
  /** Gives committed events, whose positions follow one another from `firstPosition`, to whoever has caught up. */
  readonly publish: (firstPosition: number, events: readonly Recorded<RawEvent>[]) => void;
  /** Nobody needs published events: they need not be made. */
  readonly isIdle: () => boolean;
  /** The log may have grown by other ways than `publish`: all look again. */
  readonly wake: () => void;
  /** Ends all subscriptions with an error. */
  readonly fail: (error: StoreError) => void;
}

/**
 * Positions follow one another without gaps, so a follower sees by the number alone whether a published batch joins on to
 * what it has: then it takes the batch, else it reads pages again. Neither gap nor repeat can come of it.
 */
const follow = (
  log: EventLog,
  subscriber: Subscriber<Signal>,
  start: number,
  filter: StoreFilter | undefined,
): Follower => {
  let cursor = start;
  let isLive = false;

  const give = (events: readonly Recorded<RawEvent>[]): void => {
    for (const event of events) {
      if (subscriber.closed) return;
      subscriber.next(event);
    }
  };

  const catchUp = (): void => {
    if (subscriber.closed) return;
    try {
      const end = Math.min(log.head(), cursor + PAGE);
      const events = cursor < end ? log.range(cursor + 1, end, 'forwards', PAGE, filter) : [];
      cursor = Math.max(cursor, end);
      give(events);
      isLive = cursor >= log.head();
    } catch (error) {
      subscriber.error(toStoreError(error));
      return;
    }
    if (isLive) subscriber.next({ caughtUp: true });
    else setImmediate(catchUp);
  };

  const fallBack = (): void => {
    isLive = false;
    setImmediate(catchUp);
  };

  setImmediate(catchUp);
  return {
    deliver: (firstPosition, events) => {
      if (!isLive) return;
      const last = firstPosition + events.length - 1;
      if (firstPosition > cursor + 1) {
        fallBack();
        return;
      }
      const fresh = events.slice(Math.max(0, cursor + 1 - firstPosition));
      cursor = Math.max(cursor, last);
      give(fresh.filter(({ stream, event }) => letsThrough(filter, stream, event.type)));
    },
    wake: () => {
      if (isLive && cursor < log.head()) fallBack();
    },
    fail: (error) => {
      subscriber.error(error);
    },
  };
};

/** The subscribing half of a store over a log. */
export const feedOf = (log: EventLog, isClosed: () => boolean): Feed => {
  const followers = new Set<Follower>();
  return {
    subscribe: (from, filter) =>
      new Observable<Signal>((subscriber) => {
        const start = from === 'start' ? 0 : placeOf(from);
        if (isClosed() || start === undefined) {
          subscriber.error(start === undefined ? badPosition(from) : closedError());
          return undefined;
        }
        const follower = follow(log, subscriber, start, filter);
        followers.add(follower);
        return () => followers.delete(follower);
      }),
    publish: (firstPosition, events) => {
      for (const follower of [...followers]) follower.deliver(firstPosition, events);
    },
    isIdle: () => followers.size === 0,
    wake: () => {
      for (const follower of [...followers]) follower.wake();
    },
    fail: (error) => {
      for (const follower of [...followers]) follower.fail(error);
    },
  };
};
