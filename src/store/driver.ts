/** Which SQLite does the running Node offer? A seam of a few methods, so that the file outlives the driver. */

export type SqlValue = string | number;
export type Row = Readonly<Record<string, unknown>>;

export interface SqlStatement {
  readonly run: (...values: SqlValue[]) => void;
  readonly get: (...values: SqlValue[]) => Row | undefined;
  readonly all: (...values: SqlValue[]) => readonly Row[];
}

/** One connection. Statements are prepared once and kept: throwing them away has crashed libsql's finaliser (libsql-client-ts#354). */
export interface SqlDatabase {
  readonly exec: (sql: string) => void;
  readonly prepare: (sql: string) => SqlStatement;
  readonly close: () => void;
}

export type DriverName = 'node:sqlite' | 'libsql';

export interface Driver {
  readonly name: DriverName;
  /** Creates the file when there is none. Throws the driver's own error. */
  readonly open: (file: string) => SqlDatabase;
}

type Arguments = (SqlValue | readonly SqlValue[])[];

/** What both libraries have in common; each gives rows as objects. */
interface Statement {
  run(...values: Arguments): unknown;
  get(...values: Arguments): unknown;
  all(...values: Arguments): unknown[];
}
interface Connection {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): unknown;
}

/** The part of node:sqlite that is used; types for the oldest supported Node do not have it. */
interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => Connection;
}

const isNodeSqlite = (module: object | undefined): module is NodeSqlite =>
  module !== undefined && 'DatabaseSync' in module && typeof module.DatabaseSync === 'function';

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null;

/** How the values of a statement are handed over. */
type HandOver = (values: readonly SqlValue[]) => Arguments;
const oneByOne: HandOver = (values) => [...values];
/** libsql takes them so, too, and makes a list of them itself otherwise, which takes longer than binding two of them. */
const asList: HandOver = (values) => [values];

const wrap = (connection: Connection, handOver: HandOver): SqlDatabase => ({
  exec: (sql) => void connection.exec(sql),
  prepare: (sql) => {
    const statement = connection.prepare(sql);
    return {
      run: (...values) => void statement.run(...handOver(values)),
      get: (...values) => {
        const row = statement.get(...handOver(values));
        return isRow(row) ? row : undefined;
      },
      all: (...values) => statement.all(...handOver(values)).filter(isRow),
    };
  },
  close: () => void connection.close(),
});

const nodeSqlite = (): NodeSqlite | undefined => {
  const module = process.getBuiltinModule('node:sqlite');
  return isNodeSqlite(module) ? module : undefined;
};

/** The drivers that the running Node can load, best first. */
export const availableDrivers = (): readonly DriverName[] =>
  nodeSqlite() === undefined ? ['libsql'] : ['node:sqlite', 'libsql'];

/** Loads the wanted driver, or the best one; undefined when this Node has no node:sqlite. Rejects when libsql's binary is missing. */
export const loadDriver = async (wanted?: DriverName): Promise<Driver | undefined> => {
  const name = wanted ?? availableDrivers()[0] ?? 'libsql';
  if (name === 'node:sqlite') {
    const sqlite = nodeSqlite();
    return sqlite && { name, open: (file) => wrap(new sqlite.DatabaseSync(file), oneByOne) };
  }
  const { default: Libsql } = await import('libsql');
  return { name, open: (file) => wrap(new Libsql(file), asList) };
};
