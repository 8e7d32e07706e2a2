/** Opens the durable event store: one SQLite file, one writing process, nothing acknowledged before it is on the disk. */
import { closeSync, fdatasync as fdatasyncOf, openSync } from 'node:fs';
import { promisify } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import type { EventStore } from '../app/ports.js';
import { prepareDirectory, type StoreFiles } from './directory.js';
import { loadDriver, type Driver, type DriverName, type SqlDatabase } from './driver.js';
import { FULL, sqliteCode } from './driver-errors.js';
import { takeLock } from './lock.js';
import { openError, type StoreOpenError } from './open-errors.js';
import { FORMAT, SCHEMA } from './schema.js';
import { sqliteLog, type SqliteLog } from './sqlite-log.js';
import { sqliteStore, type Connection } from './sqlite-store.js';

export type { StoreOpenError } from './open-errors.js';

const fdatasync = promisify(fdatasyncOf);

export interface SqliteOptions {
  /** Holds events.db and lock.db; created when missing. */
  readonly directory: string;
  /** Absent: node:sqlite where the running Node has it, else libsql. Both use the same file. */
  readonly driver?: DriverName;
}

/** SQLite's own number for `synchronous = NORMAL`: it flushes the -wal file when it copies from it, and we do so after each COMMIT. */
const SYNCHRONOUS_NORMAL = 1;

const asksForDurability = (database: SqlDatabase): void => {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  database.exec('PRAGMA synchronous = NORMAL');
  // macOS answers fsync before the disk has it, unless asked in this way.
  if (process.platform === 'darwin') database.exec('PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
  const synchronous = database.prepare('PRAGMA synchronous').get()?.['synchronous'];
  if (mode !== 'wal' || synchronous !== SYNCHRONOUS_NORMAL)
    throw new Error(
      `SQLite was asked for journal_mode=wal and synchronous=1, but gave ${String(mode)} and ${String(synchronous)}`,
    );
};

/** The format of the file; undefined when it is empty. Throws when it is some other program's. */
const formatOf = (database: SqlDatabase): number | undefined => {
  if (database.prepare('SELECT 1 AS found FROM sqlite_master LIMIT 1').get() === undefined) return undefined;
  const value = database.prepare("SELECT value FROM meta WHERE key = 'format'").get()?.['value'];
  return Number(value);
};

/** Thrown for a file that a newer Baton wrote. */
class TooNew extends Error {}

/**
 * What a failed flush left in the -wal file may now be read as committed: it is flushed and copied before it is believed. A
 * full disk stops only the copying, after the flush, and must not keep anyone from reading.
 */
const flushLog = (database: SqlDatabase): void => {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (sqliteCode(error) !== FULL) throw error;
  }
};

const connect = (driver: Driver, file: string): SqliteLog => {
  const database = driver.open(file);
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    asksForDurability(database);
    database.exec('PRAGMA cache_size = -32000; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF');
    const format = formatOf(database);
    if (format === undefined) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
    else if (format > FORMAT) throw new TooNew(String(format));
    else if (format !== FORMAT) throw new Error(`its format is ${String(format)}, not ${String(FORMAT)}`);
    flushLog(database);
    const log = sqliteLog(database);
    log.reload();
    return log;
  } catch (error) {
    database.close();
    throw error;
  }
};

/**
 * A second descriptor of the -wal file: what is flushed is the file, whoever wrote to it. It is opened once and for all: SQLite
 * keeps its locks elsewhere, so that closing it would drop none (fcntl(2)), and never replaces the file while it has it open.
 */
const flusherOf = (file: string): { readonly flush: () => Promise<void>; readonly close: () => void } => {
  const descriptor = openSync(`${file}-wal`, 'r');
  let isOpen = true;
  return {
    flush: () => fdatasync(descriptor),
    // not twice: the number may belong to another file by then
    close: () => {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
};

export const openConnection = (driver: Driver, files: StoreFiles): Connection => {
  const lock = takeLock(driver, files.lock);
  try {
    let current = connect(driver, files.events);
    let flusher = flusherOf(files.events);
    // libsql's finaliser is not to run while the store lives, so replaced connections are kept.
    const retired: SqliteLog[] = [];
    return {
      log: () => current,
      flush: () => flusher.flush(),
      replace: () => {
        flusher.close();
        current.close();
        retired.push(current);
        current = connect(driver, files.events);
        flusher = flusherOf(files.events);
      },
      close: () => {
        flusher.close();
        current.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
};

const tooNew = (directory: string, found: TooNew): StoreOpenError => ({
  code: 'store_too_new',
  message: `the event store in ${directory} was expected in format ${String(FORMAT)} or older, but has format ${found.message}`,
  hint: 'a newer Baton wrote it: start that version, or a later one',
});

/** Opens or creates the store. The folder must lie on a local disk, and no other process may have it open. */
export const openSqliteStore = async (
  options: SqliteOptions,
): Promise<E.Either<StoreOpenError, EventStore>> => {
  const { directory } = options;
  const files = await prepareDirectory(directory);
  if (E.isLeft(files)) return files;
  try {
    const driver = await loadDriver(options.driver);
    if (driver === undefined)
      throw new Error(
        `Node ${process.version} has no node:sqlite; use driver libsql, or Node 22.13 or later`,
      );
    return E.right(sqliteStore(openConnection(driver, files.right)));
  } catch (error) {
    return E.left(error instanceof TooNew ? tooNew(directory, error) : openError(directory, error));
  }
};
