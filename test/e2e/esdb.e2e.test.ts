/** Does a server work whose events are kept by another process, and what happens while that process is away? */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangeView } from '../../src/app/use-cases.js';
import { serveProcess, type ServedProcess } from '../store/esdb-process.js';
import { openIn } from '../store/sqlite-tools.js';
import { ok } from '../contract/event-store-tools.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

let world: World;
let node: ServedProcess;
let data: string;
beforeEach(async () => {
  world = await aWorld();
  data = join(world.folder, 'events');
  node = await serveProcess(data);
  await world.start({}, 'error', ['--store', node.address]);
});
afterEach(async () => {
  node.thaw();
  await world.stop();
  await node.end();
  await world.close();
});

interface Readiness {
  readonly status: string;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
}
const readiness = async (): Promise<Readiness> =>
  (await (await fetch(`${world.url}/readyz`)).json()) as Readiness;

/** Says so for the store, whatever else still waits. */
const storeCheck = async () => (await readiness()).checks.find(({ name }) => name === 'store');

const verified = async (repository: string): Promise<ChangeView> => {
  const opened = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
  expect(opened.status).toBe(201);
  return world.finished((opened.json() as ChangeView).id);
};

it('given a node in another process, when it is killed and started again, then changes pass before and after, and no event is there twice', async () => {
  await world.addRunner('one');
  const project = { commands: { lint: 'true', syntax: 'true', unit: 'echo unit' } };
  const before = await verified(world.aRepository('before', project));
  expect(before.stages.map(({ status }) => status)).toEqual(['passed']);

  await node.end('SIGKILL');
  const away = await until('the server says that its store is away', async () => {
    const check = await storeCheck();
    return check?.ok === false ? check : undefined;
  });
  expect(away.detail).toContain('store does not answer');
  const asked = await Promise.all([
    world.ask('GET', '/queue'),
    world.ask('GET', '/queue?at=1'),
    world.ask('POST', '/projections/jobs/rebuild', {}),
  ]);
  for (const { status, json } of asked)
    expect([status, json()]).toEqual([
      503,
      expect.objectContaining({ hint: expect.stringContaining('/readyz') as unknown }),
    ]);

  node = await serveProcess(data, node.port);
  await until('the server is ready again', async () => (await readiness()).status === 'ready' || undefined);
  const after = await verified(world.aRepository('after', project));
  expect(after.stages.map(({ status }) => status)).toEqual(['passed']);

  await world.stop();
  await node.end();
  const store = await openIn(join(data, 'store'));
  const events = await ok(store.readAll('start', { maxCount: 100_000 }));
  await store.close();
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  const ends = events.filter(({ event }) => event.type === 'JobSucceeded').map(({ stream }) => stream);
  expect(new Set(ends).size).toBe(ends.length);
  expect(ends).toHaveLength(6);
});

it.each([
  ['killed', () => node.end('SIGKILL')],
  [
    'frozen',
    () => {
      node.freeze();
      return Promise.resolve();
    },
  ],
])(
  'given a node that is %s while a job ends, when the server is told to stop, then it stops, and the next start collects the job',
  async (how, away) => {
    await world.addRunner('one');
    const unit = `touch ${join(world.folder, 'runs')}; while [ ! -e ${join(world.folder, 'enough')} ]; do sleep 0.05; done`;
    const repository = world.aRepository('one', { commands: { lint: 'true', syntax: 'true', unit } });
    const opened = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    await until('the job runs', () => existsSync(join(world.folder, 'runs')) || undefined);
    await away();
    world.file('enough', '');
    await until('its store is away', async () => ((await storeCheck())?.ok === false ? true : undefined));
    const stopped = await world.stop();
    expect([stopped?.code, stopped?.err]).toEqual([0, expect.not.stringContaining('database')]);

    if (how === 'frozen') node.thaw();
    else node = await serveProcess(data, node.port);
    await world.start({}, 'error', ['--store', node.address]);
    const change = await world.finished((opened.json() as ChangeView).id);
    expect(change.stages.map(({ status }) => status)).toEqual(['passed']);
  },
);
