import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import { readEvents } from '../../src/cli/events.js';
import { aDoor, type Door } from '../e2e/door.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { aFaultyRunner } from '../faults/runner.js';
import { tallyOf } from '../faults/tally.js';

let world: World;
let door: Door;
beforeAll(async () => {
  [world, door] = [await aWorld(), await aDoor()];
  await world.start({}, 'error', ['--public-url', door.url]);
  door.leadsTo(world.url);
});
afterAll(async () => {
  await world.close();
  await door.close();
});

const REPORTER = join(import.meta.dirname, '..', 'fixtures', 'jobs', 'reporter.mjs');
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

  it('given a job that tells its whole log with each piece, then each byte is stored once, and goes once to who follows it', async () => {
    await world.addRunner('r2');
    const pieces = 60;
    const piece = 'x'.repeat(1999);
    const repository = world.aRepository('teller', {
      commands: {
        unit: `PIECE=${piece} '${process.execPath}' '${REPORTER}' ${'p'.repeat(pieces)}s`,
        lint: 'true',
        syntax: 'true',
      },
      config: { version: '2', job_dispatch: { version: 'v2' }, baton: { reports: { unit: true } } },
    });
    const { id } = await world.submitted(repository);
    const job = await until('its job', async () =>
      (await world.jobsOf(id)).find(({ phase }) => phase === 'unit'),
    );
    const response = await fetch(`${world.url}/api/v1/jobs/${job.id}/log/stream?output=report`, {
      headers: { Authorization: `Bearer ${world.token}` },
    });
    let [toReader, text] = [0, ''];
    for await (const { event, data } of readEvents(response.body)) {
      toReader += data.length;
      const told = JSON.parse(data) as { readonly base64?: string };
      text += Buffer.from(told.base64 ?? '', 'base64').toString();
      if (event === 'end') break;
    }
    const size = pieces * 2000;
    expect(text).toBe(`${piece}\n`.repeat(pieces));
    // base64, and at most a frame for each report
    expect(toReader).toBeLessThan((4 / 3) * size + 200 * (pieces + 2));
    await world.finished(id);
    const end = (await world.ask('GET', `/jobs/${job.id}`)).json() as JobView;
    const report = end.attempts[0]?.outputs?.find(({ name }) => name === 'report');
    expect(report).toMatchObject({ storedBytes: size, truncated: false });
    const kept = join(world.data, 'logs', `${job.id}.1.report.log`);
    expect((await stat(kept)).size).toBe(size);
  });
});
