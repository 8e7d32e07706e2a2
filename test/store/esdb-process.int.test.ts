/** The official client over a protocol node in a process of its own, as the two are used, under the contract of all stores. */
import { rm } from 'node:fs/promises';
import { afterAll, describe, it } from 'vitest';
import { memoryStore } from '../../src/store/memory.js';
import { eventStoreDifferential } from '../contract/event-store-differential.js';
import { eventStoreContract, type OpenedStore } from '../contract/event-store.js';
import { serveProcess, type ServedProcess } from './esdb-process.js';
import { openAt } from './esdb-tools.js';
import { isBuilt } from './processes.js';
import { temporaryDirectory } from './sqlite-tools.js';

let directory: string | undefined;
let served: Promise<ServedProcess> | undefined;

/** One process for all tests here, started with the first one. */
const start = async (port = 0): Promise<ServedProcess> =>
  serveProcess((directory ??= await temporaryDirectory()), port);

const openProcess = async (): Promise<OpenedStore> => {
  served ??= start();
  const { address } = await served;
  let current = await openAt(address);
  return {
    store: current,
    close: () => current.close(),
    reopen: async () => {
      await current.close();
      const before = await served;
      await before?.end('SIGKILL');
      served = start(before?.port);
      current = await openAt((await served).address);
      return current;
    },
  };
};

afterAll(async () => {
  await (await served)?.end();
  if (directory !== undefined) await rm(directory, { recursive: true });
});

if (isBuilt) {
  eventStoreContract('official client, node on SQLite in a process of its own', openProcess);
  eventStoreDifferential(
    'memory and official client, node on SQLite in a process of its own',
    () => {
      const store = memoryStore();
      return Promise.resolve({ store, close: () => store.close() });
    },
    openProcess,
    20,
  );
} else {
  describe('event store contract: official client, node on SQLite in a process of its own', () => {
    it.skip('does not run: run the build first', () => undefined);
  });
}
