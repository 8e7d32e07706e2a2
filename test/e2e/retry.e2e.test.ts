/** Does a job of a change come to its end after all: elsewhere, or when its only runner is back? */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { QueueView } from '../../projections/queue.js';
import type { ChangeView, JobRetried } from '../../src/app/use-cases.js';
import { aFaultyRunner } from '../faults/runner.js';
import { hasSshd, requiresSshd } from '../sshd.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

const VERSION_2 = { version: '2', job_dispatch: { version: 'v2' } };

let world: World;
beforeEach(async () => {
  world = await aWorld();
  await world.start();
});
afterEach(() => world.close());

const submitted = async (unit: string, lint: string, more: object = {}): Promise<string> => {
  const config = { ...VERSION_2, skip_phases: ['syntax'], ...more };
  const repository = world.aRepository('project', { commands: { unit, lint }, config });
  const request = { repository, branch: 'feature', target: 'main', project: 'project' };
  return ((await world.ask('POST', '/changes', request)).json() as ChangeView).id;
};
const jobOf = (changeId: string, phase: string, status: JobView['status']): Promise<JobView> =>
  until(`a job of ${phase} is ${status}`, async () =>
    (await world.jobsOf(changeId)).find((job) => job.phase === phase && job.status === status),
  );
const refusal = async (id: string): Promise<[number, string]> => {
  const answer = await world.ask('POST', `/jobs/${id}/retry`, {});
  return [answer.status, (answer.json() as { readonly reason: string }).reason];
};

describe('a job of a change that is tried again', () => {
  it('given --elsewhere, when its stage has ended, then it runs on the other runner, alone, and the stage passes', async () => {
    await world.addRunner('r1');
    const gate = join(world.folder, 'gate');
    const id = await submitted('[ "$BATON_RUNNER" != r1 ]', `until [ -e ${gate} ]; do sleep 0.05; done`);
    const failed = await jobOf(id, 'unit', 'failed');
    expect(await refusal(failed.id)).toEqual([409, 'stage_running']);
    await writeFile(gate, '');
    await world.finished(id);
    const succeeded = await jobOf(id, 'lint', 'succeeded');
    expect(await refusal(succeeded.id)).toEqual([409, 'job_succeeded']);

    await world.addRunner('r2');
    const retry = () =>
      world.ask('POST', `/jobs/${failed.id}/retry`, { elsewhere: true }, { 'Idempotency-Key': 'once' });
    const answer = await retry();
    expect(answer.status).toBe(202);
    const again = answer.json() as JobRetried;
    const change = await world.finished(id);
    expect(change.stages.map(({ status }) => status)).toEqual(['failed', 'passed']);
    expect(change.stages.at(-1)).toMatchObject({ stageRunId: again.stageRunId });
    const job = (await world.ask('GET', `/jobs/${again.jobId}`)).json() as JobView;
    expect(job).toMatchObject({ phaseRunId: again.phaseRunId, status: 'succeeded' });
    expect(job.attempts.map(({ runner }) => runner)).toEqual(['r2']);
    // lint has not run again
    expect(await world.jobsOf(id)).toHaveLength(3);
    // the same key, and what is another command
    expect((await retry()).json()).toEqual(again);
    const ran = await world.baton('job', 'retry', failed.id.slice(0, 8));
    expect([ran.code, ran.err]).toEqual([
      expect.any(Number),
      expect.stringContaining('A job of the latest run of verify was expected'),
    ]);
    expect(ran.code).not.toBe(0);
  });
});

describe.runIf(hasSshd || requiresSshd)('a job whose only runner fails it for a while [needs sshd]', () => {
  const ONLY_UNIT = { skip_phases: ['lint', 'syntax'] };

  const saysNoneAvailable = () =>
    until('it waits, since its runner cannot take it', async () => {
      const { entries } = (await world.ask('GET', '/queue')).json() as QueueView;
      return entries.find((entry) => entry.waiting?.reason === 'none_available');
    });

  it('given a folder that cannot be used, then it runs when the runner is well again, and no try is called its own failure', async () => {
    const { base } = await world.addRunner('r1');
    await rename(base, `${base}.away`);
    await writeFile(base, 'in the way');
    const id = await submitted('true', 'true', ONLY_UNIT);
    await saysNoneAvailable();
    await rm(base);
    await rename(`${base}.away`, base);
    expect((await world.finished(id)).stages.map(({ status }) => status)).toEqual(['passed']);
    const [job] = await world.jobsOf(id);
    // a probe may have found it before the job was sent there: then there was no try
    const tries = job?.attempts.map(({ runner, exitCode }) => [runner, exitCode]) ?? [];
    expect(tries.at(-1)).toEqual(['r1', 0]);
    expect([[], [['r1', undefined]]]).toContainEqual(tries.slice(0, -1));
  });

  it('given a machine that restarts, then the job waits for it, and its tries are not used up', async () => {
    const runner = await aFaultyRunner(world, 'r1');
    await runner.link.refuse();
    const id = await submitted('true', 'true', ONLY_UNIT);
    await saysNoneAvailable();
    await runner.link.open();
    expect((await world.finished(id)).stages.map(({ status }) => status)).toEqual(['passed']);
    expect((await world.jobsOf(id))[0]?.attempts.length).toBeLessThan(3);
  });
});
