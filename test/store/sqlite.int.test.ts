/** The SQLite store under the contract of all stores and against the memory store, with each driver that the running Node has. */
import { describe, it } from 'vitest';
import { availableDrivers } from '../../src/store/driver.js';
import { memoryStore } from '../../src/store/memory.js';
import { eventStoreDifferential } from '../contract/event-store-differential.js';
import { eventStoreContract, type OpenedStore } from '../contract/event-store.js';
import { ALL_DRIVERS, openTemporary } from './sqlite-tools.js';

const openMemory = (): Promise<OpenedStore> => {
  const store = memoryStore();
  return Promise.resolve({ store, close: () => store.close() });
};

for (const driver of ALL_DRIVERS) {
  if (availableDrivers().includes(driver)) {
    eventStoreContract(`SQLite by ${driver}`, () => openTemporary(driver));
    eventStoreDifferential(`memory and SQLite by ${driver}`, openMemory, () => openTemporary(driver));
  } else {
    describe(`event store contract: SQLite by ${driver}`, () => {
      it.skip(`does not run: Node ${process.version} has no ${driver}`, () => undefined);
    });
  }
}
