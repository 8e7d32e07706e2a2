/** The memory store under the contract of all stores. */
import { memoryStore } from '../../src/store/memory.js';
import { eventStoreContract } from '../contract/event-store.js';

eventStoreContract('memory', () => {
  const store = memoryStore();
  return Promise.resolve({ store, close: () => store.close() });
});
