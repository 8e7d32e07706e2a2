/** A project configures its stages and its runners, with a real server, real runners and a real merge. */
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunnerStatus } from '../../src/app/evidence.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { aWorld, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  await world.start();
  await world.addRunner('first');
  await world.addRunner('live');
  for (const [name, label] of [
    ['first', 'test'],
    ['live', 'production'],
  ])
    expect((await world.baton('runner', 'set', name ?? '', '--label', label ?? '')).code).toBe(0);
  // its labels count only once it is known to be well
  for (const name of ['first', 'live']) await world.ask('POST', `/runners/${name}/test`, {});
});
afterAll(() => world.close());

const v2 = (baton: object): object => ({
  ...{ version: '2', job_dispatch: { version: 'v2' }, baton },
  skip_phases: ['lint', 'syntax', 'quality', 'security', 'publish', 'provision', 'smoke', 'functional'],
});
const submit = async (repository: string): Promise<ChangeView> => {
  const answer = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
  expect(answer.status, answer.bytes.toString()).toBe(201);
  return answer.json() as ChangeView;
};

describe('stages', () => {
  it('given filters and secrets of a stage, then its jobs run there and have those, from Verify to Delivered', async () => {
    for (const [name, value] of [
      ['PLACE', 'a test'],
      ['OTHER', 'the world'],
    ])
      await world.baton(
        ...['secret', 'set', `default/default/web/${name ?? ''}`, '--file'],
        world.file(`secret-${name ?? ''}`, value ?? ''),
      );
    const repository = world.aRepository('web', {
      commands: { unit: 'true', deploy: 'echo ${#PLACE} ${#OTHER}' },
      config: v2({
        filters: { unit: { hostname: 'first' }, deploy: { labels: ['test'] } },
        secrets: { deploy: ['PLACE'] },
        stages: {
          delivered: { filters: { deploy: { labels: ['production'] } }, secrets: { deploy: ['OTHER'] } },
        },
      }),
    });
    const { id } = await submit(repository);
    expect(await world.finished(id)).toMatchObject({ stages: [{ status: 'passed' }] });
    expect((await world.baton('change', 'approve', id, '--wait')).code).toBe(0);
    const delivered = await world.baton('change', 'deliver', id, '--wait');
    expect(delivered.code, delivered.out + delivered.err).toBe(0);
    const jobs = await world.jobsOf(id);
    const ran = await Promise.all(
      jobs.map(async (job) => {
        const log = (await world.ask('GET', `/jobs/${job.id}/log`)).bytes.toString().trim();
        return `${job.stage}/${job.phase} on ${job.attempts[0]?.runner ?? '-'}: ${log}`;
      }),
    );
    expect(ran.toSorted()).toEqual([
      'acceptance/deploy on first: 6 0',
      'build/unit on first: ',
      'delivered/deploy on live: 0 9',
      'rehearsal/deploy on first: 6 0',
      'union/deploy on first: 6 0',
      'verify/unit on first: ',
    ]);
  }, 180_000);
});

describe('config check beside the server', () => {
  const check = async (filters: object) => {
    const file = world.file('config.json', JSON.stringify(v2({ filters })));
    return world.baton('config', 'check', file, '--server');
  };

  it('given a hostname, then what the machine says and what it was enrolled as match, and nothing else', async () => {
    const { attributes } = (await world.ask('GET', '/runners/first')).json() as RunnerStatus;
    expect(attributes.hostname).toBe(hostname());
    expect((await check({ unit: { hostname: [hostname()] }, deploy: { hostname: 'live' } })).code).toBe(0);
    const missed = await check({ unit: { hostname: 'frist' } });
    expect(missed.code).toBe(6);
    expect(missed.out).toMatch(/^unit: no enrolled runner can match; hostname is frist: /m);
    expect(missed.out).toContain('frist may be a slip of the pen: there is first');
  });

  it('given a range that no machine is in, then the version that they have', async () => {
    expect((await check({ unit: { platform_version: '>=12 <13' } })).code).toBe(0);
    const { code, out } = await check({ unit: { platform_version: '>=13', labels: ['test'] } });
    expect(code).toBe(6);
    expect(out).toMatch(/^unit: .*platform_version is >=13: 1 runner has 12$/m);
  });
});
