/** Logins of browsers at the built server: what outlives it, and what ends them. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainRequest, reasonIn, type PlainAnswer, type PlainRequest } from '../http/plain-request.js';
import { until } from './processes.js';
import { begin } from './program.js';
import { aWorld, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});
afterEach(() => world.close());

const SESSION = '/api/v1/session';
/** As a browser says that one of our own pages asks. */
const OURS = { 'Sec-Fetch-Site': 'same-origin' };
const HTML = { Accept: 'text/html' };

const ask = (method: string, path: string, more: PlainRequest = {}): Promise<PlainAnswer> =>
  plainRequest(Number(new URL(world.url).port), method, path, more);

/** The cookie, as a browser sends it back. */
const logIn = async (token: string): Promise<{ readonly Cookie: string }> => {
  const answer = await ask('POST', SESSION, { headers: OURS, body: { token } });
  if (answer.status !== 200) throw new Error(answer.bytes.toString());
  return { Cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '' };
};

const issue = async (subject: string): Promise<{ readonly id: string; readonly token: string }> =>
  (await world.ask('POST', '/tokens', { subject, role: 'viewer' })).json() as { id: string; token: string };

describe('a login', () => {
  it('given the server killed and started again, then it goes on, and commands of our own pages are taken', async () => {
    await world.start();
    const cookie = await logIn(world.token);
    const before = (await ask('GET', SESSION, { headers: cookie })).json();
    expect(before).toMatchObject({ actor: 'admin', grants: [{ role: 'admin' }], via: 'cookie' });
    await world.stop('SIGKILL');
    await world.start();
    expect((await ask('GET', SESSION, { headers: cookie })).json()).toEqual(before);

    const headers = { ...cookie, ...OURS };
    const body = { name: 'build-07', host: '127.0.0.1', user: 'builder', auth: 'agent' };
    expect((await ask('POST', '/api/v1/runners', { headers, body })).status).toBe(201);
    const forged = await ask('POST', '/api/v1/runners/build-07/pause', { headers: cookie, body: {} });
    expect([forged.status, reasonIn(forged)]).toEqual([403, 'cross_site_request']);
    await world.stop();
    expect((await world.events()).map(({ event }) => event.type)).not.toContain('RunnerPaused');
  });

  it('given its token revoked, then its stream ends, and so does the login', async () => {
    await world.start();
    const { id, token } = await issue('watcher');
    const cookie = await logIn(token);
    const stream = await fetch(`${world.url}/api/v1/jobs/stream`, { headers: { ...cookie, ...OURS } });
    expect(stream.status).toBe(200);
    const told = stream.text();
    expect((await world.ask('POST', `/tokens/${id}/revoke`, {})).status).toBe(200);
    expect(await told).toMatch(/event: problem\n.*"reason":"token_unknown"/);
    const after = await ask('GET', SESSION, { headers: cookie });
    expect([after.status, reasonIn(after)]).toEqual([401, 'session_unknown']);
    const again = await ask('POST', SESSION, { headers: OURS, body: { token } });
    expect([again.status, reasonIn(again)]).toEqual([401, 'token_unknown']);
  });
});

describe('serve', () => {
  const firstWords = async (...more: readonly string[]): Promise<string> => {
    const data = join(world.folder, `data${more.length}`);
    const server = begin(world.folder, ['serve', '--data', data, '--listen', '127.0.0.1:0', ...more]);
    try {
      return await until('the server shows how to use its token', () => {
        if (server.child.exitCode !== null) throw new Error(server.err());
        return server.out().includes('export BATON_TOKEN') ? server.out() : undefined;
      });
    } finally {
      server.child.kill();
      await server.done;
    }
  };

  it('given a first start, then it says where the pages are; with --no-web it speaks of none', async () => {
    const said = await firstWords();
    const [, url] = /Baton listens on (http:\S+);/.exec(said) ?? [];
    expect(said).toContain(`Or log in with it in a browser: ${url}/\n`);
    const none = await firstWords('--no-web');
    expect(none).toContain('Admin token');
    expect(none).not.toContain('browser');
  });

  it('given --no-web, then there are neither pages nor logins, and all else as before', async () => {
    await world.start({}, 'error', ['--no-web']);
    const page = await ask('GET', '/', { headers: HTML });
    expect([page.status, reasonIn(page)]).toEqual([401, 'token_missing']);
    const login = await ask('POST', SESSION, { headers: OURS, body: { token: world.token } });
    expect([login.status, reasonIn(login)]).toEqual([403, 'sessions_off']);
    expect((await world.ask('GET', '/session')).json()).toMatchObject({ actor: 'admin', via: 'token' });
  });
});
