/** The official client over our protocol node, under the contract of all stores and against the memory store. */
import { memoryStore } from '../../src/store/memory.js';
import { eventStoreDifferential } from '../contract/event-store-differential.js';
import { eventStoreContract, type OpenedStore } from '../contract/event-store.js';
import { throughNode } from './esdb-tools.js';
import { openTemporary } from './sqlite-tools.js';

const openMemory = (): Promise<OpenedStore> => {
  const store = memoryStore();
  return Promise.resolve({ store, close: () => store.close() });
};
const openNodeOnMemory = async (): Promise<OpenedStore> => throughNode(await openMemory());
const openNodeOnSqlite = async (): Promise<OpenedStore> => throughNode(await openTemporary());

eventStoreContract('official client, node on memory', openNodeOnMemory);
eventStoreContract('official client, node on SQLite', openNodeOnSqlite);
eventStoreDifferential('memory and official client, node on memory', openMemory, openNodeOnMemory);

// where no batches are taken, the client sends each append in a call of its own
const openWithoutBatches = async (): Promise<OpenedStore> =>
  throughNode(await openMemory(), { takesBatches: false });

eventStoreContract('official client, node on memory that takes no batches', openWithoutBatches);
eventStoreDifferential(
  'memory and official client, node on memory that takes no batches',
  openMemory,
  openWithoutBatches,
  20,
);
