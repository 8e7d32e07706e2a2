import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { request } from 'node:http';
import { appError, type ErrorCode } from '../../src/app/errors.js';
import type { CommandContext } from '../../src/app/use-cases.js';
import { deriveId } from '../../src/kernel/ids.js';
import { routes } from '../../src/http/routes.js';
import { answerPlace, differences } from './described.js';
import { aJob, startEdge, tokens, type Edge } from './edge.js';

interface Problem {
  readonly code: string;
  readonly reason: string;
  readonly status: number;
  readonly detail: string;
  readonly problems?: readonly { path: string; expected: string; found: string; mend?: string }[];
}
const problem = async (response: Response): Promise<Problem> => {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  return (await response.json()) as Problem;
};

const paths = routes.map(({ method, path, role }) => ({
  method: method.toUpperCase(),
  path: `/api/v1${path
    .replace(':name', path.includes('projections') ? 'jobs' : 'build-07')
    .replace(':hostKey', 'build-7')
    .replace(':host', 'buildbot')
    .replace(':id', aJob().id)}`,
  role,
}));
const bodies: Readonly<Record<string, unknown>> = {
  '/api/v1/runners': { name: 'build-08', host: 'build-08', user: 'builder' },
  '/api/v1/secrets': { ref: 'default/default/web-shop/TOKEN', value: 'x' },
  '/api/v1/secrets/remove': { ref: 'default/default/web-shop/TOKEN' },
  '/api/v1/webhooks/build-07/replay': { from: 'now' },
  '/api/v1/tokens': { subject: 'ci', role: 'viewer' },
  '/api/v1/roles/grant': { subject: 'ci', role: 'viewer' },
  '/api/v1/roles/withdraw': { subject: 'ci', role: 'viewer' },
  '/api/v1/hosts/buildbot/phases': {
    ...{ hostKey: 'build-7', scope: { enterprise: 'default', organisation: 'default', project: 'web-shop' } },
    ...{ pipeline: 'main', stage: 'verify', phase: 'unit', steps: [{ name: 'unit', run: 'make test' }] },
  },
  [`/api/v1/hosts/buildbot/changes/${aJob().id}/supersede`]: { by: '8' },
  '/api/v1/changes': { repository: '/srv/git/shop', branch: 'feature/x', target: 'master' },
  [`/api/v1/changes/${aJob().id}/rerun`]: { stage: 'build' },
  [`/api/v1/jobs/${aJob().id}/close`]: { as: 'lost', reason: 'scrapped' },
};

/** Of routes that answer nothing without one. */
const queries: Readonly<Record<string, string>> = {
  [`/api/v1/jobs/${aJob().id}/log/search`]: '?q=error',
};

describe('HTTP routes', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge();
  });
  beforeEach(() => void edge.calls.splice(0));
  afterAll(() => edge.close());

  describe.each(paths)('$method $path', ({ method, path, role }) => {
    const body = bodies[path] ?? {};
    const call = (headers: Record<string, string>) =>
      edge.ask(method, `${path}${queries[path] ?? ''}`, {
        role: 'none',
        ...(method === 'POST' ? { body } : {}),
        headers,
      });

    it('without a token answers 401 and calls nothing', async () => {
      const response = await call({});
      expect(response.status).toBe(401);
      expect(response.headers.get('WWW-Authenticate')).toContain('Bearer');
      expect(await problem(response)).toMatchObject({ code: 'unauthenticated', reason: 'token_missing' });
      expect(edge.names()).toEqual([]);
    });

    it('with an unknown token answers 401 and calls nothing', async () => {
      const response = await call({ Authorization: 'Bearer token-admim' });
      expect(response.status).toBe(401);
      expect((await problem(response)).reason).toBe('token_unknown');
      expect(edge.names()).toEqual([]);
    });

    it(`with the token of a viewer ${role === 'viewer' ? 'answers' : 'answers 403 and calls nothing'}`, async () => {
      const response = await call({ Authorization: `Bearer ${tokens.viewer}` });
      if (role === 'viewer') {
        expect(response.status).toBe(200);
        await response.body?.cancel();
        return;
      }
      expect(response.status).toBe(403);
      expect((await problem(response)).reason).toBe('role_too_low');
      expect(edge.names()).toEqual([]);
    });

    it(`with the token of an operator ${role === 'admin' ? 'answers 403' : 'answers'}`, async () => {
      const response = await call({ Authorization: `Bearer ${tokens.operator}` });
      if (role === 'admin') expect(response.status).toBe(403);
      else expect(response.status).toBeLessThan(300);
      await response.body?.cancel();
    });

    it('with the token of an admin answers', async () => {
      const response = await call({ Authorization: `Bearer ${tokens.admin}` });
      expect(response.status).toBeLessThan(300);
      await response.body?.cancel();
      expect(edge.names().length).toBeGreaterThan(0);
    });
  });

  it('given GET /healthz without a token, then it answers', async () => {
    const response = await edge.ask('GET', '/healthz', { role: 'none' });
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('given a path that nothing serves, then 404 as a problem', async () => {
    const response = await edge.ask('GET', '/api/v1/nothing');
    expect(response.status).toBe(404);
    expect((await problem(response)).reason).toBe('route_not_found');
  });

  it('given a method that a path does not know, then 405 and what it knows', async () => {
    const response = await edge.ask('DELETE', '/api/v1/runners');
    expect(response.status).toBe(405);
    expect(response.headers.get('Allow')).toContain('POST');
    expect((await problem(response)).reason).toBe('method_not_allowed');
  });

  it('given a path that is not valid percent-encoding, then a refusal and not a 500', async () => {
    const response = await edge.ask('GET', '/api/v1/runners/%E0%A4%A');
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    await problem(response);
  });

  it('given a single runner or job, then its ETag starts with its revision', async () => {
    const runner = await edge.ask('GET', '/api/v1/runners/build-07');
    const job = await edge.ask('GET', `/api/v1/jobs/${aJob().id.slice(0, 8)}`);
    expect(runner.headers.get('ETag')).toMatch(/^"3-[0-9a-f]{12}"$/);
    expect(job.headers.get('ETag')).toMatch(/^"2-[0-9a-f]{12}"$/);
    await Promise.all([runner.json(), job.json()]);
  });

  it('given toolchains and rules, then all that is known of them', async () => {
    const view = {
      toolchains: [
        {
          ...{ name: 'chefdk', package: 'chefdk', version: '2.4.17', install: true, caBundle: '/opt/ca.pem' },
          ...{ url: { deb: 'https://x.example.org/{version}.deb' }, sha256: { 'a.deb': 'ab' } },
        },
        { name: 'git', package: 'git', url: 'https://x.example.org/g', sha256: {}, install: false },
      ],
      rules: [{ rule: 'toolchain chefdk >=2.0 needs engine >=1.5', builtIn: true }],
      ...{ engine: '1.4.2', baton: '0.1.0' },
    };
    const own = await startEdge({ toolchains: () => TE.right(view) });
    const response = await own.ask('GET', '/api/v1/toolchains', { role: 'viewer' });
    expect(await response.json()).toEqual(view);
    const place = answerPlace('get', '/toolchains', 200, 'application/json');
    expect(differences(place, view)).toEqual([]);
    expect(differences(place, { ...view, engine: 7 })).toHaveLength(1);
    await own.close();
  });

  it('given absent optional members, then port, slots and labels have their usual values', async () => {
    await edge.ask('POST', '/api/v1/runners', { body: bodies['/api/v1/runners'] });
    expect(edge.calls[0]?.args[1]).toEqual({
      name: 'build-08',
      host: 'build-08',
      user: 'builder',
      port: 22,
      slots: 1,
      labels: [],
    });
  });

  it('given a reason, when a job is cancelled, then it is in the context', async () => {
    const response = await edge.ask('POST', `/api/v1/jobs/${aJob().id}/cancel`, {
      role: 'operator',
      body: { reason: 'wrong branch' },
    });
    expect(response.status).toBe(202);
    expect(edge.calls[0]?.args[0]).toMatchObject({
      caller: { actor: 'subject-operator' },
      reason: 'wrong branch',
    });
  });

  it.each([
    { as: 'lost' },
    { reason: 'gone' },
    { as: 'succeeded', reason: 'gone' },
    { as: 'lost', reason: ' ' },
  ])('given %j, when a job is closed, then it is refused', async (body) => {
    const response = await edge.ask('POST', `/api/v1/jobs/${aJob().id}/close`, { role: 'operator', body });
    expect(response.status).toBe(422);
    await response.text();
    expect(edge.names()).toEqual([]);
  });

  describe('input', () => {
    const good = { name: 'build-08', host: 'build-08', user: 'builder' };
    const key = `SHA256:${'A'.repeat(43)}`;
    it.each([
      ['host', { host: '-oProxyCommand=x' }],
      ['host', { host: 'a\nb' }],
      ['host', { host: '../etc' }],
      ['host', { host: '' }],
      ['host', { host: 'a b' }],
      ['host', { host: 7 }],
      ['host', { host: undefined }],
      ['port', { port: 0 }],
      ['port', { port: 65_536 }],
      ['port', { port: '22' }],
      ['port', { port: 22.5 }],
      ['user', { user: 'a b' }],
      ['user', { user: '-l' }],
      ['user', { user: 'a\n' }],
      ['name', { name: '-x' }],
      ['name', { name: '../x' }],
      ['name', { name: 'x'.repeat(64) }],
      ['slots', { slots: 0 }],
      ['slots', { slots: 65 }],
      ['hostKey', { hostKey: key.slice(0, -1) }],
      ['hostKey', { hostKey: `${key}=` }],
      ['hostKey', { hostKey: `MD5:${'A'.repeat(43)}` }],
      ['base', { base: '/srv/../etc' }],
      ['base', { base: 'a\u0000b' }],
      ['base', { base: '-rf' }],
      ['labels[1]', { labels: ['ok', 'not ok'] }],
      ['privateKey', { privateKey: 'ssh-ed25519 AAAA public' }],
      ['jump', { jump: 'bastion' }],
    ])('given a bad %s %j, then 422 names it and the use case is not called', async (path, over) => {
      const response = await edge.ask('POST', '/api/v1/runners', { body: { ...good, ...over } });
      expect(response.status).toBe(422);
      const { problems } = await problem(response);
      expect(problems?.map((each) => each.path)).toEqual([path]);
      expect(problems?.[0]?.mend).toBeTruthy();
      expect(edge.names()).toEqual([]);
    });

    it.each(['10.0.0.7', '::1', 'build_7', 'build-07.example.org.'])(
      'given the host %s, then it is taken',
      async (host) => {
        const response = await edge.ask('POST', '/api/v1/runners', { body: { ...good, host, hostKey: key } });
        expect(response.status).toBe(201);
      },
    );

    it('given a member called __proto__, then it is refused', async () => {
      const raw = '{"name":"a","host":"b","user":"c","__proto__":{"port":1}}';
      const response = await edge.ask('POST', '/api/v1/runners', { raw });
      expect(response.status).toBe(400);
      expect(edge.names()).toEqual([]);
    });

    it('given several bad values, then all are told at once', async () => {
      const response = await edge.ask('POST', '/api/v1/runners', {
        body: { name: '', host: '', port: 0, colour: 'red' },
      });
      const { problems } = await problem(response);
      expect(problems?.map((each) => each.path).sort()).toEqual(['colour', 'host', 'name', 'port', 'user']);
    });

    it('given a bad private key, then it is neither in the answer nor in the log', async () => {
      const response = await edge.ask('POST', '/api/v1/runners', {
        body: { ...good, privateKey: 'hunter2' },
      });
      expect(await response.text()).not.toContain('hunter2');
      expect(edge.lines.join('')).not.toContain('hunter2');
    });

    it('given a body that is not JSON, then 400 without its text', async () => {
      const response = await edge.ask('POST', '/api/v1/runners', { raw: '{"privateKey": "hunter2"' });
      expect(response.status).toBe(400);
      expect(await response.text()).not.toContain('hunter2');
      expect(edge.lines.join('')).not.toContain('hunter2');
    });

    it('given a body of another type, then 415', async () => {
      const response = await edge.ask('POST', `/api/v1/jobs/${aJob().id}/cancel`, {
        raw: 'reason=x',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      });
      expect(response.status).toBe(415);
      expect(edge.names()).toEqual([]);
    });

    it('given a body above 1 MiB, then 413', async () => {
      const response = await edge.ask('POST', '/api/v1/runners', { body: { name: 'x'.repeat(1_048_576) } });
      expect(response.status).toBe(413);
      expect((await problem(response)).reason).toBe('body_too_large');
    });

    it.each([
      ['branch', { branch: '--upload-pack=x' }],
      ['branch', { branch: 'a..b' }],
      ['target', { target: 'a b' }],
      ['repository', { repository: '--exec=x' }],
      ['repository', { repository: 'https://user:secret@example.org/x.git' }],
      ['project', { project: '../x' }],
    ])('given a change with a bad %s, then 422 names it', async (path, over) => {
      const response = await edge.ask('POST', '/api/v1/changes', {
        body: { repository: '/srv/git/shop', branch: 'x', target: 'master', ...over },
      });
      expect(response.status).toBe(422);
      const answer = await problem(response);
      expect(answer.problems?.map((each) => each.path)).toEqual([path]);
      expect(JSON.stringify(answer)).not.toContain('secret');
      expect(edge.names()).toEqual([]);
    });

    it('given a limit, then the use case gets a number', async () => {
      await (await edge.ask('GET', '/api/v1/history?limit=7&runner=build-07')).text();
      expect(edge.calls[0]?.args).toEqual([{ runner: 'build-07' }, { limit: 7 }]);
    });

    it.each([
      '/history?limit=0',
      '/history?limit=1&limit=2',
      '/jobs?status=broken',
      '/jobs?colour=red',
      '/queue?at=yesterday',
    ])('given GET %s, then 422', async (path) => {
      const response = await edge.ask('GET', `/api/v1${path}`);
      expect(response.status).toBe(422);
      await problem(response);
    });
  });

  describe('Idempotency-Key', () => {
    const cancel = async (
      over: { role?: 'operator' | 'admin'; key?: string; job?: string; body?: object } = {},
    ) => {
      const response = await edge.ask('POST', `/api/v1/jobs/${over.job ?? aJob().id}/cancel`, {
        role: over.role ?? 'operator',
        body: over.body ?? {},
        headers: over.key === undefined ? {} : { 'Idempotency-Key': over.key },
      });
      await response.text();
      return edge.calls.at(-1)?.args[0] as CommandContext;
    };

    it('given the same key, actor and route, then the same command id', async () => {
      const [a, b] = [await cancel({ key: 'k1' }), await cancel({ key: 'k1' })];
      expect(a.commandId).toBe(b.commandId);
      expect(a.commandId).toBe(
        deriveId('subject-operator', 'POST', `/api/v1/jobs/${aJob().id}/cancel`, 'k1'),
      );
    });

    it('given another key, actor, or route, then another command id', async () => {
      const ids = [
        await cancel({ key: 'k1' }),
        await cancel({ key: 'k2' }),
        await cancel({ key: 'k1', role: 'admin' }),
        await cancel({ key: 'k1', job: 'another-job' }),
      ].map(({ commandId }) => commandId);
      expect(new Set(ids).size).toBe(4);
    });

    it('given no key, then every call is a new command', async () => {
      expect((await cancel()).commandId).not.toBe((await cancel()).commandId);
    });

    it('given another body, then another digest of it', async () => {
      const [a, b] = [await cancel({ key: 'k1' }), await cancel({ key: 'k1', body: { reason: 'x' } })];
      expect(a.bodySha256).toMatch(/^[0-9a-f]{64}$/);
      expect(a.bodySha256).not.toBe(b.bodySha256);
    });

    it('given a key that is too long, then 422 names it', async () => {
      const response = await edge.ask('POST', `/api/v1/jobs/${aJob().id}/cancel`, {
        headers: { 'Idempotency-Key': 'x'.repeat(256) },
      });
      expect((await problem(response)).problems?.[0]?.path).toBe('Idempotency-Key');
    });
  });

  describe('Host and Origin', () => {
    const status = (headers: Record<string, string>): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        request(
          {
            port: edge.port,
            host: '127.0.0.1',
            path: '/api/v1/queue',
            headers: { Authorization: `Bearer ${tokens.viewer}`, ...headers },
          },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        )
          .on('error', reject)
          .end();
      });

    it.each([
      ['localhost:7350', 200],
      ['127.0.0.1', 200],
      ['[::1]:7350', 200],
      ['evil.example.org', 403],
      ['127.0.0.1.evil.example.org', 403],
      ['localhost.evil.example.org:7350', 403],
    ])('given the Host %s, then %i', async (host, expected) => {
      expect(await status({ Host: host })).toBe(expected);
    });

    it.each([
      ['http://localhost:7350', 200],
      ['http://localhost:3000', 403],
      ['https://evil.example.org', 403],
      ['null', 403],
    ])('given the Origin %s, then %i', async (origin, expected) => {
      expect(await status({ Host: 'localhost:7350', Origin: origin })).toBe(expected);
    });

    it('given a configured name, then it is answered', async () => {
      const other = await startEdge({}, { hostAllowList: ['Baton.example.org'] });
      const code = await new Promise((resolve) => {
        request(
          { port: other.port, host: '127.0.0.1', path: '/healthz', headers: { Host: 'baton.example.org' } },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        ).end();
      });
      await other.close();
      expect(code).toBe(200);
    });
  });
});

describe('refusals', () => {
  it.each<[ErrorCode, number]>([
    ['invalid', 422],
    ['not_found', 404],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['conflict', 409],
    ['idempotency_conflict', 409],
    ['not_dispatched_here', 422],
    ['source', 422],
    ['runner', 502],
    ['store_unavailable', 503],
    ['busy', 503],
    ['internal', 500],
  ])('given %s, then status %i', async (code, status) => {
    const edge = await startEdge({
      queue: () => TE.left(appError(code, 'some_reason', 'It is so.', { hint: 'Do this.' })),
    });
    const response = await edge.ask('GET', '/api/v1/queue');
    await edge.close();
    expect(response.status).toBe(status);
    expect(await problem(response)).toMatchObject({ code, status });
  });

  it('given a bug, then 500 tells nothing of it, and the log tells all', async () => {
    const edge = await startEdge({
      queue: () => {
        throw new Error('table jobs has no column xyzzy');
      },
    });
    const response = await edge.ask('GET', '/api/v1/queue');
    const text = await response.text();
    await edge.close();
    expect(response.status).toBe(500);
    expect(text).not.toContain('xyzzy');
    expect(text).toContain(response.headers.get('X-Request-Id'));
    expect(edge.lines.join('')).toContain('xyzzy');
  });

  it('given an internal error as a value, then 500 tells nothing of it either', async () => {
    const edge = await startEdge({
      queue: () => TE.left(appError('internal', 'xyzzy', 'column xyzzy', { hint: 'xyzzy' })),
    });
    const text = await (await edge.ask('GET', '/api/v1/queue')).text();
    await edge.close();
    expect(text).not.toContain('xyzzy');
  });
});
