/** What is refused, in which words, and does a refusal leave the history as it was? Each one is counted. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { RunnerStatus } from '../../src/app/evidence.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { loadDriver } from '../../src/store/driver.js';
import { aRepository } from '../source/given-repository.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
  await world.start();
});
afterEach(() => world.close());

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly reason: string;
  readonly detail: string;
  readonly hint?: string;
  readonly problems?: readonly { readonly path: string; readonly found: string }[];
}

/** Rows in the file of the running server or node: a second reader of SQLite, as an auditor would be. */
/** After a server has stopped; at a store of its own it says last that the runners are free. */
const recordedAtLast = async () =>
  (await world.events()).filter(({ event }) => event.type !== 'ShardReleased');

const countEvents = async (type?: string): Promise<number> => {
  const driver = await loadDriver();
  if (driver === undefined) throw new Error('no SQLite driver');
  const database = driver.open(join(world.place.folder, 'events.db'));
  try {
    const row =
      type === undefined
        ? database.prepare('SELECT count(*) AS n FROM events').get()
        : database.prepare('SELECT count(*) AS n FROM events WHERE type = ?').get(type);
    return Number(row?.['n']);
  } finally {
    database.close();
  }
};

const commands = { lint: 'true', syntax: 'true', unit: 'true' };

describe('change submit of a project that cannot be run', () => {
  it.each<[string, unknown, Partial<Problem>, readonly string[]]>([
    [
      'a config.json that is not JSON',
      '{"version": "2",\n  "job_dispatch": {"version": "v2"},\n}',
      { code: 'invalid', reason: 'config_invalid' },
      ['.delivery/config.json: line 2'],
    ],
    [
      'several problems at once',
      {
        version: '3',
        job_dispatch: { version: 'v2', filters: { unit: { os: 'linux' }, lnit: { os: ['linux'] } } },
        skip_phases: ['smoky'],
        phase_timeouts: { unit: -1 },
      },
      { code: 'invalid', reason: 'config_invalid' },
      [
        'version',
        'job_dispatch.filters.unit.os',
        'job_dispatch.filters.lnit',
        'skip_phases[0]',
        'phase_timeouts.unit',
      ].map((path) => `.delivery/config.json: ${path}`),
    ],
    [
      'job_dispatch v1',
      { version: '2', job_dispatch: { version: 'v1' } },
      { code: 'not_dispatched_here', reason: 'job_dispatch_v1' },
      ['.delivery/config.json: job_dispatch'],
    ],
    [
      'no job_dispatch',
      { version: '2' },
      { code: 'not_dispatched_here', reason: 'no_job_dispatch' },
      ['.delivery/config.json: job_dispatch'],
    ],
  ])(
    'given %s, then every problem in words, exit code 2, and no event',
    async (_what, config, expected, paths) => {
      const repository = world.aRepository('project', { commands, config });
      const before = await countEvents();
      const ran = await world.baton('change', 'submit', '--repo', repository, '--target', 'main', '--json');
      expect([ran.code, ran.out]).toEqual([2, '']);
      const problem = JSON.parse(ran.err) as Problem;
      expect(problem).toMatchObject({ status: 422, ...expected });
      const found = problem.problems?.map(({ path }) => path) ?? [];
      expect(found).toHaveLength(paths.length);
      for (const path of paths) expect(found.some((one) => one.startsWith(path))).toBe(true);
      expect(problem.hint).toMatch(expected.code === 'invalid' ? /submit again/ : /"version": "v2"/);

      const told = await world.baton('change', 'submit', '--repo', repository, '--target', 'main');
      expect(told.code).toBe(2);
      for (const path of paths) expect(told.err).toContain(path);

      expect(await countEvents()).toBe(before);
      expect(((await world.ask('GET', '/changes')).json() as { items: unknown[] }).items).toEqual([]);
      await world.stop();
      expect(await recordedAtLast()).toHaveLength(before);
    },
  );
});

describe('change submit of an address that is not for git', () => {
  it('given commands, options and foreign paths as repository or branch, then refused, nothing run, no event', async () => {
    const canary = join(world.folder, 'canary');
    const repository = world.aRepository('project', { commands });
    const outside = aRepository(join(world.folder, 'outside'));
    const before = await countEvents();
    const refusals: readonly [string, string, string, string][] = [
      [`ext::sh -c 'touch ${canary}'`, 'feature', 'repository_refused', 'spaces or control characters'],
      ['ext::sh${IFS}-c${IFS}touch', 'feature', 'repository_refused', 'must be an https://'],
      [`--upload-pack=touch ${canary}`, 'feature', 'invalid_input', '`repository`'],
      [outside, 'feature', 'repository_refused', 'not below a source root'],
      [join(world.repositories, '..', 'outside'), 'feature', 'repository_refused', 'not below a source root'],
      [`${world.repositories}/../outside`, 'feature', 'repository_refused', 'not below a source root'],
      ['/etc', 'feature', 'repository_refused', 'not below a source root'],
      [repository, `--upload-pack=touch ${canary}`, 'invalid_input', '`branch`'],
      [repository, `x;touch\t${canary}`, 'invalid_input', '`branch`'],
      [repository, 'nowhere', 'branch_missing', 'nowhere'],
    ];
    for (const [address, branch, reason, words] of refusals) {
      const answer = await world.ask('POST', '/changes', { repository: address, branch, target: 'main' });
      const problem = answer.json() as Problem;
      expect([address, branch, answer.status, problem.reason]).toEqual([address, branch, 422, reason]);
      expect(problem.detail).toContain(words);
      expect(problem.hint, `hint for ${address} ${branch}`).toMatch(/\w/);
      expect(await countEvents(), `events after ${address} ${branch}`).toBe(before);
    }
    expect(existsSync(canary)).toBe(false);

    const cli = await world.baton(
      'change',
      'submit',
      '--repo',
      outside,
      '--branch',
      'feature',
      '--target',
      'main',
    );
    expect(cli.code).toBe(2);
    expect(cli.err).toContain('not below a source root');
    for (const address of [`ext::sh -c 'touch ${canary}'`, `--upload-pack=touch ${canary}`]) {
      const ran = await world.baton('change', 'submit', `--repo=${address}`, '--branch', 'feature');
      expect(ran.code).toBe(64);
      expect(ran.err).toContain('not a git repository');
    }
    expect(existsSync(canary)).toBe(false);
    expect(((await world.ask('GET', '/changes')).json() as { items: unknown[] }).items).toEqual([]);
    await world.stop();
    expect(await recordedAtLast()).toHaveLength(before);
  });
});

describe('runner add and set with an agent and a private key at once', () => {
  it('given both, then one sentence, 422 with exit code 2, and neither an event nor a key is kept', async () => {
    const { privateKey } = generateKeyPair();
    const identity = world.file('identity', privateKey);
    const address = ['--host', '127.0.0.1', '--user', 'builder'];
    expect((await world.baton('runner', 'add', 'b1', ...address)).code).toBe(0);
    const keys = (): readonly string[] => readdirSync(join(world.data, 'secrets')).sort();
    /** What is recorded of it; when it is looked at next comes and goes by itself. */
    const shown = async (): Promise<unknown> => {
      const { auth, publicKey, slots, revision } = (
        await world.ask('GET', '/runners/b1')
      ).json() as RunnerStatus;
      return { auth, publicKey, slots, revision };
    };
    const before = { events: await countEvents(), keys: keys(), b1: await shown() };
    const agent = { auth: 'agent', privateKey };
    const asked = [
      await world.ask('POST', '/runners/b1/settings', { ...agent, slots: 3 }),
      await world.ask('POST', '/runners', { ...agent, name: 'b2', host: '127.0.0.1', user: 'builder' }),
    ];
    for (const answer of asked) {
      expect(answer.status).toBe(422);
      const problem = answer.json() as Problem;
      expect(problem).toMatchObject({ code: 'invalid', reason: 'auth' });
      expect(problem.detail).toMatch(/^Auth agent and a private key contradict each other: [^.]*\.$/);
      expect(problem.problems).toMatchObject([{ path: 'privateKey', found: 'a key (not shown)' }]);
    }
    const both = ['--auth', 'agent', '--identity', identity];
    const told = [
      await world.baton('runner', 'set', 'b1', '--slots', '3', ...both),
      await world.baton('runner', 'add', 'b2', ...address, ...both),
    ];
    for (const { code, out, err } of told) {
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain('Auth agent and a private key contradict each other');
      expect(err).not.toContain('PRIVATE KEY-----');
    }
    expect({ events: await countEvents(), keys: keys(), b1: await shown() }).toEqual(before);
    expect((await world.ask('GET', '/runners/b2')).status).toBe(404);
  });

  it('given one of the two, then it is done: the agent, and a key again', async () => {
    const { privateKey, publicKey } = generateKeyPair();
    const identity = world.file('identity', privateKey);
    const address = ['--host', '127.0.0.1', '--user', 'builder'];
    expect((await world.baton('runner', 'add', 'b1', ...address)).code).toBe(0);
    const auth = async (): Promise<unknown> => (await world.ask('GET', '/runners/b1')).json();
    expect((await world.baton('runner', 'set', 'b1', '--auth', 'agent')).code).toBe(0);
    expect(await auth()).toMatchObject({ auth: 'agent' });
    const set = await world.baton('runner', 'set', 'b1', '--identity', identity);
    expect([set.code, set.out]).toEqual([0, expect.stringContaining(publicKey)]);
    expect(await auth()).toMatchObject({ auth: 'key' });
  });
});

describe('Idempotency-Key', () => {
  it('given the same key twice, then one answer and one set of events; with another body, then 409', async () => {
    const repository = world.aRepository('project', { commands });
    const body = { repository, branch: 'feature', target: 'main' };
    const key = { 'Idempotency-Key': randomUUID() };
    const first = await world.ask('POST', '/changes', body, key);
    expect([first.status, first.headers.get('Idempotency-Replayed')]).toEqual([201, null]);
    // no runner: the jobs wait, and nothing more happens by itself
    await until('its jobs and the reason why they wait are recorded', async () =>
      (await countEvents('JobQueued')) === 3 && (await countEvents('WaitReasonChanged')) === 1
        ? true
        : undefined,
    );
    const before = await countEvents();
    const [again, atOnce] = await Promise.all([
      world.ask('POST', '/changes', body, key),
      world.ask('POST', '/changes', body, key),
    ]);
    const { id } = first.json() as ChangeView;
    for (const repeat of [again, atOnce]) {
      expect([repeat.status, repeat.headers.get('Idempotency-Replayed')]).toEqual([201, 'true']);
      expect(repeat.json() as ChangeView).toMatchObject({ id, patchset: 1 });
    }
    const other = await world.ask('POST', '/changes', { ...body, project: 'other' }, key);
    expect(other.status).toBe(409);
    expect(other.json() as Problem).toMatchObject({
      code: 'idempotency_conflict',
      reason: 'same_key_other_body',
    });
    expect(await countEvents()).toBe(before);
    expect([await countEvents('ChangeOpened'), await countEvents('StageTriggered')]).toEqual([1, 1]);
  });

  it('given two requests with one key at the same time, then one change and one set of events', async () => {
    const repository = world.aRepository('project', { commands });
    const body = { repository, branch: 'feature', target: 'main' };
    const key = { 'Idempotency-Key': randomUUID() };
    const answers = await Promise.all([1, 2, 3, 4].map(() => world.ask('POST', '/changes', body, key)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map((answer) => (answer.json() as ChangeView).id)).size).toBe(1);
    await until('its jobs are recorded', async () =>
      (await countEvents('JobQueued')) >= 3 ? true : undefined,
    );
    const counts = await Promise.all(
      ['ChangeOpened', 'PatchsetAdded', 'StageTriggered', 'JobQueued'].map((type) => countEvents(type)),
    );
    expect(counts).toEqual([1, 1, 1, 3]);
  });
});

describe('job cancel', () => {
  it('given a job that waits, when cancelled twice, then the same answer and one JobCancelRequested', async () => {
    const repository = world.aRepository('project', { commands });
    const submitted = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    const job = await until('a job waits', async () =>
      (await world.jobsOf((submitted.json() as ChangeView).id)).find(({ phase }) => phase === 'lint'),
    );
    const key = { 'Idempotency-Key': randomUUID() };
    const cancel = () => world.ask('POST', `/jobs/${job.id}/cancel`, { reason: 'wrong branch' }, key);
    const first = await cancel();
    expect(first.status).toBe(202);
    await until('it is cancelled', async () =>
      ((await world.ask('GET', `/jobs/${job.id}`)).json() as JobView).status === 'cancelled'
        ? true
        : undefined,
    );
    const second = await cancel();
    expect([second.status, second.headers.get('Idempotency-Replayed')]).toEqual([202, 'true']);
    expect((second.json() as JobView).cancelRequested).toEqual((first.json() as JobView).cancelRequested);
    expect([await countEvents('JobCancelRequested'), await countEvents('JobCancelled')]).toEqual([1, 1]);

    const without = await world.ask('POST', `/jobs/${job.id}/cancel`, {});
    expect(without.status).toBe(409);
    expect(without.json() as Problem).toMatchObject({ code: 'conflict', reason: 'job_already_finished' });
  });

  it('given a running job, when two people cancel it, then one JobCancelRequested and one JobCancelled', async () => {
    await world.addRunner('first');
    const repository = world.aRepository('project', { commands: { ...commands, lint: 'sleep 60' } });
    const submitted = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    const { id: change } = submitted.json() as ChangeView;
    const job = await until('the job runs', async () =>
      (await world.jobsOf(change)).find(({ phase, status }) => phase === 'lint' && status === 'running'),
    );
    const answers = await Promise.all(
      ['a', 'b'].map((who) => world.ask('POST', `/jobs/${job.id}/cancel`, { reason: who })),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers.filter(({ headers }) => headers.get('Idempotency-Replayed') === 'true')).toHaveLength(1);
    await world.finished(change);
    expect(await countEvents('JobCancelRequested')).toBe(1);
    expect(await countEvents('JobCancelled')).toBe(1);
  });

  it('given a finished job, when cancelled, then 409 `already finished`, exit code 5, and no event', async () => {
    await world.addRunner('first');
    const repository = world.aRepository('project', { commands });
    const submitted = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    const { id: change } = submitted.json() as ChangeView;
    await world.finished(change);
    const job = (await world.jobsOf(change))[0];
    const before = await countEvents('JobCancelRequested');
    const answer = await world.ask('POST', `/jobs/${job?.id ?? ''}/cancel`, {});
    expect(answer.status).toBe(409);
    expect((answer.json() as Problem).detail).toContain('has already finished: succeeded');
    const ran = await world.baton('job', 'cancel', job?.id ?? '');
    expect(ran.code).toBe(5);
    expect(ran.err).toContain('already finished');
    expect([before, await countEvents('JobCancelRequested')]).toEqual([0, 0]);
    await world.stop();
    const events = await world.events();
    expect(events.filter(({ stream }) => stream === `job-${job?.id ?? ''}`).at(-1)?.event.type).toMatch(
      /^Job/,
    );
  });
});

describe('job close', () => {
  it('given a running job, when closed as lost, then it is lost, by whom and why is kept, and it is ended on its runner', async () => {
    await world.addRunner('first');
    const repository = world.aRepository('project', { commands: { ...commands, lint: 'sleep 600' } });
    const submitted = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    const { id: change } = submitted.json() as ChangeView;
    const job = await until('the job runs', async () =>
      (await world.jobsOf(change)).find(({ phase, status }) => phase === 'lint' && status === 'running'),
    );
    const pid = job.attempts.at(-1)?.pid ?? 0;
    expect(existsSync(`/proc/${pid}`)).toBe(true);

    const key = { 'Idempotency-Key': randomUUID() };
    const close = () => world.ask('POST', `/jobs/${job.id}/close`, { as: 'lost', reason: 'scrapped' }, key);
    const closed = await close();
    expect([closed.status, (closed.json() as JobView).status]).toEqual([200, 'lost']);
    const again = await close();
    expect([again.status, again.headers.get('Idempotency-Replayed')]).toEqual([200, 'true']);
    expect((await world.ask('POST', `/jobs/${job.id}/close`, { as: 'lost', reason: 'again' })).status).toBe(
      409,
    );

    await until('what it left is recorded as ended', async () =>
      (await countEvents('JobRemainsEnded')) === 1 ? true : undefined,
    );
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    const timeline = await world.ask('GET', `/jobs/${job.id}/timeline`);
    const { items } = timeline.json() as { items: readonly { type: string; by: string; reason?: string }[] };
    expect(items.filter(({ type }) => type === 'JobLost')).toMatchObject([
      { by: 'admin', reason: 'scrapped' },
    ]);
    expect(await countEvents('JobLost')).toBe(1);
    await world.finished(change);
  });

  it('given a job that waits, when closed, then 409 with the way out, and no event', async () => {
    const repository = world.aRepository('project', { commands });
    const submitted = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    const job = await until('a job waits', async () =>
      (await world.jobsOf((submitted.json() as ChangeView).id)).find(({ phase }) => phase === 'lint'),
    );
    const answer = await world.ask('POST', `/jobs/${job.id}/close`, { as: 'lost', reason: 'x' });
    expect(answer.json() as Problem).toMatchObject({
      ...{ status: 409, code: 'conflict', reason: 'job_still_queued' },
      hint: `Cancel it: baton job cancel ${job.id.slice(0, 8)}`,
    });
    expect(await countEvents('JobLost')).toBe(0);
  });
});
