/** The durable event store over an open file: rules of an append, group commit, and how it goes on after a failed commit. */
import * as E from 'fp-ts/lib/Either.js';
import type { Appended, EventStore, StoreError } from '../app/ports.js';
import { judge } from './append-rules.js';
import { checkedKeep } from './checked-keep.js';
import {
  APPEND_LIMIT_BYTES,
  appendBytes,
  decode,
  encode,
  storedAt,
  tooLarge,
  type EncodedEvent,
  type StoredEvent,
} from './encoding.js';
import { closedError, toStoreError } from './errors.js';
import type { EventLog } from './event-log.js';
import { feedOf } from './feed.js';
import { groupCommit } from './group-commit.js';
import { positionText } from './positions.js';
import { readsOf } from './reads.js';
import { recentIds } from './recent-ids.js';
import type { SqliteLog } from './sqlite-log.js';

/** The connection in use; `replace` opens another one when this one is beyond help. */
export interface Connection {
  readonly log: () => SqliteLog;
  readonly replace: () => void;
  /** Closes the file, then gives the lock back. */
  readonly close: () => void;
}

const throughConnection = (connection: Connection): EventLog => ({
  head: () => connection.log().head(),
  lastOf: (stream) => connection.log().lastOf(stream),
  idAt: (stream, revision) => connection.log().idAt(stream, revision),
  keptOf: (stream) => connection.log().keptOf(stream),
  streamRange: (...query) => connection.log().streamRange(...query),
  range: (...query) => connection.log().range(...query),
});

/** An event store that owns the connection until it is closed. */
export const sqliteStore = (connection: Connection): EventStore => {
  const log = throughConnection(connection);
  const recent = recentIds();
  let closed = false;
  let isSuspect = false;
  let written: StoredEvent[] = [];
  const feed = feedOf(log, () => closed);

  /** The same connection is kept if it still answers: SQLite then writes the failed group's pages anew, and flushes them anew. */
  const recover = (): void => {
    try {
      connection.log().transaction(() => {
        connection.log().reload();
      });
    } catch {
      connection.replace();
    }
    isSuspect = false;
    feed.wake();
  };

  const commit = (work: () => void): void => {
    written = [];
    try {
      if (isSuspect) recover();
      connection.log().transaction(work);
    } catch (error) {
      isSuspect = true;
      recent.clear();
      throw error;
    }
    if (written.length > 0) connection.log().advance(written.length);
  };

  const publish = (): void => {
    const [events, first] = [written, written[0]?.position];
    if (first === undefined || feed.isIdle()) return;
    // A microtask later: whoever awaits an append goes before those who watch.
    queueMicrotask(() => {
      feed.publish(first, events.map(decode));
    });
  };

  const commits = groupCommit(commit, publish, toStoreError);

  const write = (stream: string, events: readonly EncodedEvent[], revision: number): Appended => {
    let end = { revision, position: log.head() };
    for (const [offset, event] of events.entries()) {
      end = { revision: revision + offset, position: log.head() + written.length + 1 };
      const stored = storedAt(stream, end, event);
      connection.log().insert(stored);
      written.push(stored);
      recent.add(stream, event.id, end);
    }
    return { revision: end.revision, position: positionText(end.position) };
  };

  /** Joins the group; the answer comes after COMMIT. */
  const enqueue = <A>(bytes: number, work: () => E.Either<StoreError, A>): Promise<E.Either<StoreError, A>> =>
    new Promise((resolve) => {
      commits.add({
        bytes,
        work: () => {
          const answer = work();
          return () => {
            resolve(answer);
          };
        },
        fail: (error) => {
          resolve(E.left(error));
        },
      });
    });

  const append: EventStore['append'] = (stream, events, expected) => () => {
    if (closed) return Promise.resolve(E.left(closedError()));
    const encoded = events.map(encode);
    const sizeBytes = appendBytes(encoded);
    if (sizeBytes > APPEND_LIMIT_BYTES) return Promise.resolve(E.left(tooLarge(sizeBytes)));
    const ids = encoded.map(({ id }) => id);
    return enqueue(sizeBytes, () => {
      const verdict = judge(stream, ids, expected, log, recent);
      if (verdict.kind === 'refused') return E.left(verdict.error);
      return E.right(
        verdict.kind === 'answered' ? verdict.appended : write(stream, encoded, verdict.revision),
      );
    });
  };

  return {
    append,
    ...readsOf(log, () => closed),
    subscribe: feed.subscribe,
    keepLast: (stream, n) => {
      checkedKeep(n);
      return () =>
        closed
          ? Promise.resolve(E.left(closedError()))
          : enqueue(0, () => {
              connection.log().keep(stream, n);
              return E.right(undefined);
            });
    },
    close: () => {
      if (!closed) {
        commits.drain();
        closed = true;
        feed.fail(closedError());
        connection.close();
      }
      return Promise.resolve();
    },
  };
};
