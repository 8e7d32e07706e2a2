import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesOf, until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { tallyOf } from '../faults/tally.js';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  await world.start();
  await world.addRunner('r1', 1);
});
afterAll(() => world.close());

describe('B19: a cancel is confirmed by what was seen on the runner, goes on to KILL, and is no failure', () => {
  it('given a job that does not heed TERM, then it is killed, cancelled with evidence, and a second cancel is told why not', async () => {
    const tally = tallyOf(world);
    const ready = join(world.folder, 'ready');
    const deaf = `trap '' TERM HUP INT; : > '${ready}'; while :; do sleep 0.1; done; : 98765`;
    const change = await tally.submit(tally.project(deaf)).change();
    await until('it runs', () => existsSync(ready) || undefined);
    const [job] = await world.jobsOf(change);
    const asked = await world.baton('job', 'cancel', job?.id ?? '', '--reason', 'wrong branch');
    expect([asked.code, asked.err]).toEqual([0, '']);
    const [end] = await tally.ends(change);
    expect(end?.terminal).toMatchObject({ type: 'JobCancelled', data: { evidence: { how: 'signalled' } } });
    expect(JSON.stringify(end?.terminal.data)).toContain('KILL');
    const left = await processesOf(world.folder);
    expect(left.filter(({ command }) => command.includes('98765'))).toEqual([]);
    const shown = (await world.ask('GET', `/jobs/${job?.id ?? ''}`)).json();
    expect(shown).toMatchObject({
      status: 'cancelled',
      cancelRequested: { by: 'admin', reason: 'wrong branch' },
    });
    const again = await world.baton('job', 'cancel', job?.id ?? '');
    expect([again.code, again.err]).toEqual([5, expect.stringContaining('already')]);
  });
});
