import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunnerStatus } from '../../src/app/evidence.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { tallyOf } from '../faults/tally.js';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  await world.start();
  await world.addRunner('r1', 1);
});
afterAll(() => world.close());

describe('B5: a busy runner is not removed behind the back of its job', () => {
  it('given a job there, then the removal is refused with its id; with --cancel-jobs it ends first, and then the runner', async () => {
    const tally = tallyOf(world);
    const change = await tally.submit(tally.project('exec sleep 98765')).change();
    const job = await until('it runs', async () =>
      (await world.jobsOf(change)).find(({ status }) => status === 'running'),
    );
    const refused = await world.baton('runner', 'remove', 'r1');
    expect([refused.code, refused.err]).toEqual([5, expect.stringContaining(job.id.slice(0, 8))]);
    const removed = await world.baton('runner', 'remove', 'r1', '--cancel-jobs', '--reason', 'sold');
    expect([removed.code, removed.err]).toEqual([0, '']);
    const [end] = await tally.ends(change);
    expect(end?.terminal.type).toBe('JobCancelled');
    await until('it is retired', async () => {
      const { state } = (await world.ask('GET', '/runners/r1')).json() as RunnerStatus;
      return state === 'retired' ? true : undefined;
    });
    expect((await world.ask('GET', '/queue')).json()).toMatchObject({ entries: [] });
  });
});
