/** The built server, asked as delivery-cli asks, answers as the original did. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { delivery, type Answered, type Asked, type Person } from './delivery-cli.js';
import { expectFixture } from './fixtures.js';

let world: World;
let alice: Person;
let changeId = '';
const CHANGE = (): string => `orgs/default/projects/web/changes/${changeId}`;
const RUN = (n: number): string => `orgs/default/projects/web/pipelines/main/phase_runs/${n}`;
const get = (path: string): Promise<Answered> => delivery(alice, { method: 'GET', path });
const post = (path: string, body?: unknown): Promise<Answered> =>
  delivery(alice, { method: 'POST', path, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
const remove = (path: string): Promise<Answered> => delivery(alice, { method: 'DELETE', path });

/** As the original made the id of a job. */
const jobId = (stageRun: number, phaseRun: number): string =>
  createHash('sha256').update(`${stageRun}${phaseRun}${changeId}`).digest('hex');

/** What the fixtures leave open. */
const values = () => ({
  '<change>': changeId,
  '<job 1>': jobId(1, 1),
  '<job 2>': jobId(1, 2),
  '<href of change>': `/api/v0/e/default/${CHANGE()}`,
  '<href of job 1>': `/api/v0/e/default/jobs/${jobId(1, 1)}`,
  '<href of job 2>': `/api/v0/e/default/jobs/${jobId(1, 2)}`,
  '<queue>': `default-verify-default-web-main-${changeId}`,
});

const tokenOf = async (subject: string, role: string, more: object = {}): Promise<string> => {
  const made = await world.ask('POST', '/tokens', { subject, role, ...more });
  return (made.json() as { readonly token: string }).token;
};

const skipped = [
  ...['syntax', 'quality', 'security', 'publish', 'provision', 'deploy', 'smoke', 'functional'],
];

beforeAll(async () => {
  world = await aWorld();
  await world.start();
  await world.addRunner('build-1', 2);
  world.file('flag', '');
  const repository = world.aRepository('web', {
    commands: {
      unit: `printf '\\033[32mgreen\\033[0m\\n'; while test -e '${world.folder}/flag'; do sleep 0.1; done`,
      lint: 'true',
    },
    config: {
      version: '2',
      job_dispatch: {
        version: 'v2',
        filters: { unit: { platform_family: ['debian'] }, lint: { os: ['windows'] } },
      },
      skip_phases: skipped,
    },
  });
  const port = Number(new URL(world.url).port);
  alice = { port, enterprise: 'default', user: 'alice', token: await tokenOf('alice', 'admin') };
  changeId = (await world.submitted(repository)).id;
  await until('the job of unit has written its line', async () => {
    const run = (await get(RUN(1))).json() as { readonly run_log?: string };
    return run.run_log?.includes('green') === true ? true : undefined;
  });
});
afterAll(() => world.close());

describe('given a job that runs and one that waits', () => {
  it('delivery api get jobs: both, oldest first', async () => {
    const answer = await get('jobs');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expectFixture(answer.json(), 'jobs', values());
  });

  it('delivery api get jobs/ID: by the digest that a client makes by itself; 404 for what is not queued', async () => {
    const [first] = (await get('jobs')).json() as readonly unknown[];
    const { timeInState: _, ...one } = (await get(`jobs/${jobId(1, 1)}`)).json() as Record<string, unknown>;
    expect(first).toMatchObject(one);
    const none = await get(`jobs/${jobId(1, 99)}`);
    expect(none.status).toBe(404);
    expectFixture(none.json(), 'not-found');
  });

  it('delivery api get runners: busy, and ok', async () => {
    const [key = ''] = (
      await world.ask('GET', '/runners/build-1').then((answer) => answer.json() as { publicKey: string })
    ).publicKey
      .split(' ')
      .map((_, at, words) => (at === 0 ? `${words[0]} ${words[1]}` : ''));
    const { user } = world.runners[0] ?? { user: '' };
    const known = { ...values(), "<runner's key>": `${key} ${user}@127.0.0.1\n` };
    const all = (await get('runners')).json() as readonly unknown[];
    expectFixture(all[0], 'runner-busy', known);
    for (const called of ['127.0.0.1', 'build-1'])
      expectFixture((await get(`runners/${called}`)).json(), 'runner-busy', known);

    const testing = await post('runners/build-1/health');
    expect(testing.status).toBe(200);
    expectFixture(testing.json(), 'runner-testing', known);
    await until('the test is over', async () => {
      const { health } = (await get('runners/build-1')).json() as { health: { status?: string } };
      return health.status === 'pending' ? undefined : true;
    });
    expectFixture((await get('runners/build-1')).json(), 'runner-busy', known);
    expect((await post('runners/nobody/health')).status).toBe(404);
  });

  it('delivery api get orgs/…/changes/ID, and phase runs by their numbers', async () => {
    expectFixture((await get(CHANGE())).json(), 'change-running', values());
    expectFixture((await get(RUN(1))).json(), 'phase-run-running');
    expect((await get(RUN(2))).json()).toMatchObject({ id: 2, stage_run_id: 1, status: 'idle', run_log: '' });
    expect((await get(RUN(99))).status).toBe(404);
    expect((await get(RUN(1).replace('web', 'api'))).status).toBe(404);
    expect((await get('orgs/default/projects/web/pipelines/main/phase_runs/one')).status).toBe(400);
  });

  it('the same below /workflow, as Automate 2 had it, with links that lead there', async () => {
    const response = await fetch(`${world.url}/workflow/api/v0/e/default/${CHANGE()}`, {
      headers: { 'chef-delivery-user': 'alice', 'chef-delivery-token': alice.token ?? '' },
    });
    expect(await response.json()).toMatchObject({
      _links: { delete: { href: `/workflow/api/v0/e/default/${CHANGE()}` } },
    });
  });

  it('the log is a file, without its colours unless they are wanted', async () => {
    const plain = await get(`${RUN(1)}/log`);
    expect([plain.status, plain.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(plain.headers['content-disposition']).toBe(
      'attachment; filename="default-web-main-verify-unit-1.txt"',
    );
    expect(plain.text).toBe('green\n');
    expect((await get(`${RUN(1)}/log?colorize=true`)).text).toBe('\u001b[32mgreen\u001b[0m\n');
    const objects = await get(`${RUN(1)}/log_objects`);
    expect([objects.status, objects.json()]).toMatchObject([404, { error: 'log_not_found' }]);
  });

  it('queue-status and blocked_projects', async () => {
    expectFixture((await get('queue-status')).json(), 'queue-status', values());
    expect((await get('blocked_projects')).json()).toEqual({ blocked_projects: [] });
  });

  it('a report of progress is answered with a sentence, 501', async () => {
    const report = { run_success: false, run_log: 'x', run_status: 'running', run_complete: false };
    const answer = await post(RUN(1), report);
    expect([answer.status, answer.json()]).toMatchObject([501, { error: 'not_implemented' }]);
    expect((await post(RUN(1), { ...report, more: 1 })).status).toBe(400);
  });

  it('delivery api post runners: enrolled with a key of its own; once more, the same; then removed', async () => {
    const body = {
      ...{ hostname: 'r1.example.com', os: 'linux', platform_family: 'debian' },
      ...{ platform: 'ubuntu', platform_version: '14.04' },
    };
    const added = await post('runners', body);
    expect(added.status).toBe(201);
    expectFixture(added.json(), 'runner-added');
    const again = await post('runners', body);
    expect([again.status, again.json()]).toEqual([201, added.json()]);
    expect((await world.ask('GET', '/runners/r1.example.com')).json()).toMatchObject({
      ...{ host: 'r1.example.com', port: 22, user: 'job_runner', slots: 1, enterprises: ['default'] },
    });
    const { platform_version: _, ...less } = body;
    const refused = await post('runners', less);
    expect([refused.status, refused.json()]).toMatchObject([
      400,
      { error: 'bad_request', problems: [{ path: 'platform_version' }] },
    ]);
    const removed = await remove('runners/r1.example.com');
    expect([removed.status, removed.text]).toEqual([204, '']);
    const gone = await get('runners/r1.example.com');
    expect(gone.status).toBe(404);
    expectFixture(gone.json(), 'not-found');
  });
});

describe('who asks', () => {
  const asked: Asked = { method: 'GET', path: 'orgs' };

  it('given a token that is good, then orgs is 200: so delivery-cli looks at its token before anything else', async () => {
    const answer = await delivery(alice, asked);
    expect([answer.status, answer.json()]).toEqual([
      200,
      { orgs: [{ name: 'default', project_count: 1 }], _links: {} },
    ]);
    expect((await get('verify-token')).status).toBe(200);
    expect((await get('saml/enabled')).json()).toEqual({ enabled: false });
  });

  it.each([
    ['no token', { user: undefined, token: undefined }],
    ['a token of nobody', { token: 'baton_none' }],
    ['a token of somebody else', { user: 'bob' }],
    ['a token and no user', { user: undefined }],
  ])('given %s, then 401 token_denied', async (_, over) => {
    const { user, token } = { ...alice, ...over };
    const { port, enterprise } = alice;
    const person = {
      ...{ port, enterprise },
      ...(user === undefined ? {} : { user }),
      ...(token === undefined ? {} : { token }),
    };
    const answer = await delivery(person, asked);
    expect(answer.status).toBe(401);
    expectFixture(answer.json(), 'token-denied');
  });

  it('given a good token in the address, then 401 all the same, and the sentence says why', async () => {
    const { token = '' } = alice;
    const answer = await delivery(
      { port: alice.port, enterprise: 'default' },
      { method: 'GET', path: `jobs/streaming?chef-delivery-user=alice&chef-delivery-token=${token}` },
    );
    expect([answer.status, answer.json()]).toMatchObject([401, { error: 'token_denied' }]);
    expect(answer.text).toContain('address');
  });

  it('given a password, then 501 and what to do instead; delivery-cli shows the status', async () => {
    const answer = await delivery(
      { port: alice.port, enterprise: 'default' },
      { method: 'POST', path: 'users/alice/get-token', body: '{"username":"alice","password":"sesame123"}' },
    );
    expect(answer.status).toBe(501);
    expect(answer.text).toContain('baton token create');
    expect(answer.text).not.toContain('sesame123');
  });

  it('given a viewer, then it looks, and does nothing', async () => {
    const vera = {
      ...alice,
      user: 'vera',
      token: await tokenOf('vera', 'viewer', { enterprise: 'default' }),
    };
    expect((await delivery(vera, { method: 'GET', path: 'jobs' })).status).toBe(200);
    const forbidden: readonly Asked[] = [
      { method: 'DELETE', path: `jobs/${jobId(1, 1)}` },
      { method: 'DELETE', path: 'runners/build-1' },
      { method: 'POST', path: 'runners/build-1/health' },
      { method: 'POST', path: `${CHANGE()}/merge` },
      { method: 'DELETE', path: CHANGE() },
      { method: 'GET', path: 'queue-status' },
    ];
    for (const path of forbidden) expect([path, (await delivery(vera, path)).status]).toEqual([path, 403]);
  });

  it('given an admin of another enterprise, then nothing of this one is there (B14)', async () => {
    const otto = { ...alice, user: 'otto', token: await tokenOf('otto', 'admin', { enterprise: 'other' }) };
    const hidden: readonly Asked[] = [
      ...['jobs', 'runners', 'runners/build-1', 'orgs', 'queue-status', `jobs/${jobId(1, 1)}`].map(
        (path): Asked => ({ method: 'GET', path }),
      ),
      ...[CHANGE(), RUN(1), `${RUN(1)}/log`, 'runners/streaming'].map((path): Asked => ({
        method: 'GET',
        path,
      })),
      { method: 'DELETE', path: `jobs/${jobId(1, 1)}` },
      { method: 'POST', path: 'runners/build-1/health' },
      { method: 'POST', path: `${CHANGE()}/merge` },
    ];
    for (const one of hidden) expect([one, (await delivery(otto, one)).status]).toEqual([one, 404]);
    // in its own the runner is busy, and nothing more is told
    const own = await delivery({ ...otto, enterprise: 'other' }, { method: 'GET', path: 'runners' });
    expect(own.json()).toMatchObject([{ job: { id: '', title: '', org: '', project: '' } }]);
  });
});

describe('what is done, one after the other', () => {
  it('merge before Verify has passed: 412; an unknown stage, and what is served nowhere: 404; another method: 405', async () => {
    const early = await post(`${CHANGE()}/merge`);
    expect(early.status).toBe(412);
    expectFixture(early.json(), 'precondition-failed');
    expect((await post(`${CHANGE()}/accept`)).status).toBe(412);
    expect((await post(`${CHANGE()}/trigger/deploy`)).json()).toMatchObject({ error: 'unsupported_stage' });
    expect((await get('nothing')).json()).toMatchObject({ error: 'not_found' });
    expect((await post('blocked_projects')).status).toBe(405);
  });

  it('delivery api delete jobs/ID: 204, and its phase run has failed; then 404, since it is not queued', async () => {
    expect((await remove(`jobs/${jobId(1, 2)}`)).status).toBe(204);
    expect((await get(RUN(2))).json()).toMatchObject({
      status: 'failed',
      finished: true,
      run_success: false,
    });
    expect((await remove(`jobs/${jobId(1, 2)}`)).status).toBe(404);
  });

  it('delivery api delete runners/HOSTNAME while a job runs there: 204, the job ends as it would have, then the runner is gone (B5)', async () => {
    const [{ hostname }] = (await get('runners')).json() as [{ readonly hostname: string }];
    expect((await remove(`runners/${hostname}`)).status).toBe(204);
    expect((await get('runners')).json()).toMatchObject([{ hostname, job: { id: changeId } }]);
    world.remove(`${world.folder}/flag`);
    await world.finished(changeId);
    expect((await get(RUN(1))).json()).toMatchObject({
      ...{ status: 'passed', finished: true, run_success: true, run_status: 'finished' },
    });
    await until('the runner is gone', async () => ((await get('runners')).text === '[]' ? true : undefined));
    expect((await get('jobs')).json()).toEqual([]);
    expect((await get(CHANGE())).json()).toMatchObject({
      stages: [{ stage: 'verify', status: 'failed' }],
      _links: { 'trigger-verify': { href: `/api/v0/e/default/${CHANGE()}/trigger/verify` } },
    });
  });

  it('trigger/verify: 204, and numbers go on; the latest run of the stage shows', async () => {
    expect((await post(`${CHANGE()}/trigger/verify`)).status).toBe(204);
    await until('the jobs of the second run are queued', async () =>
      ((await get('jobs')).json() as readonly unknown[]).length > 0 ? true : undefined,
    );
    const [job] = (await get('jobs')).json() as readonly { readonly id: string }[];
    expect([jobId(2, 3), jobId(2, 4)]).toContain(job?.id);
  });

  it('given the server was started anew, then everything has the numbers that it had', async () => {
    const before = (await get(RUN(1))).json();
    await world.stop();
    await world.start();
    alice = { ...alice, port: Number(new URL(world.url).port) };
    expect((await get(RUN(1))).json()).toEqual(before);
  });

  it('delete of the change: 204, then 404', async () => {
    expect((await remove(CHANGE())).status).toBe(204);
    const gone = await get(CHANGE());
    expect([gone.status, gone.json()]).toMatchObject([404, { error: 'change_not_found' }]);
  });
});
