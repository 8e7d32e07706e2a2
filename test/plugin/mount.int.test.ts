import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostUser, Plugin } from '../../plugin/contract.js';
import baton, { loadPlugin } from '../../plugin/index.js';
import { memoryHost } from '../../plugin/testing.js';
import { mounted } from './subject.js';

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
      '/',
      '/api/v1/jobs',
      '/baton',
      '/baton/other',
      '/baton/workflow',
      '/batonic/api/v1/jobs',
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

  it('has no second door: whom the host let in is told who that is, and nobody gets a cookie or a page', async () => {
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
