/** Opens the adapter over a protocol node in the same process, for tests. */
import * as E from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import type { EventStore } from '../../src/app/ports.js';
import { openEsdbStore, type EsdbOptions } from '../../src/store/esdb/store.js';
import { startNode, type NodeOptions, type RunningNode } from '../../src/store/node/server.js';
import type { OpenedStore } from '../contract/event-store.js';

/** The adapter, or a test failure that shows why not. */
export const openAt = async (
  address: string,
  options: Omit<EsdbOptions, 'address'> = {},
): Promise<EventStore> => {
  const opened = await openEsdbStore({ ...options, address });
  if (E.isLeft(opened)) expect.fail(JSON.stringify(opened.left));
  return opened.right;
};

/** A node on a free port of the loopback, unless `options` say otherwise. */
export const nodeOver = async (
  store: EventStore,
  options: Partial<NodeOptions> = {},
): Promise<RunningNode & { readonly address: string }> => {
  const started = await startNode({ store, host: '127.0.0.1', port: 0, ...options });
  if (E.isLeft(started)) expect.fail(JSON.stringify(started.left));
  const { port, close } = started.right;
  return { port, close, address: `esdb://127.0.0.1:${String(port)}?tls=false` };
};

/** The adapter over a node over `below`; `reopen` starts all three anew. */
export const throughNode = async (
  below: OpenedStore,
  options: Partial<NodeOptions> = {},
): Promise<OpenedStore> => {
  let node = await nodeOver(below.store, options);
  let current = await openAt(node.address);
  const end = async (): Promise<void> => {
    await current.close();
    await node.close();
  };
  const { reopen } = below;
  return {
    store: current,
    close: async () => {
      await end();
      await below.close();
    },
    ...(reopen === undefined
      ? {}
      : {
          reopen: async () => {
            await end();
            node = await nodeOver(await reopen(), options);
            current = await openAt(node.address);
            return current;
          },
        }),
  };
};
