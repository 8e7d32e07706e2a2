/** How do ten processes start from the first event without the store being read ten times? They go together. */
import { Observable, type Subscriber } from 'rxjs';
import type { Position, RawEvent, Recorded } from '../kernel/recorded.js';
import type { CaughtUp, EventStore } from './ports.js';

type Item = Recorded<RawEvent> | CaughtUp;

/** Those who ask to start at one place within so many milliseconds go together: also after an outage, when all come back. */
const JOIN_MS = 20;

/**
 * The same store; subscriptions to all events that begin at the same place, at about the same time, share one reading. Each
 * gets what it would get alone: who comes later has one of its own.
 */
export const sharedSubscriptions = (store: EventStore): EventStore => {
  const joining = new Map<Position | 'start', Set<Subscriber<Item>>>();

  const open = (from: Position | 'start'): Set<Subscriber<Item>> => {
    const group = new Set<Subscriber<Item>>();
    joining.set(from, group);
    setTimeout(() => {
      joining.delete(from);
      if (group.size === 0) return;
      const each = (tell: (subscriber: Subscriber<Item>) => void): void => {
        // a copy: who is told may leave at once
        for (const subscriber of [...group]) tell(subscriber);
      };
      const source = store.subscribe(from).subscribe({
        next: (item) => {
          for (const subscriber of group) subscriber.next(item);
        },
        error: (cause: unknown) => {
          each((subscriber) => {
            subscriber.error(cause);
          });
        },
        complete: () => {
          each((subscriber) => {
            subscriber.complete();
          });
        },
      });
      for (const subscriber of group)
        subscriber.add(() => {
          group.delete(subscriber);
          if (group.size === 0) source.unsubscribe();
        });
    }, JOIN_MS);
    return group;
  };

  return {
    ...store,
    subscribe: (from, filter) =>
      filter === undefined
        ? new Observable<Item>((subscriber) => {
            const group = joining.get(from) ?? open(from);
            group.add(subscriber);
            subscriber.add(() => group.delete(subscriber));
          })
        : store.subscribe(from, filter),
  };
};
