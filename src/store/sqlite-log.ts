/** How are events laid into and found in one SQLite file? Synchronous; throws what the driver throws. */
import type { RawEvent, Recorded } from '../kernel/recorded.js';
import type { Row, SqlDatabase, SqlStatement, SqlValue } from './driver.js';
import { decode, hashOf, type StoredEvent } from './encoding.js';
import { DamagedEvent } from './errors.js';
import type { Direction, EventLog, Place } from './event-log.js';
import { condition } from './filter.js';
import { recently } from './recent.js';

export interface SqliteLog extends EventLog {
  /** Within `transaction` only; the rows may go into the file a few at a time, all of them before COMMIT. */
  readonly insert: (event: StoredEvent) => void;
  readonly keep: (stream: string, n: number) => void;
  /** Runs the work between BEGIN IMMEDIATE and COMMIT. When anything throws: rolls back and throws it on. */
  readonly transaction: (work: () => void) => void;
  /** Learns the head from the file: after opening, and after a failure. */
  readonly reload: () => void;
  /** So many events were committed. */
  readonly advance: (events: number) => void;
  /** Never throws. */
  readonly close: () => void;
}

const COLUMNS = 'e.position, e.stream, e.revision, e.id, e.type, e.data, e.metadata, e.sha256';
/** Ends of streams that were written last: spares most appends a look into the file. */
const ENDS_KEPT = 16_384;
/** Rows of one INSERT: what a statement costs beside its values is paid once for all of them. */
const ROWS = 8;
const ORDER = { forwards: 'ASC', backwards: 'DESC' } as const;

const insertSql = (rows: number): string => `
  INSERT INTO events (position, stream, revision, id, type, data, metadata, sha256)
  VALUES ${Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`;

const rowOf = (event: StoredEvent): readonly SqlValue[] => {
  const { position, stream, revision, id, type, data, metadata } = event;
  return [position, stream, revision, id, type, data, metadata, hashOf(event)];
};

const number = (row: Row | undefined, column: string): number | undefined => {
  const value = row?.[column];
  return typeof value === 'number' ? value : undefined;
};

const text = (row: Row, column: string): string => {
  const value = row[column];
  return typeof value === 'string' ? value : '';
};

const recorded = (row: Row): Recorded<RawEvent> => {
  const stored: StoredEvent = {
    position: number(row, 'position') ?? -1,
    stream: text(row, 'stream'),
    revision: number(row, 'revision') ?? -1,
    id: text(row, 'id'),
    type: text(row, 'type'),
    data: text(row, 'data'),
    metadata: text(row, 'metadata'),
  };
  if (hashOf(stored) !== text(row, 'sha256'))
    throw new DamagedEvent(stored.stream, stored.revision, stored.position);
  return decode(stored);
};

/** For steps whose failure changes nothing that was promised. */
const attempt = (step: () => void): void => {
  try {
    step();
  } catch {
    // Told by whatever is done next on the connection.
  }
};

/** Events of a position range that neither `keepLast` nor the filter hides. */
const rangeSql = (direction: Direction, filterSql: string): string => `
  SELECT ${COLUMNS} FROM events e LEFT JOIN keep_last k ON k.stream = e.stream
  WHERE e.position BETWEEN ? AND ?
    AND (k.n IS NULL OR e.revision > (SELECT max(x.revision) FROM events x WHERE x.stream = e.stream) - k.n)
    AND ${filterSql}
  ORDER BY e.position ${ORDER[direction]} LIMIT ?`;

/** A log over an open connection whose schema is in place. */
export const sqliteLog = (database: SqlDatabase): SqliteLog => {
  const statements = {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    head: database.prepare('SELECT max(position) AS position FROM events'),
    last: database.prepare(
      'SELECT revision, position FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1',
    ),
    id: database.prepare('SELECT id, position FROM events WHERE stream = ? AND revision = ?'),
    kept: database.prepare('SELECT n FROM keep_last WHERE stream = ?'),
    keep: database.prepare(
      'INSERT INTO keep_last (stream, n) VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET n = excluded.n',
    ),
    insert: database.prepare(insertSql(1)),
    insertRows: database.prepare(insertSql(ROWS)),
  };
  const prepared = new Map<string, SqlStatement>();
  const prepare = (sql: string): SqlStatement => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };

  const ends = recently<Place>(ENDS_KEPT);
  const endInFile = (stream: string): Place | undefined => {
    const row = statements.last.get(stream);
    const [revision, position] = [number(row, 'revision'), number(row, 'position')];
    return revision === undefined || position === undefined ? undefined : { revision, position };
  };

  let waiting: StoredEvent[] = [];
  const insertWaiting = (): void => {
    const rows = waiting.map(rowOf);
    waiting = [];
    if (rows.length === ROWS) statements.insertRows.run(...rows.flat());
    else for (const row of rows) statements.insert.run(...row);
  };

  let head = 0;
  const reload = (): void => {
    ends.clear();
    head = number(statements.head.get(), 'position') ?? 0;
  };

  const range: SqliteLog['range'] = (low, high, direction, limit, filter) => {
    const { sql, values } = condition(filter);
    return prepare(rangeSql(direction, sql))
      .all(low, high, ...values, limit)
      .map(recorded);
  };

  return {
    head: () => head,
    // those that wait to be inserted are fewer than the ends that are kept
    lastOf: (stream) => ends.get(stream) ?? endInFile(stream),
    idAt: (stream, revision) => {
      insertWaiting();
      const row = statements.id.get(stream, revision);
      const position = number(row, 'position');
      return row === undefined || position === undefined ? undefined : { id: text(row, 'id'), position };
    },
    keptOf: (stream) => number(statements.kept.get(stream), 'n'),
    streamRange: (stream, low, high, direction, limit) =>
      prepare(
        `SELECT ${COLUMNS} FROM events e WHERE e.stream = ? AND e.revision BETWEEN ? AND ?
         ORDER BY e.revision ${ORDER[direction]} LIMIT ?`,
      )
        .all(stream, low, high, limit)
        .map(recorded),
    range,
    insert: (event) => {
      waiting.push(event);
      ends.set(event.stream, { revision: event.revision, position: event.position });
      if (waiting.length === ROWS) insertWaiting();
    },
    keep: (stream, n) => {
      statements.keep.run(stream, n);
    },
    transaction: (work) => {
      statements.begin.run();
      try {
        work();
        insertWaiting();
        statements.commit.run();
      } catch (error) {
        waiting = [];
        ends.clear();
        // SQLite has rolled back by itself after some errors; if neither worked, the next BEGIN fails and the connection is replaced.
        attempt(() => {
          statements.rollback.run();
        });
        throw error;
      }
    },
    reload,
    advance: (events) => {
      head += events;
    },
    close: () => {
      // Tidiness only: what is in the -wal file is as durable. libsql closes late, so it would stay there.
      attempt(() => {
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      });
      attempt(() => {
        database.close();
      });
    },
  };
};
