import { expect, it } from 'vitest';
import type { Client } from '../../src/store/esdb/client.js';
import { openConnection } from '../../src/store/esdb/connection.js';

it('given a broken client that never says that its streams are over, then the next one is made all the same, and closing ends', async () => {
  let made = 0;
  const connection = openConnection(() => {
    made++;
    const dispose = (): Promise<void> => new Promise(() => undefined);
    // nothing else of a client is asked here
    return { dispose } as Partial<Client> as Client;
  }, 10);
  const first = await connection.current();
  connection.drop(first);
  const second = await connection.current();
  expect(second).not.toBe(first);
  expect(made).toBe(2);
  await connection.close();
  await expect(connection.current()).rejects.toThrow('closed');
});
