/** An event store that lives as long as its process: for tests and trials, with exactly the rules of the durable one. */
import * as E from 'fp-ts/lib/Either.js';
import type { EventStore } from '../app/ports.js';
import { judge } from './append-rules.js';
import { checkedKeep } from './checked-keep.js';
import {
  APPEND_LIMIT_BYTES,
  appendBytes,
  decode,
  encode,
  storedAt,
  tooLarge,
  type StoredEvent,
} from './encoding.js';
import { closedError } from './errors.js';
import type { Direction, EventLog } from './event-log.js';
import { feedOf } from './feed.js';
import { letsThrough } from './filter.js';
import { positionText } from './positions.js';
import { readsOf } from './reads.js';
import { recentIds } from './recent-ids.js';

const walk = function* <A>(
  items: readonly A[],
  low: number,
  high: number,
  direction: Direction,
): Generator<A> {
  for (let step = low; step <= high; step++) {
    const item = items[direction === 'forwards' ? step : high + low - step];
    if (item !== undefined) yield item;
  }
};

/** A new, empty store. Texts are kept, not objects, so that no reader can change what is recorded. */
export const memoryStore = (): EventStore => {
  const all: StoredEvent[] = [];
  const streams = new Map<string, StoredEvent[]>();
  const kept = new Map<string, number>();
  const recent = recentIds();
  let closed = false;

  const isVisible = ({ stream, revision }: StoredEvent): boolean =>
    revision >= (streams.get(stream)?.length ?? 0) - (kept.get(stream) ?? Infinity);

  const log: EventLog = {
    head: () => all.length,
    lastOf: (stream) => streams.get(stream)?.at(-1),
    idAt: (stream, revision) => streams.get(stream)?.[revision],
    keptOf: (stream) => kept.get(stream),
    streamRange: (stream, low, high, direction, limit) =>
      [...walk(streams.get(stream) ?? [], low, high, direction)].slice(0, limit).map(decode),
    range: (low, high, direction, limit, filter) =>
      [...walk(all, low - 1, high - 1, direction)]
        .filter((event) => isVisible(event) && letsThrough(filter, event.stream, event.type))
        .slice(0, limit)
        .map(decode),
  };
  const feed = feedOf(log, () => closed);

  const append: EventStore['append'] = (stream, events, expected) => () => {
    const encoded = events.map(encode);
    if (closed) return Promise.resolve(E.left(closedError()));
    const sizeBytes = appendBytes(encoded);
    if (sizeBytes > APPEND_LIMIT_BYTES) return Promise.resolve(E.left(tooLarge(sizeBytes)));
    const verdict = judge(
      stream,
      encoded.map(({ id }) => id),
      expected,
      log,
      recent,
    );
    if (verdict.kind === 'refused') return Promise.resolve(E.left(verdict.error));
    if (verdict.kind === 'answered') return Promise.resolve(E.right(verdict.appended));

    const before = all.length;
    const target = streams.get(stream) ?? [];
    streams.set(stream, target);
    const stored = encoded.map((event, offset) => {
      const place = { revision: verdict.revision + offset, position: before + 1 + offset };
      recent.add(stream, event.id, place);
      return storedAt(stream, place, event);
    });
    target.push(...stored);
    all.push(...stored);
    // Whoever awaits the append goes first, as in the durable store.
    if (!feed.isIdle())
      queueMicrotask(() => {
        feed.publish(before + 1, stored.map(decode));
      });
    return Promise.resolve(E.right({ revision: target.length - 1, position: positionText(all.length) }));
  };

  return {
    append,
    ...readsOf(log, () => closed),
    subscribe: feed.subscribe,
    keepLast: (stream, n) => {
      checkedKeep(n);
      return () => {
        if (closed) return Promise.resolve(E.left(closedError()));
        kept.set(stream, n);
        return Promise.resolve(E.right(undefined));
      };
    },
    close: () => {
      if (!closed) {
        closed = true;
        feed.fail(closedError());
      }
      return Promise.resolve();
    },
  };
};
