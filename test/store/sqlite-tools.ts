/** Opens real stores in temporary folders for the tests of the SQLite store. */
import * as E from 'fp-ts/lib/Either.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { EventStore } from '../../src/app/ports.js';
import type { DriverName } from '../../src/store/driver.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import type { OpenedStore } from '../contract/event-store.js';

export const ALL_DRIVERS: readonly DriverName[] = ['node:sqlite', 'libsql'];

export const temporaryDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'baton-store-'));

/** The store, or a test failure that shows why not. */
export const openIn = async (directory: string, driver?: DriverName): Promise<EventStore> => {
  const opened = await openSqliteStore(driver === undefined ? { directory } : { directory, driver });
  if (E.isLeft(opened)) expect.fail(JSON.stringify(opened.left));
  return opened.right;
};

/** A store in a folder of its own, which `close` removes. */
export const openTemporary = async (driver?: DriverName): Promise<OpenedStore> => {
  const directory = await temporaryDirectory();
  let current = await openIn(directory, driver);
  return {
    store: current,
    close: async () => {
      await current.close();
      await rm(directory, { recursive: true });
    },
    reopen: async () => {
      await current.close();
      current = await openIn(directory, driver);
      return current;
    },
  };
};
