/** What automatic probes find out by themselves: that a machine was upgraded, that it is gone, and that it is back. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunnerStatus } from '../../src/app/evidence.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
  await world.start({}, 'error', ['--probe-interval', '1s']);
});
afterEach(() => world.close());

const show = async (name: string): Promise<RunnerStatus> =>
  (await world.ask('GET', `/runners/${name}`)).json() as RunnerStatus;

it('given a machine that was upgraded, then its attributes follow, and the job that waited for such a one starts', async () => {
  await world.addRunner('r1');
  const before = await show('r1');
  expect(before).toMatchObject({ state: 'ready', attributes: { platform_family: 'debian' } });
  const repository = world.aRepository('shop', {
    commands: { lint: 'true', syntax: 'true', unit: 'true' },
    config: {
      version: '2',
      job_dispatch: { version: 'v2', filters: { unit: [{ platform_family: ['rhel'] }] } },
    },
  });
  const answer = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
  const { id } = answer.json() as ChangeView;
  await until('the job waits for such a machine', async () =>
    (await world.ask('GET', '/queue')).bytes.includes('none_matches') ? true : undefined,
  );
  writeFileSync(join(world.folder, 'r1', 'os-release'), 'ID=rocky\nID_LIKE="rhel fedora"\nVERSION_ID=9.4\n');
  expect((await world.finished(id)).stages[0]?.status).toBe('passed');
  const after = await show('r1');
  expect(after).toMatchObject({ attributes: { platform: 'rocky', platform_family: 'rhel' } });
  // nobody asked for a test in between, and every look has its time
  expect(Date.parse(after.evidence?.at ?? '')).toBeGreaterThan(Date.parse(before.evidence?.at ?? ''));
  await world.stop();
  const probes = (await world.events()).filter(({ event }) => event.type.startsWith('RunnerAttributes'));
  expect(probes.map(({ metadata }) => metadata.actor)).toEqual(['admin', 'baton']);
});

it('given a server that has just started again, then it says that nothing was seen yet, until it was', async () => {
  const runner = await world.addRunner('r1');
  await world.stop();
  await runner.close();
  await world.start({}, 'error', ['--probe-interval', '1h']);
  const gone = await until('it is found to be gone', async () => {
    const found = await show('r1');
    return found.state === 'unreachable' ? found : undefined;
  });
  expect(gone.evidence).toMatchObject({ ok: false, code: 'refused' });
  expect(gone.watch.kind).toBe('probe');
});
