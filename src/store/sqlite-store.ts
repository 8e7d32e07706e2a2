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
  /** Makes durable what was committed before, while the event loop goes on. After a failure only `replace` tells what is there. */
  readonly flush: () => Promise<void>;
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
  let closing: Promise<void> | undefined;
  const isClosed = (): boolean => closing !== undefined;
  let suspect: 'nothing' | 'commit' | 'flush' = 'nothing';
  let written: StoredEvent[] = [];
  /** Of the group that is on its way to the disk: the first revision in each stream. */
  const unflushed = new Map<string, number>();
  /** What readers may see: an event that a power cut could take back must not be acted on. The head is moved after the flush. */
  const durable: EventLog = {
    ...log,
    lastOf: (stream) => {
      const first = unflushed.get(stream);
      if (first === undefined) return log.lastOf(stream);
      const revision = first - 1;
      const position = log.idAt(stream, revision)?.position;
      return position === undefined ? undefined : { revision, position };
    },
  };
  const feed = feedOf(durable, isClosed);

  const answersStill = (): boolean => {
    try {
      connection.log().transaction(() => {
        connection.log().reload();
      });
      return true;
    } catch {
      return false;
    }
  };

  /**
   * After a failed commit the same connection is kept if it still answers: SQLite then writes the group's pages anew. After a
   * failed flush what is in the -wal file is to be copied before it is believed, which opening does.
   */
  const recover = (): void => {
    if (suspect === 'flush' || !answersStill()) connection.replace();
    suspect = 'nothing';
    unflushed.clear();
    feed.wake();
  };

  const failed = (what: 'commit' | 'flush', error: unknown): never => {
    suspect = what;
    recent.clear();
    throw error;
  };

  const commit = async (work: () => void): Promise<void> => {
    written = [];
    try {
      if (suspect !== 'nothing') recover();
      connection.log().transaction(work);
    } catch (error) {
      failed('commit', error);
    }
    for (const { stream, revision } of written) if (!unflushed.has(stream)) unflushed.set(stream, revision);
    try {
      await connection.flush();
    } catch (error) {
      // hidden until it is known to be on the disk
      failed('flush', error);
    }
    unflushed.clear();
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
    if (isClosed()) return Promise.resolve(E.left(closedError()));
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
    ...readsOf(durable, isClosed),
    subscribe: feed.subscribe,
    keepLast: (stream, n) => {
      checkedKeep(n);
      return () =>
        isClosed()
          ? Promise.resolve(E.left(closedError()))
          : enqueue(0, () => {
              connection.log().keep(stream, n);
              return E.right(undefined);
            });
    },
    close: () => {
      closing ??= commits.drain().then(() => {
        feed.fail(closedError());
        connection.close();
      });
      return closing;
    },
  };
};
