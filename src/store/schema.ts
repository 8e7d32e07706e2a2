/** What does events.db hold? Plain tables, so that any `sqlite3` can be used to audit them. */

/** Grows with every change that an older Baton could not read. */
export const FORMAT = 1;

/** Applied to an empty file, in one transaction. `INSERT` only: nothing is ever updated or deleted in `events`. */
export const SCHEMA = `
  CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    position INTEGER PRIMARY KEY,  -- order of the whole store, from 1
    stream   TEXT    NOT NULL,
    revision INTEGER NOT NULL,     -- order in the stream, from 0
    id       TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    data     TEXT    NOT NULL,     -- JSON
    metadata TEXT    NOT NULL,     -- JSON
    sha256   TEXT    NOT NULL      -- hex, over the JSON array [stream,revision,id,type], a line break, data, a line break, metadata
  ) STRICT;

  CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);

  CREATE TABLE keep_last (
    stream TEXT    NOT NULL PRIMARY KEY,
    n      INTEGER NOT NULL        -- readers see the last n events of the stream
  ) STRICT, WITHOUT ROWID;

  INSERT INTO meta (key, value) VALUES ('format', '${String(FORMAT)}');
`;
