import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostUser, MiddlewareContext, Plugin } from '../../plugin/contract.js';
import baton, { loadPlugin } from '../../plugin/index.js';
import { memoryHost } from '../../plugin/testing.js';
import { readEvents } from '../../src/cli/events.js';
import { plainRequest, reasonIn } from '../http/plain-request.js';
import { mounted } from './subject.js';

const html = { headers: { Accept: 'text/html' } };

let folder: string;
let plugin: Plugin;
let url: string;
let close: () => Promise<void>;

/** The plugin below /baton in somebody else's Koa, which says that this is who asks. */
const load = async (user: unknown, version?: string, more: object = {}): Promise<void> => {
  const loaded = await loadPlugin(baton, memoryHost(version === undefined ? {} : { version }), {
    ...{ host: 'memory', data: join(folder, 'data'), mount: '/baton', logLevel: 'silent' },
    authenticate: () => user as HostUser,
    ...more,
  });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  ({ plugin } = loaded);
  ({ url, close } = await mounted(plugin));
};

const get = async (path: string, init?: RequestInit) => {
  const answer = await fetch(`${url}${path}`, init);
  return { status: answer.status, text: await answer.text() };
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-mount-'));
});
afterEach(async () => {
  await close();
  await plugin.stop({ mode: 'detach', deadlineMs: 0 });
  await rm(folder, { recursive: true, force: true });
});

describe('the middleware in the Koa of a host', () => {
  it('serves the API below the mount to whom the host lets in, and leaves everything else to the host', async () => {
    await load({ actor: 'ada', role: 'viewer' });
    await plugin.start();
    expect(await get('/baton/api/v1/jobs')).toMatchObject({ status: 200 });
    for (const prefix of ['', '/workflow'])
      expect(await get(`/baton${prefix}/api/v0/e/default/jobs`)).toEqual({ status: 200, text: '[]' });
    expect(await get('/baton/healthz')).toMatchObject({ status: 200 });
    for (const path of [
      ...['/', '/queue', '/assets/x.js', '/api/v1/jobs', '/batonic', '/batonic/api/v1/jobs'],
      ...['/baton/other', '/baton/workflow', '/baton/queue/x', '/baton/favicon.ico', '/baton//queue'],
    ])
      expect(await get(path)).toMatchObject({ status: 200, text: 'the host itself' });
  });

  it.each([
    ['that, for the rules that speak of it', '1.4.2', { engine: '1.4.2' }],
    ['none, when it is no version', 'the newest', {}],
    ['none, when it tells none', undefined, {}],
  ])('knows of the engine what the host tells: %s', async (_, version, known) => {
    await load({ actor: 'ada', role: 'viewer' }, version, { toolchains: { chefdk: {} } });
    await plugin.start();
    const { baton: own, ...told } = JSON.parse((await get('/baton/api/v1/toolchains')).text) as {
      readonly baton: string;
    };
    expect(own).toMatch(/^\d/);
    expect(told).toEqual({
      toolchains: [{ name: 'chefdk', package: 'chefdk', sha256: {}, install: false }],
      rules: [{ rule: 'toolchain chefdk >=2.0 needs engine >=1.5', builtIn: true }],
      ...known,
    });
  });

  it('gives no more than the role that the host named', async () => {
    await load({ actor: 'ada', role: 'viewer' });
    await plugin.start();
    const headers = { 'Content-Type': 'application/json' };
    const refused = await get('/baton/api/v1/runners/r1/test', { method: 'POST', headers, body: '{}' });
    expect(refused).toMatchObject({ status: 403 });
  });

  it('has no second door: whom the host let in is told who that is, and nobody gets a cookie', async () => {
    await load({ actor: 'ada', role: 'viewer' });
    await plugin.start();
    const session = await get('/baton/api/v1/session');
    expect([session.status, JSON.parse(session.text)]).toEqual([
      200,
      { actor: 'ada', grants: [{ role: 'viewer' }], via: 'host' },
    ]);
    for (const method of ['POST', 'DELETE'])
      expect((await get('/baton/api/v1/session', { method })).text).toContain('"reason":"sessions_off"');
    expect(await get('/baton/login', { headers: { Accept: 'text/html' } })).toMatchObject({
      text: 'the host itself',
    });
  });

  it('serves the pages below the mount, without asking the host who it is, and its first one with a slash at the end', async () => {
    const asked: (string | undefined)[] = [];
    const authenticate = ({ req }: MiddlewareContext): undefined => void asked.push(req.url);
    await load(undefined, undefined, { authenticate });
    await plugin.start();
    for (const path of ['/baton/', '/baton/queue', '/baton/jobs/0b7f2c1e'])
      expect((await get(path, html)).text).toContain('The pages of Baton');
    expect((await get('/baton/assets/none.js')).text).toContain('asset_not_found');
    const first = await fetch(`${url}/baton?at=7`, { redirect: 'manual' });
    expect([first.status, first.headers.get('Location')]).toEqual([302, './baton/?at=7']);
    expect(await get('/baton/queue', { ...html, method: 'POST' })).toMatchObject({ text: 'the host itself' });
    expect(asked).toEqual([]);
    await get('/baton/api/v1/queue');
    expect(asked).toEqual(['/baton/api/v1/queue']);
  });

  it('given web: false, then the addresses of the pages are the host’s', async () => {
    await load({ actor: 'ada', role: 'viewer' }, undefined, { web: false });
    await plugin.start();
    for (const path of ['/baton', '/baton/', '/baton/queue', '/baton/assets/none.js'])
      expect(await get(path, html)).toMatchObject({ text: 'the host itself' });
    expect(await get('/baton/api/v1/jobs')).toMatchObject({ status: 200 });
  });

  it('given a host that cuts the path off itself, then pages stand where it has, and nowhere else', async () => {
    await load({ actor: 'ada', role: 'viewer' }, undefined, { mount: '' });
    await plugin.start();
    const cut = await mounted(plugin, '/ci');
    for (const path of ['/ci/', '/ci/queue'])
      expect(await (await fetch(`${cut.url}${path}`, html)).text()).toContain('The pages of Baton');
    const first = await fetch(`${cut.url}/ci`, { redirect: 'manual' });
    expect(first.headers.get('Location')).toBe('./ci/');
    expect((await fetch(`${cut.url}/ci/api/v1/jobs`)).status).toBe(200);
    await cut.close();
    for (const path of ['/', '/queue', '/assets/none.js'])
      expect(await get(path, html)).toMatchObject({ text: 'the host itself' });
    expect(await get('/api/v1/jobs')).toMatchObject({ status: 200 });
  });

  it.each([
    ['a page of another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a page at another port', { 'Sec-Fetch-Site': 'same-site' }, 403],
    ['a page of another site, in an old browser', { Origin: 'https://evil.example.org' }, 403],
    ['a page that hides where it is', { Origin: 'null' }, 403],
    ['one of our own pages', { 'Sec-Fetch-Site': 'same-origin' }, 404],
    ['a program', {}, 404],
  ])(
    'given a host that lets a browser in, then a command of %s is answered as it must be',
    async (_, headers, status) => {
      await load({ actor: 'ada', role: 'admin' });
      await plugin.start();
      const port = Number(new URL(url).port);
      const sent = { headers, body: {} };
      for (const path of ['/baton/api/v1/runners/none/test', '/baton/api/v1/jobs/00000000/cancel']) {
        const answer = await plainRequest(port, 'POST', path, sent);
        expect([path, answer.status]).toEqual([path, status]);
        if (status === 403)
          expect(reasonIn(answer)).toBe('Origin' in headers ? 'origin_not_allowed' : 'cross_site_request');
      }
      const original = await plainRequest(port, 'DELETE', '/baton/api/v0/e/default/runners/none', sent);
      expect(original.status === 403).toBe(status === 403);
      const isRefused = 'Origin' in headers;
      const read = await plainRequest(port, 'GET', '/baton/api/v1/jobs', { headers });
      expect(read.status).toBe(isRefused ? 403 : 200);
    },
  );

  it('given a view that was folded anew, then those who follow what changes are told', async () => {
    await load({ actor: 'ada', role: 'admin' });
    await plugin.start();
    const stop = new AbortController();
    const { body } = await fetch(`${url}/baton/api/v1/updates`, { signal: stop.signal });
    const told = readEvents(body);
    const next = async (): Promise<unknown> => {
      for (;;) {
        const { value, done } = await told.next();
        if (done === true) throw new Error('the stream has ended');
        if (value.event === 'changed') return JSON.parse(value.data);
      }
    };
    expect(await next()).toMatchObject({ topics: [] });
    const headers = { 'Content-Type': 'application/json' };
    const path = '/baton/api/v1/projections/queue/rebuild';
    expect(await get(path, { method: 'POST', headers, body: '{}' })).toMatchObject({ status: 200 });
    expect(await next()).toMatchObject({ topics: ['queue', 'runners', 'changes'], many: true });
    stop.abort();
  });

  it.each([
    ['nobody', undefined],
    ['a role that is none', { actor: 'ada', role: 'root' }],
    ['an actor that would be Baton itself', { actor: 'baton', role: 'admin' }],
  ])('asks for a token of Baton when the host names %s', async (_, user) => {
    await load(user);
    await plugin.start();
    expect(await get('/baton/api/v1/jobs')).toMatchObject({ status: 401 });
  });

  it('says that it is not there before the start and after the stop', async () => {
    await load({ actor: 'ada', role: 'viewer' });
    expect(await get('/baton/api/v1/jobs')).toMatchObject({ status: 503 });
    await plugin.start();
    expect(await get('/baton/api/v1/jobs')).toMatchObject({ status: 200 });
    await plugin.stop({ mode: 'drain', deadlineMs: 1000 });
    expect(await get('/baton/api/v1/jobs')).toMatchObject({ status: 503 });
  });
});

describe('the life of the plugin', () => {
  it('takes nothing before its start, may be started twice and stopped twice, and not again after that', async () => {
    await load(undefined);
    const command = { type: 'phase.cancel', commandId: 'c', actor: 'ada', hostKey: 'k' } as const;
    expect(await plugin.handle(command)).toMatchObject({ status: 'busy' });
    const [one, two] = await Promise.all([plugin.start(), plugin.start()]);
    expect(one).toBe(two);
    expect(one).toEqual({ live: { phaseRuns: 0, jobs: 0 }, reports: 0 });
    expect(await plugin.handle(command)).toMatchObject({ status: 'accepted' });
    expect(plugin.health()).toMatchObject({ ok: true, state: 'started' });
    const how = { mode: 'detach', deadlineMs: 0 } as const;
    await Promise.all([plugin.stop(how), plugin.stop(how)]);
    expect(await plugin.handle(command)).toMatchObject({ status: 'rejected', code: 'not_started' });
    await expect(plugin.start()).rejects.toThrow('register it again');
  });

  it('says what keeps it from starting: a store that another one holds, and folders that it may not use', async () => {
    await load(undefined);
    await plugin.start();
    const load2 = (more: object) =>
      loadPlugin(baton, memoryHost(), {
        host: 'memory',
        data: join(folder, 'data'),
        logLevel: 'silent',
        ...more,
      });
    const second = await load2({});
    if ('problems' in second) throw new Error('not loaded');
    await expect(second.plugin.start()).rejects.toMatchObject({
      name: 'BatonStartError',
      code: 'store_locked',
    });
    const third = await load2({
      data: join(folder, 'data', 'store', 'events.db', 'below'),
      repositoryRoots: [join(folder, 'nowhere')],
    });
    if ('problems' in third) throw new Error('not loaded');
    expect((await third.plugin.verify()).map(({ path }) => path)).toEqual(['data', 'repositoryRoots[0]']);
    expect(await plugin.verify()).toEqual([]);
  });
});
