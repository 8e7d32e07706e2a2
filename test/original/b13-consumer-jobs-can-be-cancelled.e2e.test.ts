/** In the original jobs of consumers could not be cancelled from the change in whose Union they ran. Here they show there, and can. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import type { JobView } from '../../projections/jobs.js';
import { until } from '../e2e/processes.js';
import { aWorld, deliver, onlyDeploy, type World } from '../e2e/world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
  await world.start();
  await world.addRunner('first');
});
afterEach(() => world.close());

const consumerOf = (change: ChangeView) =>
  change.stages.findLast(({ stage }) => stage === 'union')?.consumers?.[0];

/** The job of the consumer in the latest Union of the change, once it runs. */
const consumerJob = (id: string): Promise<JobView> =>
  until('the job of the consumer runs', async () => {
    const [jobId] = consumerOf(await world.change(id))?.phases.flatMap(({ jobs }) => jobs) ?? [];
    return (await world.jobsOf(id)).find((job) => job.id === jobId && job.status === 'running');
  });

const isGone = (job: JobView): Promise<true> =>
  until('the process of the job is gone', () => {
    try {
      process.kill(job.attempts.at(-1)?.pid ?? 0, 0);
      return undefined;
    } catch {
      return true;
    }
  });

describe('B13: the jobs of a consumer', () => {
  it('given they show in the change, then each can be cancelled by itself, and all with the change', async () => {
    // quick while its own stages run; in the Union of the other it waits for the flag to go away
    const flag = `${world.folder}/flag`;
    const web = world.aRepository('web', onlyDeploy(`while test -e '${flag}'; do sleep 1; done`, ['api']));
    const api = world.aRepository('api', onlyDeploy('true'));
    await deliver(world, web);
    world.file('flag', '');
    const { id } = await world.submitted(api);
    await world.finished(id);
    await world.do(id, 'approve');
    await world.finished(id);
    await world.do(id, 'deliver');

    const first = await consumerJob(id);
    expect(first).toMatchObject({ project: 'web', stage: 'union', phase: 'deploy', unionOf: id });
    const shown = await world.baton('change', 'show', id);
    expect(shown.out).toMatch(/^ {2}web:main [0-9a-f]{8} +running/m);
    expect(shown.out).toMatch(new RegExp(`deploy +running +${first.id.slice(0, 8)}`));
    const cancelled = await world.baton('job', 'cancel', first.id, '--reason', 'not now');
    expect([cancelled.code, cancelled.err]).toEqual([0, '']);
    const failed = await world.finished(id);
    expect(failed.stages.at(-1)).toMatchObject({
      ...{ stage: 'union', status: 'failed' },
      consumers: [{ status: 'failed', phases: [{}, { phase: 'deploy', status: 'cancelled' }, {}, {}] }],
    });
    await isGone(first);
    const retried = await world.ask('POST', `/jobs/${first.id}/retry`, {});
    expect(retried.json()).toMatchObject({ code: 'conflict', reason: 'job_of_consumer' });

    // once more, this phase of the consumer alone, by the command line; then all of it is ended with the change
    const rerun = ['change', 'rerun', id, '--stage', 'union', '--phase', 'deploy', '--consumer'];
    const again = await world.baton(...rerun, (consumerOf(failed)?.changeId ?? '').slice(0, 8));
    expect([again.code, again.err]).toEqual([0, '']);
    const second = await consumerJob(id);
    expect(second.id).not.toBe(first.id);
    expect((await world.do(id, 'cancel', { reason: 'enough' })).status).toBe(202);
    expect((await world.finished(id)).stages.at(-1)).toMatchObject({ stage: 'union', status: 'cancelled' });
    await isGone(second);
    const unknown = await world.baton(...rerun, 'ffffffff');
    expect(unknown.err).toContain('consumer');
    const whole = await world.do(id, 'rerun', { stage: 'union', consumer: consumerOf(failed)?.changeId });
    expect(whole.json()).toMatchObject({ code: 'invalid', reason: 'phase_needed' });
  }, 180_000);
});
