/** The door of the original's API is that of everything else: hosts, lengths, limits; only the words of a refusal are the original's. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, describe, expect, it } from 'vitest';
import { appError } from '../../src/app/errors.js';
import { defaultLimits } from '../../src/http/limits.js';
import { aChange, startEdge, tokens, type Edge } from '../http/edge.js';

const servers: Edge[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const start = async (...more: Parameters<typeof startEdge>): Promise<Edge> => {
  const server = await startEdge(...more);
  servers.push(server);
  return server;
};

const told = async (response: Response): Promise<readonly [number, unknown]> => [
  response.status,
  await response.json(),
];

describe('refusals in the form of the original', () => {
  it.each([
    ['GET', '/api/v0/e/default/nothing', {}, 404, 'not_found'],
    ['GET', '/api/v0/nothing', {}, 404, 'not_found'],
    ['POST', '/api/v0/e/default/jobs', { body: {} }, 405, 'method_not_allowed'],
    ['POST', '/api/v0/e/default/runners', { raw: 'no json' }, 400, 'bad_request'],
    ['POST', '/api/v0/e/default/runners', { raw: `"${'x'.repeat(1_100_000)}"` }, 413, 'body_too_large'],
    ['GET', `/api/v0/e/default/runners/${'x'.repeat(9000)}`, {}, 414, 'url_too_long'],
    ['GET', '/api/v0/e/default/jobs?more=1', {}, 400, 'bad_request'],
    ['GET', '/workflow/api/v0/e/default/jobs', { role: 'none' }, 401, 'token_denied'],
    ['GET', '/api/v0/e/default/jobs', { headers: { Origin: 'http://elsewhere' } }, 403, 'forbidden'],
  ] as const)('%s %s: %o', async (method, path, more, status, error) => {
    const server = await start();
    const answer = await told(await server.ask(method, path, more));
    expect(answer).toMatchObject([status, { error }]);
    expect(answer[1]).toHaveProperty('message');
  });

  it('given a mistake inside, then 500 without it', async () => {
    const server = await start({
      originalQueue: () => TE.left(appError('internal', 'internal', 'xyzzy', { cause: new Error('xyzzy') })),
    });
    const [status, body] = await told(await server.ask('GET', '/api/v0/e/default/jobs'));
    expect([status, body]).toMatchObject([500, { error: 'internal_server_error' }]);
    expect(JSON.stringify(body)).not.toContain('xyzzy');
  });

  it.each([
    ['POST', 'merge', appError('conflict', 'stage_not_passed', 'no'), 412, 'precondition_failed'],
    ['POST', 'merge', appError('source', 'merge_conflict', 'no'), 412, 'precondition_failed'],
    ['POST', 'merge', appError('invalid', 'no_command', 'no'), 404, 'invalid_config'],
    ['POST', 'merge', appError('not_dispatched_here', 'v1', 'no'), 404, 'invalid_config'],
    ['POST', 'merge', appError('store_unavailable', 'away', 'no'), 503, 'service_unavailable'],
    ['DELETE', '', appError('conflict', 'change_merged', 'no'), 409, 'merged_change'],
  ] as const)('%s …/changes/ID/%s refused with %o', async (method, word, error, status, wanted) => {
    const server = await start({
      approveChange: () => TE.left(error),
      deleteChange: () => TE.left(error),
    });
    const path = `/api/v0/e/default/orgs/default/projects/web-shop/changes/${aChange().id}/${word}`;
    const answer = await told(await server.ask(method, path.replace(/\/$/, '')));
    expect(answer).toMatchObject([status, { error: wanted }]);
  });
});

describe('who asks', () => {
  it('with a bearer, as elsewhere; failures count together with those elsewhere', async () => {
    const limits = { ...defaultLimits, failures: { perSecond: 0.001, burst: 2 } };
    const server = await start({}, { limits });
    expect((await server.ask('GET', '/api/v0/e/default/jobs')).status).toBe(200);
    expect((await server.ask('GET', '/api/v0/e/default/jobs', { role: 'none' })).status).toBe(401);
    expect((await server.ask('GET', '/api/v1/jobs', { role: 'none' })).status).toBe(401);
    for (const path of ['/api/v0/e/default/jobs', '/api/v1/jobs'])
      expect((await server.ask('GET', path, { role: 'none' })).status).toBe(429);
  });

  it('given both headers and a bearer, then the headers alone count', async () => {
    const server = await start();
    const headers = { 'chef-delivery-user': 'subject-viewer', 'chef-delivery-token': 'none' };
    expect((await server.ask('GET', '/api/v0/e/default/jobs', { headers })).status).toBe(401);
  });

  it('given cookies, as the pages of the original had them, then they are not looked at', async () => {
    const server = await start();
    const headers = {
      Cookie: `chef-delivery-user=subject-admin; chef-delivery-token=${tokens.admin}`,
    };
    const answer = await server.ask('GET', '/api/v0/e/default/jobs', { role: 'none', headers });
    expect(answer.status).toBe(401);
  });

  it('given a token in the address, then no line of the log has it', async () => {
    const server = await start();
    const path = `/api/v0/e/default/jobs?chef-delivery-user=subject-admin&chef-delivery-token=${tokens.admin}`;
    expect((await server.ask('GET', path, { role: 'none' })).status).toBe(401);
    expect(server.lines.join('')).toContain('token_in_url');
    expect(server.lines.join('')).not.toContain(tokens.admin);
  });
});
