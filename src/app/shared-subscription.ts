/** How do ten processes start without the store being read ten times? They go together. */
import { Observable, type Subscriber } from 'rxjs';
import { comparePositions, type Position, type RawEvent, type Recorded } from '../kernel/recorded.js';
import type { CaughtUp, EventStore } from './ports.js';

type Item = Recorded<RawEvent> | CaughtUp;

/** Those who ask within so many milliseconds go together: also after an outage, when all come back. */
const JOIN_MS = 20;

type From = Position | 'start';

const isBefore = (a: From, b: From): boolean =>
  b !== 'start' && (a === 'start' || comparePositions(a, b) < 0);

/**
 * The same store; subscriptions to all events that begin at about the same time share one reading, which begins where the first
 * of them does. Each gets what it would get alone: who comes later has a reading of its own.
 */
export const sharedSubscriptions = (store: EventStore): EventStore => {
  let joining: Map<Subscriber<Item>, From> | undefined;

  const open = (): Map<Subscriber<Item>, From> => {
    const group = new Map<Subscriber<Item>, From>();
    joining = group;
    setTimeout(() => {
      joining = undefined;
      if (group.size === 0) return;
      const from = [...group.values()].reduce((a, b) => (isBefore(b, a) ? b : a));
      const each = (tell: (subscriber: Subscriber<Item>) => void): void => {
        // a copy: who is told may leave at once
        for (const subscriber of [...group.keys()]) tell(subscriber);
      };
      const source = store.subscribe(from).subscribe({
        next: (item) => {
          for (const [subscriber, after] of group)
            if ('caughtUp' in item || isBefore(after, item.position)) subscriber.next(item);
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
      for (const subscriber of group.keys())
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
            const group = joining ?? open();
            group.set(subscriber, from);
            subscriber.add(() => group.delete(subscriber));
          })
        : store.subscribe(from, filter),
  };
};
