/** What does a host hear whose Baton has its events at a server that does not answer? Nobody waits for ever. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Plugin } from '../../plugin/contract.js';
import baton, { loadPlugin } from '../../plugin/index.js';
import { createPlugin } from '../../plugin/lifecycle.js';
import type { BatonOptions } from '../../plugin/options.js';
import { memoryHost } from '../../plugin/testing.js';
import { defaultProbes } from '../../src/app/health-watch.js';
import { openOwnership } from '../../src/app/ownership.js';
import { defaultPhaseWays } from '../../src/domain/phase-ways.js';
import { defaultQueuePolicy } from '../../src/domain/queue-policy.js';
import { logger, openCore } from '../../src/main.js';
import { systemClock } from '../../src/kernel/time.js';
import { serveProcess, type ServedProcess } from '../store/esdb-process.js';
import { openAt } from '../store/esdb-tools.js';

let folder: string;
let node: ServedProcess;
let options: BatonOptions;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-plugin-away-'));
  node = await serveProcess(join(folder, 'events'));
  const parsed = baton.parseOptions({
    ...{ host: 'memory', data: join(folder, 'data'), logLevel: 'silent', store: node.address },
  });
  if ('problems' in parsed) expect.fail(JSON.stringify(parsed.problems));
  ({ options } = parsed);
});
afterEach(async () => {
  node.thaw();
  await node.end();
  await rm(folder, { recursive: true, force: true });
});

const load = async (): Promise<Plugin> => {
  const loaded = await loadPlugin(baton, memoryHost(), {
    ...{ host: 'memory', data: options.data, logLevel: 'silent', store: node.address },
  });
  return 'problems' in loaded ? expect.fail(JSON.stringify(loaded.problems)) : loaded.plugin;
};
const away = {
  name: 'BatonStartError',
  code: 'timed_out',
  hint: expect.stringContaining('/readyz') as unknown,
};
const command = (commandId: string) => ({
  ...{ type: 'phase.cancel', commandId, actor: 'somebody', hostKey: 'one' },
});

it('given a server that is silent from the beginning, then the start fails and says so, and the next one finds the folder free', async () => {
  const plugin = await load();
  node.freeze();
  await expect(plugin.start()).rejects.toMatchObject(away);
  expect(plugin.health().state).toBe('registered');
  node.thaw();
  await plugin.start();
  await plugin.stop({ mode: 'detach', deadlineMs: 0 });
});

it('given a server that falls silent during the start, then it fails as well, and the next one finds the folder free', async () => {
  let isFirst = true;
  const plugin = createPlugin({
    ...{ host: memoryHost(), options, wants: [], onProblem: () => undefined },
    open: async () => {
      const opened = await openCore(
        {
          ...{ data: options.data, repositoryRoots: [], logLevel: 'silent', environment: {} },
          ...{
            keyFile: join(folder, 'key'),
            mayMakeKey: true,
            queue: defaultQueuePolicy,
            phases: defaultPhaseWays,
            ...defaultProbes,
          },
          leaseMs: 30_000,
          store: { address: node.address },
        },
        logger('silent'),
      );
      if (isFirst) node.freeze();
      isFirst = false;
      return opened;
    },
  });
  await expect(plugin.start()).rejects.toMatchObject(away);
  node.thaw();
  await plugin.start();
  await plugin.stop({ mode: 'detach', deadlineMs: 0 });
});

it('given a server that falls silent afterwards, then a command is told to come again, and a stop ends soon after its deadline', async () => {
  const plugin = await load();
  await plugin.start();
  node.freeze();
  expect(await plugin.handle(command('first') as never)).toMatchObject({ status: 'busy' });
  const underWay = plugin.handle(command('second') as never);
  await plugin.stop({ mode: 'drain', deadlineMs: 100 });
  expect(plugin.health().state).toBe('stopped');
  expect(await underWay).toMatchObject({ status: 'busy' });

  node.thaw();
  const next = await load();
  await next.start();
  expect(await next.handle(command('first') as never)).toMatchObject({ status: 'accepted' });
  await next.stop({ mode: 'detach', deadlineMs: 0 });
});

it('given another that takes over the runners, then the plugin stops by itself, and takes no command any more', async () => {
  const plugin = await load();
  await plugin.start();
  const store = await openAt(node.address);
  const taken = await openOwnership({
    ...{ store, clock: systemClock, takeOver: true, onWait: () => undefined },
    by: { dispatcher: 'another', host: 'elsewhere.example', pid: 1 },
  });
  if (E.isLeft(taken)) expect.fail(taken.left.message);
  await vi.waitUntil(() => plugin.health().state === 'stopped', 60_000);
  expect(await plugin.handle(command('first') as never)).toMatchObject({ code: 'not_started' });
  await plugin.stop({ mode: 'detach', deadlineMs: 0 });
  await taken.right.close();
  await store.close();
});
