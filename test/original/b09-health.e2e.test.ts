import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunnerStatus } from '../../src/app/evidence.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { aFaultyRunner } from '../faults/runner.js';
import { tallyOf } from '../faults/tally.js';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  await world.start();
});
afterAll(() => world.close());

const show = async (): Promise<RunnerStatus> =>
  (await world.ask('GET', '/runners/r1')).json() as RunnerStatus;
const inState = (state: string) =>
  until(`it is ${state}`, async () => ((await show()).state === state ? true : undefined));

describe('B9: health is looked at by itself, outlives a restart, and comes back without a person', () => {
  it('given a tested runner and a restart of the server, then it is ready and runs jobs; away and back, it is known as both', async () => {
    const tally = tallyOf(world);
    const runner = await aFaultyRunner(world, 'r1');
    await world.stop();
    await world.start({}, 'error', ['--probe-interval', '1s']);
    expect((await show()).state).toBe('ready');
    await tally.expectOnce(await tally.submit(tally.project('true')).change());
    await runner.link.refuse();
    await inState('unreachable');
    await runner.link.open();
    await inState('ready');
    await tally.expectOnce(await tally.submit(tally.project('true')).change());
    await world.stop();
    const probes = (await world.events()).filter(({ event }) => event.type === 'RunnerProbed');
    expect(probes.map(({ metadata }) => metadata.actor)).toEqual(['admin', 'baton', 'baton']);
  });
});
