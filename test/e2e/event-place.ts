/**
 * Where do the servers of an end-to-end test keep their events: in their data folder, or at a node in a process of its own?
 * Every such test runs once for each; `BATON_TEST_STORE=node` is the second time (see vitest.config.ts).
 */
import { join } from 'node:path';
import { serveProcess, type ServedProcess } from '../store/esdb-process.js';

export const atNode = process.env['BATON_TEST_STORE'] === 'node';

export interface EventPlace {
  /** Holds `events.db`; to be opened by others only while nobody serves it. */
  readonly folder: string;
  /** The node's address, which it is started for; undefined: events go to the data folder. */
  readonly address: () => Promise<string | undefined>;
  /** Ends the node; it is started again when its address is next asked for. */
  readonly release: () => Promise<void>;
}

/** `beside`: a folder in which the node may keep what it serves. */
export const eventPlace = (beside: string, data: string): EventPlace => {
  if (!atNode)
    return {
      folder: join(data, 'store'),
      address: () => Promise.resolve(undefined),
      release: () => Promise.resolve(),
    };
  const served = join(beside, 'events');
  let node: ServedProcess | undefined;
  return {
    folder: join(served, 'store'),
    address: async () => (node ??= await serveProcess(served)).address,
    release: async () => {
      const ending = node;
      node = undefined;
      await ending?.end();
    },
  };
};
