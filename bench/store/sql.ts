/** Asks a PostgreSQL what is true of it, beside the queue that uses it. */
import { load } from './packages.js';
import type { Undoing } from './tidily.js';

interface Pool {
  query(sql: string): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
  end(): Promise<void>;
}
interface Pg {
  readonly Pool: new (options: object) => Pool;
}

/** The one value that the query answers. */
export type Ask = (sql: string) => Promise<unknown>;

export const openSql = async (connectionString: string, undoing: Undoing): Promise<Ask> => {
  const pool = new (load('pg') as Pg).Pool({ connectionString, max: 1 });
  undoing.add(() => pool.end());
  const ask: Ask = async (sql) => Object.values((await pool.query(sql)).rows[0] ?? {})[0];
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const value = await ask(`SHOW ${setting}`);
    if (value !== 'on') throw new Error(`PostgreSQL has ${setting} ${String(value)}, not on`);
  }
  return ask;
};
