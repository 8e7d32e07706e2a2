import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../../src/cli/events.js';
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

const PIECES = 60;
const PIECE = 20_000;

describe('B7: what a job has written is moved once, however often it writes more', () => {
  it('given a log that grows in many pieces, then about its size comes from the runner, and goes to who follows it', async () => {
    const tally = tallyOf(world);
    const runner = await aFaultyRunner(world, 'r1', { slots: 1 });
    const print = `i=0; while [ $i -lt ${PIECES} ]; do head -c ${PIECE} /dev/zero | tr '\\0' x; i=$((i+1)); sleep 0.03; done`;
    const before = runner.link.fromRunner();
    const change = await tally.submit(tally.project(print)).change();
    const job = await until('it runs', async () =>
      (await world.jobsOf(change)).find(({ status }) => status === 'running'),
    );
    const response = await fetch(`${world.url}/api/v1/jobs/${job.id}/log/stream`, {
      headers: { Authorization: `Bearer ${world.token}` },
    });
    let [toReader, pieces] = [0, 0];
    for await (const { event, data } of readEvents(response.body)) {
      toReader += data.length;
      pieces += 1;
      if (event === 'end') break;
    }
    const { bytes } = await tally.expectOnce(change);
    const size = PIECES * PIECE;
    expect(bytes).toBe(size);
    expect(pieces).toBeGreaterThan(5);
    // sent anew with each piece it would be dozens of times its size; SSH and base64 add a third at most
    expect(runner.link.fromRunner() - before).toBeLessThan(1.5 * size);
    expect(toReader).toBeLessThan(1.5 * size);
  });
});
