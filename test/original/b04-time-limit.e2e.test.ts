import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesOf } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { tallyOf } from '../faults/tally.js';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  await world.start();
  await world.addRunner('r1', 1);
});
afterAll(() => world.close());

describe('B4: a job that takes longer than its limit is ended there, and its runner goes on', () => {
  it('given a limit of a second, then it timed out, nothing of it is left, and the next job runs in its slot', async () => {
    const tally = tallyOf(world);
    const endless = tally.project('exec sleep 98765', { phase_timeouts: { unit: 1 } });
    const [end] = await tally.ends(await tally.submit(endless).change());
    expect(end?.terminal).toMatchObject({ type: 'JobTimedOut', data: { which: 'total' } });
    const left = await processesOf(world.folder);
    expect(left.filter(({ command }) => command.includes('98765'))).toEqual([]);
    await tally.expectOnce(await tally.submit(tally.project('true')).change());
  });
});
