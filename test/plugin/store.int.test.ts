/** Does a host hear everything when its events are at a server, also when the same data folder is given another one? */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Promotion } from '../../plugin/contract.js';
import baton, { loadPlugin } from '../../plugin/index.js';
import { memoryHost, type MemoryHost } from '../../plugin/testing.js';
import type { RunningNode } from '../../src/store/node/server.js';
import { memoryStore } from '../../src/store/memory.js';
import { nodeOver } from '../store/esdb-tools.js';

let folder = '';
let nodes: RunningNode[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-plugin-store-'));
});
afterEach(async () => {
  for (const node of nodes) await node.close();
  nodes = [];
  await rm(folder, { recursive: true, force: true });
});

/** A server without events. */
const aServer = async (): Promise<string> => {
  const node = await nodeOver(memoryStore());
  nodes.push(node);
  return node.address;
};

const promotion = (hostKey: string): Promotion => ({
  hostKey,
  scope: { enterprise: 'default', organisation: 'default', project: 'sample' },
  ...{ pipeline: 'main', stage: 'verify', phase: 'unit' },
  source: { kind: 'git', repository: 'https://git.example.org/sample', sha: 'a'.repeat(40) },
  steps: [{ name: 'unit', run: 'true' }],
});

/** Loads the plugin there; each phase run is cancelled before it is promoted, so that it ends without a runner. */
const play = async (
  data: string,
  store: string,
  hostKeys: readonly string[],
  until: (host: MemoryHost) => Promise<unknown> = () => Promise.resolve(),
): Promise<MemoryHost> => {
  const host = memoryHost();
  const loaded = await loadPlugin(baton, host, {
    ...{ host: 'memory', data: join(folder, data), logLevel: 'silent', store },
  });
  if ('problems' in loaded) return expect.fail(JSON.stringify(loaded.problems));
  const { plugin } = loaded;
  await plugin.start();
  const give = (command: object) => plugin.handle({ actor: 'somebody', ...command } as never);
  for (const hostKey of hostKeys) {
    await give({ type: 'phase.cancel', commandId: `cancel-${hostKey}`, hostKey });
    await give({ type: 'phase.promoted', commandId: `promote-${hostKey}`, promotion: promotion(hostKey) });
  }
  await until(host);
  await plugin.stop({ mode: 'drain', deadlineMs: 30_000 });
  return host;
};

const seqsOf = (host: MemoryHost, hostKey: string) => host.takenOf(hostKey).map(({ seq }) => seq);

it('given a data folder that has followed another server, then no report of this one is left out', async () => {
  const [here, there] = [await aServer(), await aServer()];
  expect(seqsOf(await play('mine', here, ['one']), 'one')).toEqual([1, 2]);
  // a longer history, so that the place in the other one is a place in this one, too
  await play('of-somebody', there, ['two', 'three']);

  const host = await play('mine', there, [], (it) =>
    it.tookThat(({ hostKey, seq }) => hostKey === 'three' && seq === 2),
  );
  expect([seqsOf(host, 'two'), seqsOf(host, 'three')]).toEqual([
    [1, 2],
    [1, 2],
  ]);

  // and each place is still known
  const again = await play('mine', here, ['four']);
  expect([seqsOf(again, 'one'), seqsOf(again, 'four')]).toEqual([[], [1, 2]]);
  expect(await readdir(join(folder, 'mine', 'outbox'))).toHaveLength(2);
});
