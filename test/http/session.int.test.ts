/** Logins of browsers over real HTTP: what a cookie is, who may use it, and every way to use it for somebody else. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { NEVER } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/use-cases.js';
import { defaultLimits } from '../../src/http/limits.js';
import { listen } from '../../src/http/listen.js';
import { givenSessions, HOUR, type GivenSessions } from '../app/given-sessions.js';
import { certificate } from './certificate.js';
import { answerPlace, differences } from './described.js';
import { aJob, startEdge, type Edge } from './edge.js';
import { plainRequest, reasonIn, type PlainAnswer, type PlainRequest } from './plain-request.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const SESSION = '/api/v1/session';
const job = `/api/v1/jobs/${aJob().id}`;

type More = Parameters<typeof startEdge>[1];

interface Site extends GivenSessions {
  readonly edge: Edge;
  readonly ask: (method: string, path: string, more?: PlainRequest) => Promise<PlainAnswer>;
  /** Headers of a request of one of our pages. */
  readonly ours: Readonly<Record<string, string>>;
  readonly logIn: (token?: string, headers?: Readonly<Record<string, string>>) => Promise<PlainAnswer>;
}

const open = async (more: More = {}, given = givenSessions()): Promise<Site> => {
  const edge = await startEdge(
    { authenticate: (token) => given.callers.get(token), watchJobs: () => NEVER },
    { ...more, more: { sessions: given.sessions, ...more.more } },
  );
  closers.push(edge.close);
  const ask: Site['ask'] = (...args) => plainRequest(edge.port, ...args);
  const ours = { Origin: `http://127.0.0.1:${edge.port}`, 'Sec-Fetch-Site': 'same-origin' };
  const logIn: Site['logIn'] = (token = 'baton_ops', headers = ours) =>
    ask('POST', SESSION, { headers, body: { token } });
  return { ...given, edge, ask, ours, logIn };
};

const setCookie = ({ headers }: PlainAnswer): string => String(headers['set-cookie'] ?? '');
/** As a browser sends it back. */
const cookieOf = (answer: PlainAnswer): { Cookie: string } => ({
  Cookie: setCookie(answer).split(';')[0] ?? '',
});
const loggedIn = async (...args: Parameters<typeof open>) => {
  const site = await open(...args);
  return { ...site, cookie: cookieOf(await site.logIn()) };
};

describe('logging in', () => {
  it('given a token, then who that is, and a cookie that holds no token and that no script reads', async () => {
    const { logIn, sessions } = await open();
    const answer = await logIn();
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        ...{ actor: 'ops', subject: 'ops', grants: [{ role: 'admin' }], via: 'cookie' },
        expiresAt: '2026-02-01T00:00:00.000Z',
      },
    ]);
    expect(differences(answerPlace('post', '/session', 200, 'application/json'), answer.json())).toEqual([]);
    expect(setCookie(answer)).toMatch(
      /^baton_[0-9a-f]{8}=v1\.token-1\.\d+\.[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(setCookie(answer)).toContain(sessions.name);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('given an unknown token, then 401 without a cookie, and too many of them 429', async () => {
    const { logIn } = await open({ limits: { ...defaultLimits, failures: { perSecond: 0.1, burst: 2 } } });
    const answers = [await logIn('wrong'), await logIn('wrong'), await logIn('wrong')];
    expect(answers.map((one) => [one.status, reasonIn(one), setCookie(one)])).toEqual([
      [401, 'token_unknown', ''],
      [401, 'token_unknown', ''],
      [429, 'too_many_failures', ''],
    ]);
    expect((await logIn()).status).toBe(200);
  });

  it.each([{}, { token: '' }, { token: 7 }, { token: 'with space' }, { token: 'baton_ops', more: 1 }])(
    'given the body %j, then 422, and what was given is not repeated',
    async (body) => {
      const { ask } = await open();
      const answer = await ask('POST', SESSION, { body });
      expect([answer.status, reasonIn(answer)]).toEqual([422, 'invalid_input']);
      expect(answer.bytes.toString()).not.toContain('with space');
    },
  );

  it('given a body that is larger than a token needs, or no JSON, then it is not read', async () => {
    const { ask } = await open();
    expect((await ask('POST', SESSION, { body: { token: 'x'.repeat(5000) } })).status).toBe(413);
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await ask('POST', SESSION, { headers, body: { token: 'baton_ops' } })).status).toBe(415);
  });

  it('given no word of where it comes from, as from a script, then it is let in', async () => {
    const { logIn } = await open();
    expect((await logIn('baton_ops', {})).status).toBe(200);
  });

  it.each([
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['another port of the same host', { 'Sec-Fetch-Site': 'same-site' }],
    ['another port of the same host, by a browser that says no more', { Origin: 'http://127.0.0.1:9' }],
    ['a sandboxed page', { Origin: 'null' }],
  ])('given a page of %s, then nobody is logged in as somebody else', async (_, headers) => {
    const { logIn } = await open();
    const answer = await logIn('baton_ops', headers);
    expect([answer.status, setCookie(answer)]).toEqual([403, '']);
  });

  it('never writes the token or the cookie into the log', async () => {
    const { edge, logIn, ask } = await open();
    const cookie = cookieOf(await logIn());
    await ask('GET', SESSION, { headers: cookie });
    expect(edge.lines.length).toBeGreaterThan(1);
    expect(edge.lines.join('')).toContain('"actor":"ops"');
    expect(edge.lines.join('')).not.toMatch(/baton_ops|v1\.token-1/);
  });
});

describe('who one is', () => {
  it('is told to a cookie, to a token, and to whom a host let in; to nobody else', async () => {
    const { ask, cookie } = await loggedIn();
    const place = answerPlace('get', '/session', 200, 'application/json');
    const byCookie = await ask('GET', SESSION, { headers: cookie });
    const byToken = await ask('GET', SESSION, { headers: { Authorization: 'Bearer baton_ops' } });
    const ops = { actor: 'ops', subject: 'ops', grants: [{ role: 'admin' }] };
    expect(byCookie.json()).toEqual({ ...ops, via: 'cookie', expiresAt: '2026-02-01T00:00:00.000Z' });
    expect(byToken.json()).toEqual({ ...ops, via: 'token' });
    for (const answer of [byCookie, byToken]) expect(differences(place, answer.json())).toEqual([]);
    const nobody = await ask('GET', SESSION);
    expect([nobody.status, reasonIn(nobody)]).toEqual([401, 'token_missing']);

    const caller: Caller = { actor: 'jane@host', grants: [{ role: 'viewer' }] };
    const embedded = await open({ more: { callerOf: () => caller } });
    const byHost = await embedded.ask('GET', SESSION);
    expect(byHost.json()).toEqual({ actor: 'jane@host', grants: [{ role: 'viewer' }], via: 'host' });
  });

  it('given a token that expires, then when', async () => {
    const { ask, callers } = await open();
    const tokenEndsAt = '2026-02-05T00:00:00.000Z';
    callers.set('baton_short', { actor: 'ci', tokenId: 'token-2', grants: [], tokenEndsAt });
    const answer = await ask('GET', SESSION, { headers: { Authorization: 'Bearer baton_short' } });
    expect(answer.json()).toMatchObject({ actor: 'ci', grants: [], expiresAt: tokenEndsAt });
  });

  it('given HEAD, then the same without a body', async () => {
    const { ask, cookie } = await loggedIn();
    const answer = await ask('HEAD', SESSION, { headers: cookie });
    expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
  });

  it('given a cookie and a token together, then the token counts, usable or not', async () => {
    const { ask, cookie, callers } = await loggedIn();
    callers.set('baton_ci', { actor: 'ci', tokenId: 'token-2', grants: [{ role: 'viewer' }] });
    const as = (token: string) =>
      ask('GET', SESSION, { headers: { ...cookie, Authorization: `Bearer ${token}` } });
    expect((await as('baton_ci')).json()).toMatchObject({ actor: 'ci', via: 'token' });
    expect(reasonIn(await as('wrong'))).toBe('token_unknown');
    // what a proxy asks for, and its browser keeps sending
    const basic = await ask('GET', SESSION, { headers: { ...cookie, Authorization: 'Basic eDp5' } });
    expect(basic.json()).toMatchObject({ actor: 'ops', via: 'cookie' });
  });
});

describe('a cookie that is none', () => {
  it.each<[string, (value: string, site: Site) => string]>([
    ['tampered with: another end', (value) => value.replace(/\.(\d+)\./, '.99999999999.')],
    ['tampered with: another token', (value) => value.replace('token-1', 'token-2')],
    [
      'signed by another key',
      (_, { withKey, callers }) => withKey('x').open(callers.get('baton_ops')!)!.text,
    ],
    ['the token itself', () => 'baton_ops'],
    ['empty', () => ''],
    ['over', (value, { pass }) => (pass(12 * HOUR), value)],
    ['of a revoked token', (value, { callers }) => (callers.delete('baton_ops'), value)],
    ['shown twice', (value, { sessions }) => `${value}; ${sessions.name}=${value}`],
  ])('given one that is %s, then 401 on every route', async (_, change) => {
    const site = await loggedIn();
    site.callers.set('other', { actor: 'other', tokenId: 'token-2', grants: [{ role: 'admin' }] });
    const [name = '', value = ''] = site.cookie.Cookie.split('=');
    const Cookie = `${name}=${change(value, site)}`;
    for (const path of [SESSION, '/api/v1/queue', '/metrics']) {
      const answer = await site.ask('GET', path, { headers: { Cookie } });
      expect([answer.status, reasonIn(answer)]).toEqual([401, 'session_unknown']);
    }
    expect(site.edge.names()).not.toContain('queue');
  });

  it('is not taken by the API of the original, nor by reports of jobs', async () => {
    const { ask, cookie, ours } = await loggedIn();
    const v0 = await ask('GET', '/api/v0/e/default/orgs', { headers: { ...cookie, ...ours } });
    expect(v0.status).toBe(401);
    const report = await ask('POST', `${job}/attempts/1/report`, {
      ...{ headers: { ...cookie, ...ours }, body: { run_success: true, run_log: '', run_status: '' } },
    });
    expect(report.status).toBe(401);
  });
});

describe('a cookie that goes on', () => {
  it('given more than half of its time over, then any answer renews it; before that none does', async () => {
    const { ask, cookie, pass } = await loggedIn();
    expect(setCookie(await ask('GET', '/api/v1/queue', { headers: cookie }))).toBe('');
    pass(6 * HOUR + 1000);
    const answer = await ask('GET', SESSION, { headers: cookie });
    expect(answer.json()).toMatchObject({ expiresAt: '2026-02-01T06:00:01.000Z' });
    expect(setCookie(answer)).toContain('Max-Age=43200');
    pass(6 * HOUR);
    const later = await ask('GET', '/api/v1/queue', { headers: cookieOf(answer) });
    expect(later.status).toBe(200);
    expect((await ask('GET', SESSION, { headers: cookie })).status).toBe(401);
  });

  it.each<[string, (site: Site) => void]>([
    ['its token is revoked', ({ callers }) => void callers.delete('baton_ops')],
    ['its time is over', ({ pass }) => pass(12 * HOUR)],
  ])('given a stream and that %s, then the stream ends and says so', async (_, change) => {
    const site = await loggedIn();
    const headers = { ...site.cookie, 'Sec-Fetch-Site': 'same-origin' };
    const stream = site.ask('GET', '/api/v1/jobs/stream', { headers });
    // the stream counts as open once somebody watches
    await expect.poll(() => site.edge.names()).toContain('watchJobs');
    change(site);
    expect((await stream).bytes.toString()).toMatch(/event: problem\n.*"code":"unauthenticated"/);
  });
});

describe('a request that another page makes a browser send', () => {
  const cancel = `${job}/cancel`;

  it('given one of our pages, then commands are taken', async () => {
    const { ask, cookie, edge } = await loggedIn();
    const origin = { Origin: `http://127.0.0.1:${edge.port}` };
    for (const headers of [origin, { 'Sec-Fetch-Site': 'same-origin' }])
      expect((await ask('POST', cancel, { headers: { ...cookie, ...headers }, body: {} })).status).toBe(202);
    expect(edge.names().filter((name) => name === 'cancelJob')).toHaveLength(2);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['no origin at all', {}, 'cross_site_request'],
    ['the origin of another site', { Origin: 'https://evil.example.org' }, 'origin_not_allowed'],
    ['the origin of another port', { Origin: 'http://127.0.0.1:9' }, 'origin_not_allowed'],
    [
      'the origin of a name that is answered to',
      { Origin: 'http://friend.example.org' },
      'cross_site_request',
    ],
    ['an origin that is none', { Origin: 'null' }, 'origin_not_allowed'],
    ['another site, as the browser says', { 'Sec-Fetch-Site': 'cross-site' }, 'cross_site_request'],
    ['another port, as the browser says', { 'Sec-Fetch-Site': 'same-site' }, 'cross_site_request'],
    ['a person, who sends no commands', { 'Sec-Fetch-Site': 'none' }, 'cross_site_request'],
  ])('given a command from %s, then 403 and nothing is done', async (_, headers, reason) => {
    const { ask, cookie, edge } = await loggedIn({ hostAllowList: ['friend.example.org'] });
    for (const method of ['POST', 'DELETE', 'PUT', 'OPTIONS']) {
      const answer = await ask(method, cancel, { headers: { ...cookie, ...headers }, body: {} });
      expect([answer.status, reasonIn(answer)]).toEqual([403, reason]);
    }
    expect(edge.names()).not.toContain('cancelJob');
  });

  it('given a good or a bad cookie, then the refusal is the same', async () => {
    const { ask, cookie } = await loggedIn();
    const headers = { 'Sec-Fetch-Site': 'same-site' };
    const bad = { Cookie: cookie.Cookie.replace('token-1', 'token-2') };
    const answers = await Promise.all(
      [cookie, bad].map((one) => ask('GET', '/api/v1/queue', { headers: { ...one, ...headers } })),
    );
    expect(answers.map((one) => [one.status, reasonIn(one)])).toEqual([
      [403, 'cross_site_request'],
      [403, 'cross_site_request'],
    ]);
  });

  it('given a token beside it, then pages have nothing to do with it', async () => {
    const { ask, cookie } = await loggedIn();
    const headers = { ...cookie, Authorization: 'Bearer baton_ops' };
    expect((await ask('POST', cancel, { headers, body: {} })).status).toBe(202);
  });

  it.each(['cross-site', 'same-site'])(
    'given a read that is %s, then 403; but a raw log that somebody goes to in a tab is shown',
    async (site) => {
      const { ask, cookie } = await loggedIn();
      const read = (path: string, more: Readonly<Record<string, string>> = {}) =>
        ask('GET', path, { headers: { ...cookie, 'Sec-Fetch-Site': site, ...more } });
      const visit = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
      for (const path of ['/api/v1/queue', '/api/v1/jobs/stream', `${job}/log`, SESSION, '/metrics'])
        expect((await read(path)).status, path).toBe(403);
      expect((await read('/api/v1/queue', visit)).status).toBe(403);
      expect((await read(`${job}/log`, { ...visit, 'Sec-Fetch-Dest': 'iframe' })).status).toBe(403);
      const log = await read(`${job}/log`, visit);
      expect([log.status, log.bytes.toString()]).toEqual([200, 'hello\n']);
    },
  );

  it('given what somebody typed or chose, then reads are answered', async () => {
    const { ask, cookie } = await loggedIn();
    const headers = { ...cookie, 'Sec-Fetch-Site': 'none' };
    expect((await ask('GET', '/api/v1/queue', { headers })).status).toBe(200);
  });
});

describe('logging out', () => {
  it('clears the cookie, also one that is unknown or not there', async () => {
    const { ask, cookie, ours } = await loggedIn();
    const unknown = { Cookie: `${cookie.Cookie}x` };
    for (const shown of [cookie, unknown, {}]) {
      const answer = await ask('DELETE', SESSION, { headers: { ...shown, ...ours } });
      expect([answer.status, answer.bytes.length]).toEqual([204, 0]);
      expect(setCookie(answer)).toMatch(
        /^baton_[0-9a-f]{8}=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/,
      );
    }
  });

  it.each([{}, { 'Sec-Fetch-Site': 'same-site' }])('is not done by another page (%j)', async (headers) => {
    const { ask, cookie } = await loggedIn();
    const answer = await ask('DELETE', SESSION, { headers: { ...cookie, ...headers } });
    expect([answer.status, setCookie(answer)]).toEqual([403, '']);
  });
});

describe('where TLS protects the way', () => {
  it('given a public address that is https, then requests by its name get a cookie that needs TLS, and no other counts', async () => {
    const { ask, logIn, edge } = await open({
      hostAllowList: ['baton.example.org'],
      more: { publicUrl: 'https://baton.example.org' },
    });
    const behind = { Host: 'baton.example.org', Origin: 'https://baton.example.org' };
    const answer = await logIn('baton_ops', behind);
    expect(setCookie(answer)).toMatch(/^__Host-baton_[0-9a-f]{8}=.*; SameSite=Strict; Secure$/);
    const secure = cookieOf(answer);
    const read = (headers: Readonly<Record<string, string>>) => ask('GET', SESSION, { headers });
    expect((await read({ ...secure, Host: 'baton.example.org' })).status).toBe(200);
    // set in clear text, by whoever stands on the way
    const plain = { Cookie: secure.Cookie.replace('__Host-', '') };
    expect((await read({ ...plain, Host: 'baton.example.org' })).status).toBe(401);
    const clear = { ...secure, Host: 'baton.example.org', Origin: 'http://baton.example.org' };
    expect((await ask('POST', `${job}/cancel`, { headers: clear, body: {} })).status).toBe(403);
    // on the machine itself, past the proxy
    const local = await logIn('baton_ops', { Origin: `http://127.0.0.1:${edge.port}` });
    expect(setCookie(local)).not.toMatch(/Secure|__Host-/);
  });

  it('given a certificate of its own, then the same', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'baton-session-tls-'));
    closers.push(() => rm(folder, { recursive: true }));
    const tls = certificate(folder, 'server');
    const { edge } = await open();
    const opened = await listen(edge.handler, {
      ...{ host: '127.0.0.1', port: 0, headerBytes: 16_384, requestTimeoutMs: 30_000, tls },
    });
    if (E.isLeft(opened)) throw new Error(opened.left.message);
    closers.push(opened.right.close);
    const { port } = opened.right;
    const ca = await readFile(tls.cert);
    const origin = { Origin: `https://127.0.0.1:${port}` };
    const answer = await plainRequest(port, 'POST', SESSION, {
      ...{ ca, headers: origin, body: { token: 'baton_ops' } },
    });
    expect(setCookie(answer)).toMatch(/^__Host-baton_[0-9a-f]{8}=.*; Secure$/);
    const headers = { ...cookieOf(answer), ...origin };
    const done = await plainRequest(port, 'POST', `${job}/cancel`, { ca, headers, body: {} });
    expect(done.status).toBe(202);
  });
});

describe('without logins', () => {
  it('given a server or a host that wants none, then no cookie is given or looked at', async () => {
    const edge = await startEdge();
    closers.push(edge.close);
    const given = givenSessions();
    const { text } = given.sessions.open(given.callers.get('baton_ops')!)!;
    const Cookie = `${given.sessions.name}=${text}`;
    const login = await plainRequest(edge.port, 'POST', SESSION, { body: { token: 'token-admin' } });
    expect([login.status, reasonIn(login), setCookie(login)]).toEqual([403, 'sessions_off', '']);
    const out = await plainRequest(edge.port, 'DELETE', SESSION);
    expect([out.status, setCookie(out)]).toEqual([403, '']);
    const read = await plainRequest(edge.port, 'GET', SESSION, { headers: { Cookie } });
    expect([read.status, reasonIn(read)]).toEqual([401, 'token_missing']);
    const headers = { Authorization: 'Bearer token-viewer' };
    const known = await plainRequest(edge.port, 'GET', SESSION, { headers });
    expect(known.json()).toMatchObject({ actor: 'subject-viewer', via: 'token' });
  });
});
