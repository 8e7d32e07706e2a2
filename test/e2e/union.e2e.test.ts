/** Two projects of which one depends on the other: Union runs both, each at the commit that was delivered. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commit, gitIn } from '../source/given-repository.js';
import { until } from './processes.js';
import { aWorld, deliver, onlyDeploy, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});
afterEach(() => world.close());

describe('a change that another project depends on', () => {
  it('given it is delivered, then Union runs the other at the commit that was delivered; given a failure there, then both are blocked until it passes', async () => {
    await world.start();
    await world.addRunner('first');
    const flag = `${world.folder}/broken`;
    const web = world.aRepository('web', onlyDeploy(`cat version && test ! -e '${flag}'`, ['api']));
    commit(web, { version: 'web as delivered\n' }, 'Name it');
    const api = world.aRepository('api', onlyDeploy('cat README.md'));
    const webChange = await deliver(world, web);

    // merged, but not delivered: no part of any Union
    gitIn(web, ['checkout', '--quiet', '-b', 'later', 'main']);
    commit(web, { version: 'web as merged later\n' }, 'Go on');
    const later = await world.submitted(web, 'later');
    await world.finished(later.id);
    await world.do(later.id, 'approve');
    await world.finished(later.id);

    const apiChange = await world.submitted(api);
    await world.finished(apiChange.id);
    await world.do(apiChange.id, 'approve');
    await world.finished(apiChange.id);
    const broken = world.file('broken', '');
    const failed = await world.baton('change', 'deliver', apiChange.id, '--wait');
    expect(failed.code).not.toBe(0);
    expect(failed.out).toContain('first web union/deploy | web as delivered');
    expect(failed.out).not.toContain('as merged later');
    const union = (await world.change(apiChange.id)).stages.at(-1);
    expect(union).toMatchObject({
      ...{ stage: 'union', status: 'failed' },
      phases: [{}, { phase: 'deploy', status: 'succeeded' }, {}, {}],
      consumers: [{ changeId: webChange.id, project: 'web', sha: webChange.merge?.sha, status: 'failed' }],
    });
    const [job] = (await world.jobsOf(apiChange.id)).filter(({ unionOf }) => unionOf !== undefined);
    expect(job).toMatchObject({ project: 'web', changeId: webChange.id, unionOf: apiChange.id });

    for (const id of [apiChange.id, webChange.id, later.id])
      expect((await world.baton('change', 'show', id)).out).toMatch(
        /caution: +Union of api:main and web:main has not passed since 2/,
      );
    const cautioned = await world.change(later.id);
    expect(cautioned.promotion).toMatchObject({ status: 'caution', reason: 'pipeline_union_failure' });
    expect(cautioned.actions).toContain('deliver');

    world.remove(broken);
    await world.do(apiChange.id, 'rerun', { stage: 'union' });
    const passed = await world.finished(apiChange.id);
    expect(passed.stages.map(({ stage, status }) => `${stage} ${status}`).slice(-3)).toEqual([
      ...['union passed', 'rehearsal passed', 'delivered passed'],
    ]);
    expect(passed.promotion).toEqual({ status: 'disabled', reason: 'change_delivered' });
    expect((await world.change(later.id)).promotion).toEqual({ status: 'proceed' });
  }, 180_000);
});

describe('a server killed by SIGKILL while a consumer runs in a Union', () => {
  it('given it is started again, then that very job goes on, nothing runs twice, and the Union passes', async () => {
    await world.start();
    await world.addRunner('first');
    const flag = `${world.folder}/wait`;
    const ran = `${world.folder}/ran`;
    const web = world.aRepository(
      'web',
      onlyDeploy(`echo web >> '${ran}'; while test -e '${flag}'; do sleep 1; done`, ['api']),
    );
    const api = world.aRepository('api', onlyDeploy(`echo api >> '${ran}'`));
    await deliver(world, web);
    const { id } = await world.submitted(api);
    await world.finished(id);
    await world.do(id, 'approve');
    await world.finished(id);
    world.file('ran', '');
    world.file('wait', '');
    await world.do(id, 'deliver');
    const running = await until('the consumer runs', async () =>
      (await world.jobsOf(id)).find((job) => job.unionOf === id && job.status === 'running'),
    );
    await world.stop('SIGKILL');
    await world.start();
    world.remove(flag);
    const passed = await world.finished(id);
    const union = passed.stages.find(({ stage }) => stage === 'union');
    expect(union).toMatchObject({ status: 'passed', consumers: [{ project: 'web', status: 'passed' }] });
    expect(union?.consumers?.[0]?.phases.flatMap(({ jobs }) => jobs)).toEqual([running.id]);
    // Union of api with web once; then Rehearsal and Delivered of api alone
    expect(readFileSync(ran, 'utf8')).toBe('api\nweb\napi\napi\n');
  }, 120_000);
});

describe('--obsolete-jobs finish', () => {
  it('given a new patchset, then what ran for the one before goes on to its end, and the new one waits for it', async () => {
    await world.start({ BATON_OBSOLETE_JOBS: 'finish' });
    await world.addRunner('first');
    const flag = world.file('wait', '');
    const repository = world.aRepository('web', {
      ...onlyDeploy('true'),
      commands: { unit: `while test -e '${flag}'; do sleep 1; done`, deploy: 'true' },
    });
    const { id } = await world.submitted(repository);
    await until('the old job runs', async () =>
      (await world.jobsOf(id)).find(({ status }) => status === 'running'),
    );
    commit(repository, { note: 'more\n' }, 'Say more');
    const second = await world.submitted(repository);
    expect(second.stages.map(({ status }) => status)).toEqual(['running', 'queued']);
    world.remove(flag);
    const verified = await world.finished(id);
    expect(verified.stages.map(({ status }) => status)).toEqual(['passed', 'passed']);
    const jobs = (await world.jobsOf(id)).toReversed();
    expect(jobs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect((jobs[1]?.queuedAt ?? '') > (jobs[0]?.endedAt ?? '')).toBe(true);
  }, 120_000);
});
