import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { job } from '../../src/domain/job.js';
import { aDoor, type Door } from '../e2e/door.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { aFaultyRunner, filesOn } from '../faults/runner.js';
import { tallyOf } from '../faults/tally.js';
import { anAssignment, aQueuedJob } from '../builders.js';
import { givenFor } from '../given.js';

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

describe('B3: a job always ends: without a result it is lost, and never runs for ever', () => {
  it('given what watched over it on the runner is killed, then it is lost, and its slot runs the next', async () => {
    const tally = tallyOf(world);
    const runner = await aFaultyRunner(world, 'r1', { slots: 1 });
    const go = join(world.folder, 'go');
    const script = `: > '${go}.waits'; until [ -e '${go}' ]; do sleep 0.02; done`;
    const change = await tally.submit(tally.project(script)).change();
    await until('it runs', () => existsSync(`${go}.waits`) || undefined);
    const [running] = await world.jobsOf(change);
    const claim = (await filesOn(runner, '.rc')).get(`${running?.id ?? ''}.1.rc`);
    process.kill(Number(claim?.split(' ')[1]), 'SIGKILL');
    await writeFile(go, '');
    const [end] = await tally.ends(change);
    expect(end?.terminal).toMatchObject({ type: 'JobLost', data: { why: 'supervisor_gone' } });
    await tally.expectOnce(await tally.submit(tally.project('true')).change());
  });

  it('given a job that began to tell of itself and ends well without a last word, then it has ended well, and that is said', async () => {
    await world.addRunner('r2');
    const reporter = join(import.meta.dirname, '..', 'fixtures', 'jobs', 'reporter.mjs');
    const repository = world.aRepository('silent', {
      commands: { unit: `'${process.execPath}' '${reporter}' pp`, lint: 'true', syntax: 'true' },
      config: { version: '2', job_dispatch: { version: 'v2' }, baton: { reports: { unit: true } } },
    });
    const { id } = await world.submitted(repository);
    const change = await world.finished(id);
    expect(change.stages.map(({ status }) => status)).toEqual(['passed']);
    const job = (await world.jobsOf(id)).find(({ phase }) => phase === 'unit');
    expect(job).toMatchObject({
      status: 'succeeded',
      summary: 'succeeded with exit code 0, without a final report',
    });
  });

  it('given a runner that does not answer, then a person can close its job, and what comes later changes nothing', () => {
    const given = givenFor(job);
    const running = [
      { type: 'JobQueued', data: aQueuedJob() },
      { type: 'JobAssigned', data: anAssignment() },
      { type: 'JobStarted', data: { attempt: 1, pid: 1, startTime: '1', bootId: 'boot' } },
    ] as const;
    given(running).when({ kind: 'CloseJob' }).thenTypes(['JobLost']);
    const closed = { type: 'JobLost', data: { attempt: 1, why: 'closed', detail: '' } } as const;
    given([...running, closed])
      .when({ kind: 'FinishJob', attempt: 1, verdict: { kind: 'succeeded' }, outputs: [] })
      .thenTypes(['JobReportRefused']);
  });
});
