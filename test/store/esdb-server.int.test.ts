/** The official client over a real server, when `BATON_TEST_ESDB` names one; see examples/eventstoredb. */
import { describe, it } from 'vitest';
import { memoryStore } from '../../src/store/memory.js';
import { eventStoreDifferential } from '../contract/event-store-differential.js';
import { eventStoreContract, type OpenedStore } from '../contract/event-store.js';
import { openAt } from './esdb-tools.js';

const address = process.env['BATON_TEST_ESDB'] ?? '';

const openServer = async (): Promise<OpenedStore> => {
  let current = await openAt(address);
  return {
    store: current,
    close: () => current.close(),
    showsHidden: true,
    reopen: async () => {
      await current.close();
      current = await openAt(address);
      return current;
    },
  };
};

if (address === '') {
  describe('event store contract: official client, real server', () => {
    it.skip('does not run: BATON_TEST_ESDB names no server, e.g. esdb://127.0.0.1:2113?tls=false', () =>
      undefined);
  });
} else {
  eventStoreContract('official client, real server', openServer);
  eventStoreDifferential(
    'memory and official client, real server',
    () => {
      const store = memoryStore();
      return Promise.resolve({ store, close: () => store.close() });
    },
    openServer,
    20,
  );
}
