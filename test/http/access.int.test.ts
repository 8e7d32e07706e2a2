/** Every route, asked with every kind of token, on a real server with two projects: who gets what, and who learns nothing. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { readEvents } from '../../src/cli/events.js';
import { readConfig } from '../../src/config.js';
import type { Grant, Role } from '../../src/domain/grants.js';
import { routes } from '../../src/http/routes.js';
import { logger, startBaton, type Baton } from '../../src/main.js';
import { until } from '../e2e/processes.js';
import { answerPlace, differences } from './described.js';
import { aRepository, commit, gitIn } from '../source/given-repository.js';

const scopeOf = (project: string) => ({ enterprise: 'default', organisation: 'default', project });
const OURS = 'web-shop';
const THEIRS = 'secret-sauce';

interface Case {
  /** Where the role is needed; `seen`: anywhere, and the answer shows only what the caller may see. */
  readonly where: 'everywhere' | 'project' | 'seen' | 'anywhere';
  readonly status: number;
  /** Of an admin of the other project. */
  readonly stranger: 200 | 403 | 404;
  readonly path: () => string;
  readonly body?: () => unknown;
}

const ids = { job: '', cancelled: '', change: '', deleted: '', tokenOfOurs: '' };
const read = (path: () => string, more: Partial<Case> = {}): Case => ({
  where: 'project',
  status: 200,
  stranger: 404,
  path,
  ...more,
});
const ofRunner = (verb: string, status: number, body?: () => unknown): Case => ({
  ...{ where: 'everywhere', status, stranger: 403, path: () => `/runners/build-07/${verb}` },
  ...(body === undefined ? {} : { body }),
});
const ofJob = (more = '') => read(() => `/jobs/${ids.job.slice(0, 8)}${more}`);
const ofChange = (id: 'change' | 'deleted', deed: string, status: number, body?: () => object): Case => ({
  ...{ where: 'project', status, stranger: 404, path: () => `/changes/${ids[id].slice(0, 8)}/${deed}` },
  ...(body === undefined ? {} : { body }),
});
const listed = (path: string): Case => read(() => path, { where: 'seen', stranger: 200 });

const aPhase = (hostKey: string, more: object = {}) => ({
  ...{ hostKey, scope: scopeOf(OURS), pipeline: 'main', stage: 'verify', phase: 'unit' },
  ...{ steps: [{ name: 'unit', run: 'true' }], ...more },
});

/** A new route needs a line here: what is not said is not known to be safe. */
const cases: Readonly<Record<string, Case>> = {
  'get /installation': read(() => '/installation', { where: 'anywhere', stranger: 200 }),
  'get /webhooks': read(() => '/webhooks', { where: 'everywhere', stranger: 403 }),
  'post /webhooks/:name/replay': {
    ...{ where: 'everywhere', status: 404, stranger: 403, path: () => '/webhooks/chat/replay' },
    body: () => ({ from: 'now' }),
  },
  'get /toolchains': read(() => '/toolchains', { where: 'anywhere', stranger: 200 }),
  'get /runners': read(() => '/runners', { where: 'anywhere', stranger: 200 }),
  'post /runners': {
    ...{ where: 'everywhere', status: 201, stranger: 403, path: () => '/runners' },
    body: () => ({ name: 'build-08', host: '127.0.0.1', port: 1, user: 'builder' }),
  },
  'get /runners/:name': read(() => '/runners/build-07', { where: 'anywhere', stranger: 200 }),
  'post /runners/:name/test': {
    ...{ where: 'everywhere', status: 200, stranger: 403, path: () => '/runners/build-07/test' },
  },
  'post /runners/:name/drain': ofRunner('drain', 200),
  'post /runners/:name/pause': ofRunner('pause', 200),
  'post /runners/:name/resume': ofRunner('resume', 200),
  'post /runners/:name/clear': ofRunner('clear', 200),
  'post /runners/:name/trust': ofRunner('trust', 409),
  'post /runners/:name/prove': ofRunner('prove', 200),
  'post /runners/:name/remove': {
    ...{ where: 'everywhere', status: 202, stranger: 403, path: () => '/runners/build-06/remove' },
  },
  'post /runners/:name/settings': ofRunner('settings', 200, () => ({ slots: 2 })),
  'get /changes': listed('/changes'),
  'post /changes': {
    ...{ where: 'project', status: 201, stranger: 403, path: () => '/changes' },
    body: () => ({ repository: repository, branch: 'third', target: 'main', project: OURS }),
  },
  'get /changes/:id': read(() => `/changes/${ids.change.slice(0, 8)}`),
  'post /changes/:id/approve': ofChange('change', 'approve', 409),
  'post /changes/:id/deliver': ofChange('change', 'deliver', 409),
  'post /changes/:id/rerun': ofChange('change', 'rerun', 409, () => ({ stage: 'build' })),
  'post /changes/:id/cancel': ofChange('change', 'cancel', 202),
  'post /changes/:id/delete': ofChange('deleted', 'delete', 200),
  'get /jobs': listed('/jobs'),
  'get /jobs/stream': listed('/jobs/stream'),
  'get /jobs/:id': ofJob(),
  'post /jobs/:id/cancel': {
    ...{ where: 'project', status: 202, stranger: 404, path: () => `/jobs/${ids.cancelled}/cancel` },
  },
  'post /jobs/:id/close': {
    ...{ where: 'project', status: 409, stranger: 404, path: () => `/jobs/${ids.cancelled}/close` },
    body: () => ({ as: 'lost', reason: 'its runner is gone' }),
  },
  'post /jobs/:id/retry': {
    // cancelled with its change, further up
    ...{ where: 'project', status: 202, stranger: 404, path: () => `/jobs/${ids.job}/retry` },
  },
  'post /hosts/:host/phases': {
    ...{ where: 'project', status: 202, stranger: 403, path: () => '/hosts/buildbot/phases' },
    body: () => aPhase('c0ffee00-3'),
  },
  'get /hosts/:host/phases/:hostKey': read(() => '/hosts/buildbot/phases/c0ffee00-1'),
  'post /hosts/:host/phases/:hostKey/cancel': {
    // there may be one that is not seen, or none yet
    ...{ where: 'project', status: 202, stranger: 403 },
    path: () => '/hosts/buildbot/phases/c0ffee00-1/cancel',
  },
  'post /hosts/:host/changes/:id/supersede': {
    ...{ where: 'project', status: 202, stranger: 403 },
    path: () => '/hosts/buildbot/changes/branch-2/supersede',
    body: () => ({ by: 'branch-3' }),
  },
  'get /jobs/:id/explain': ofJob('/explain'),
  'get /jobs/:id/timeline': ofJob('/timeline'),
  'get /jobs/:id/log': ofJob('/log'),
  'get /jobs/:id/log/lines': ofJob('/log/lines'),
  'get /jobs/:id/log/search': ofJob('/log/search?q=x'),
  'get /jobs/:id/log/stream': ofJob('/log/stream'),
  'get /queue': listed('/queue'),
  'get /queue/measures': read(() => '/queue/measures', { where: 'everywhere', stranger: 403 }),
  'get /updates': read(() => '/updates', { where: 'anywhere', stranger: 200 }),
  'get /history': listed('/history'),
  'get /history/summary': listed('/history/summary?by=project'),
  'get /history/export': listed('/history/export'),
  'post /projections/:name/rebuild': {
    ...{ where: 'everywhere', status: 200, stranger: 403, path: () => '/projections/jobs/rebuild' },
  },
  'get /secrets': listed('/secrets'),
  'post /secrets': {
    ...{ where: 'project', status: 200, stranger: 403, path: () => '/secrets' },
    body: () => ({ ref: `default/default/${OURS}/A`, value: 'of ours' }),
  },
  'post /secrets/remove': {
    ...{ where: 'project', status: 200, stranger: 403, path: () => '/secrets/remove' },
    body: () => ({ ref: `default/default/${OURS}/A` }),
  },
  'get /tokens': listed('/tokens'),
  'post /tokens': {
    ...{ where: 'project', status: 201, stranger: 403, path: () => '/tokens' },
    body: () => ({ subject: 'ci', role: 'viewer', ...scopeOf(OURS) }),
  },
  'post /tokens/:id/revoke': {
    ...{ where: 'project', status: 200, stranger: 404, path: () => `/tokens/${ids.tokenOfOurs}/revoke` },
  },
  'get /roles': listed('/roles'),
  'post /roles/grant': {
    ...{ where: 'project', status: 200, stranger: 403, path: () => '/roles/grant' },
    body: () => ({ subject: 'ci-2', role: 'viewer', ...scopeOf(OURS) }),
  },
  'post /roles/withdraw': {
    ...{ where: 'project', status: 200, stranger: 403, path: () => '/roles/withdraw' },
    body: () => ({ subject: 'withdrawn', role: 'viewer', ...scopeOf(OURS) }),
  },
};

const roles: readonly Role[] = ['viewer', 'operator', 'admin'];
const below = (role: Role): Role | undefined => roles[roles.indexOf(role) - 1];

let baton: Baton;
let folder = '';
let repository = '';
const tokens = new Map<string, string>();
const tokenOf = (grant: Grant): string => {
  const found = tokens.get(`${grant.role} ${grant.project ?? 'everywhere'}`);
  if (found === undefined) throw new Error(`no token for ${JSON.stringify(grant)}`);
  return found;
};

const ask = (method: string, path: string, authorization: string | undefined, body?: unknown) =>
  fetch(`${baton.url}/api/v1${path}`, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { Authorization: authorization }),
      ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
    },
    ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
  });
const asAdmin = async <A>(method: string, path: string, body?: unknown): Promise<A> => {
  const response = await ask(method, path, `Bearer ${baton.firstToken ?? ''}`, body);
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return (await response.json()) as A;
};
const issue = (subject: string, role: Role, project?: string, more: object = {}) =>
  asAdmin<{ id: string; token: string }>('POST', '/tokens', {
    ...{ subject, role, ...more },
    ...(project === undefined ? {} : scopeOf(project)),
  });

/** Submits the branch; answers the change and its jobs once they are queued. */
const submit = async (branch: string, project: string): Promise<{ change: ChangeView; jobs: JobView[] }> => {
  const change = await asAdmin<ChangeView>('POST', '/changes', {
    ...{ repository, branch, target: 'main', project },
  });
  const jobs = await until('the jobs are queued', async () => {
    const { items } = await asAdmin<{ items: JobView[] }>('GET', `/jobs?change=${change.id}`);
    return items.length > 0 ? items : undefined;
  });
  return { change, jobs };
};

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-access-')));
  repository = aRepository(join(folder, 'git', 'shop'), {
    '.delivery/config.json': JSON.stringify({
      ...{ version: '2', job_dispatch: { version: 'v2' }, skip_phases: ['lint', 'syntax'] },
    }),
    '.delivery/project.toml': '[local_phases]\nunit = "true"\n',
  });
  commit(repository, { a: '1\n' }, 'First change');
  for (const branch of ['second', 'third', 'fourth']) {
    gitIn(repository, ['checkout', '--quiet', '-b', branch, 'main']);
    commit(repository, { [branch]: '1\n' }, `Title of ${branch}`);
  }
  const config = readConfig(
    {
      data: join(folder, 'data'),
      listen: '127.0.0.1:0',
      repoRoot: [join(folder, 'git')],
      failureBurst: '100000',
    },
    {},
    folder,
  );
  if (E.isLeft(config)) throw new Error(JSON.stringify(config.left));
  const started = await startBaton(config.right, logger('silent'));
  if (E.isLeft(started)) throw new Error(started.left.message);
  baton = started.right;

  for (const role of roles)
    for (const project of [undefined, OURS, THEIRS]) {
      const subject = `${role}-${project ?? 'everywhere'}`;
      tokens.set(`${role} ${project ?? 'everywhere'}`, (await issue(subject, role, project)).token);
    }
  const none = await issue('nobody', 'viewer');
  await asAdmin('POST', '/roles/withdraw', { subject: 'nobody', role: 'viewer' });
  const revoked = await issue('revoked', 'admin');
  await asAdmin('POST', `/tokens/${revoked.id}/revoke`);
  const expiresAt = new Date(Date.now() + 300).toISOString();
  const expired = await issue('expired', 'admin', undefined, { expiresAt });
  for (const [name, { token }] of Object.entries({ none, revoked, expired })) tokens.set(name, token);
  ids.tokenOfOurs = (await issue('of-ours', 'operator', OURS)).id;
  await issue('withdrawn', 'viewer', OURS);

  for (const name of ['build-06', 'build-07'])
    await asAdmin('POST', '/runners', { name, host: '127.0.0.1', port: 1, user: 'builder' });
  await asAdmin('POST', '/runners', {
    ...{ name: 'kept-elsewhere', host: '127.0.0.1', port: 1, user: 'builder' },
    enterprises: ['elsewhere'],
  });
  const ours = await submit('feature', OURS);
  const [job] = ours.jobs;
  Object.assign(ids, { change: ours.change.id, job: job?.id });
  // one that has ended, so that history tells of it
  const second = await submit('second', OURS);
  const ended = second.jobs;
  ids.deleted = second.change.id;
  await asAdmin('POST', '/secrets', { ref: `default/default/${OURS}/B`, value: 'of ours' });
  ids.cancelled = (await submit('fourth', OURS)).jobs[0]?.id ?? '';
  await asAdmin('POST', '/hosts/buildbot/phases', aPhase('c0ffee00-1'));
  await asAdmin(
    'POST',
    '/hosts/buildbot/phases',
    aPhase('c0ffee00-2', { change: { id: 'branch-2', title: 'A change' } }),
  );
  await asAdmin('POST', `/jobs/${ended[0]?.id ?? ''}/cancel`);
  await submit('feature', THEIRS);
  await until('the token has expired', async () => {
    const { items } = await asAdmin<{ items: { subject: string; usable: boolean }[] }>('GET', '/tokens');
    return items.some(({ subject, usable }) => subject === 'expired' && !usable) ? true : undefined;
  });
});
afterAll(async () => {
  await baton.close();
  await rm(folder, { recursive: true, force: true });
});

/** The whole body; of a stream that never ends, what comes up to the first event about their project. */
const textOf = async (response: Response): Promise<string> => {
  if (response.headers.get('Content-Type')?.startsWith('text/event-stream') !== true) return response.text();
  if (!response.url.endsWith('/jobs/stream')) {
    await response.body?.cancel();
    return '';
  }
  let text = '';
  for await (const { data } of readEvents(response.body)) {
    text += data;
    if (data.includes(THEIRS)) break;
  }
  return text;
};

describe.each(
  routes.map(({ method, path, role }) => ({ name: `${method} ${path}`, method: method.toUpperCase(), role })),
)('$name', ({ name, method, role }) => {
  const given = (): Case => {
    const found = cases[name];
    if (found === undefined) throw new Error(`say in this test who may use ${name}`);
    return found;
  };
  const with_ = (token: string | undefined) => ask(method, given().path(), token, given().body?.());

  it.each([
    ['no token', () => undefined, 'token_missing'],
    ['another scheme', () => 'Basic YWRtaW46YWRtaW4=', 'token_missing'],
    ['a token of wrong form', () => 'Bearer a b', 'token_missing'],
    ['an unknown token', () => `Bearer baton_${'x'.repeat(43)}`, 'token_unknown'],
    ['a revoked token', () => `Bearer ${tokens.get('revoked') ?? ''}`, 'token_unknown'],
    ['an expired token', () => `Bearer ${tokens.get('expired') ?? ''}`, 'token_unknown'],
  ])('given %s, then 401', async (_, authorization, reason) => {
    const response = await with_(authorization());
    expect(response.status).toBe(401);
    expect(((await response.json()) as { reason: string }).reason).toBe(reason);
  });

  it('given a subject without any role, then 403', async () => {
    const response = await with_(`Bearer ${tokens.get('none') ?? ''}`);
    expect([response.status, ((await response.json()) as { reason: string }).reason]).toEqual([
      403,
      'role_too_low',
    ]);
  });

  it('given an admin of another project, then nothing of ours', async () => {
    const { stranger, where } = given();
    const response = await with_(`Bearer ${tokenOf({ role: 'admin', project: THEIRS })}`);
    const text = await textOf(response);
    expect([response.status, text]).toEqual([stranger, text]);
    if (where === 'seen') for (const word of [OURS, ids.job, 'Title of']) expect(text).not.toContain(word);
    if (stranger === 404) {
      // word for word what is answered for a thing that never was
      const gone = given()
        .path()
        .replace(/[0-9a-f]{8}[0-9a-f-]*/, 'ffffffff');
      const never = await ask(method, gone, `Bearer ${baton.firstToken ?? ''}`, given().body?.());
      const told = (body: string, id: string) => body.replaceAll(id, 'ID').replace(/"instance":"[^"]*"/, '');
      const id = /[0-9a-f]{8}[0-9a-f-]*/.exec(given().path())?.[0] ?? '';
      expect(told(text, id)).toBe(told(await never.text(), 'ffffffff'));
    }
  });

  it('given the role below, then 403', async () => {
    const lower = below(role);
    if (lower === undefined) return;
    const project = given().where === 'everywhere' ? {} : { project: OURS };
    const response = await with_(`Bearer ${tokenOf({ role: lower, ...project })}`);
    expect([response.status, ((await response.json()) as { reason: string }).reason]).toEqual([
      403,
      'role_too_low',
    ]);
  });

  it('given the role in one project only, then 403 where it is needed everywhere', async () => {
    if (given().where !== 'everywhere') return;
    const response = await with_(`Bearer ${tokenOf({ role: 'admin', project: OURS })}`);
    expect(response.status).toBe(403);
    await response.text();
  });

  it('given just the role that is needed where it is needed, then the answer', async () => {
    const { where, status } = given();
    const project = where === 'everywhere' ? {} : { project: OURS };
    const response = await with_(`Bearer ${tokenOf({ role, ...project })}`);
    expect(response.status).toBe(status);
    if (where !== 'seen' || name === 'get /jobs/stream') {
      await response.body?.cancel();
      return;
    }
    const text = await response.text();
    expect(text).toContain(OURS);
    expect(text).not.toContain(THEIRS);
  });

  it('its refusals, and its answer to an admin, are as they are described', async () => {
    const [, path = ''] = name.split(' ');
    const media = (response: Response): string => response.headers.get('Content-Type')?.split(';')[0] ?? '';
    const refused = await with_(undefined);
    const refusal = answerPlace(method.toLowerCase(), path, 401, media(refused));
    expect(differences(refusal, await refused.json())).toEqual([]);

    const response = await with_(`Bearer ${tokenOf({ role: 'admin' })}`);
    const place = answerPlace(method.toLowerCase(), path, response.status, media(response));
    // lines of JSON are a stream
    if (/[/+]json$/.test(media(response))) expect(differences(place, await response.json())).toEqual([]);
    else {
      await response.body?.cancel();
      expect(differences(place, '')).toEqual([]);
    }
  });
});

it('no case is about a route that is gone', () => {
  expect(Object.keys(cases).sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
});

describe('the queue of somebody who sees one project', () => {
  it('counts the jobs of others, and says nothing else of them', async () => {
    const response = await ask('GET', '/queue', `Bearer ${tokenOf({ role: 'viewer', project: THEIRS })}`);
    const { entries, others } = (await response.json()) as { entries: object[]; others: object };
    expect(entries).toHaveLength(1);
    expect(others).toMatchObject({ assigned: 0, running: 0 });
    expect((others as { queued: number }).queued).toBeGreaterThanOrEqual(1);
  });
});

describe('enterprises apart', () => {
  const namesFor = async (token: string, query = ''): Promise<readonly string[]> => {
    const { items } = (await (await ask('GET', `/runners${query}`, `Bearer ${token}`)).json()) as {
      items: { name: string }[];
    };
    return items.map(({ name }) => name);
  };

  it('given a runner that is kept for another, then it is as if it were not there', async () => {
    const ours = tokenOf({ role: 'operator', project: OURS });
    for (const when of ['', `?at=${new Date().toISOString()}`]) {
      const names = await namesFor(ours, when);
      expect(names).toContain('build-07');
      expect(names).not.toContain('kept-elsewhere');
      expect((await ask('GET', `/runners/kept-elsewhere${when}`, `Bearer ${ours}`)).status).toBe(404);
    }
    const explained = await (await ask('GET', `/jobs/${ids.job}/explain`, `Bearer ${ours}`)).text();
    expect(explained).toContain('build-07');
    expect(explained).not.toContain('elsewhere');
    const everything = tokenOf({ role: 'viewer' });
    expect(await namesFor(everything)).toContain('kept-elsewhere');
    expect(await (await ask('GET', `/jobs/${ids.job}/explain`, `Bearer ${everything}`)).text()).toContain(
      'kept-elsewhere',
    );
  });

  it('given an operator of another, then no job of ours is seen, read or ended, and no runner tested or drained', async () => {
    const { token } = await asAdmin<{ token: string }>('POST', '/tokens', {
      ...{ subject: 'ops-elsewhere', role: 'operator', enterprise: 'elsewhere' },
    });
    expect(await namesFor(token)).toContain('kept-elsewhere');
    const answers = await Promise.all(
      [
        ['GET', '/jobs'],
        ['GET', `/jobs/${ids.job}`],
        ['GET', `/jobs/${ids.job}/log`],
        ['POST', `/jobs/${ids.job}/cancel`],
        ['POST', '/runners/kept-elsewhere/test'],
        ['POST', '/runners/build-07/drain'],
      ].map(async ([method = '', path = '']) => {
        const response = await ask(method, path, `Bearer ${token}`);
        return [response.status, (await response.text()).includes(OURS)];
      }),
    );
    expect(answers).toEqual([200, 404, 404, 404, 403, 403].map((status) => [status, false]));
  });
});
