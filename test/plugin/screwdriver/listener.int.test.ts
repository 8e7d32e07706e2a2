/** The address of the executor, with the real plugin behind it: the API for programs, and the pages for a browser that has the token. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plugin } from '../../../plugin/contract.js';
import { adminBy, listen, type Listener } from '../../../plugin/hosts/screwdriver/listener.js';
import baton, { loadPlugin } from '../../../plugin/index.js';
import { memoryHost } from '../../../plugin/testing.js';
import { freePort } from '../../../src/ssh/system-sshd.js';

const token = 'a-token-of-twenty-characters:and-more';
const basic = (password: string): Record<string, string> => ({
  Authorization: `Basic ${Buffer.from(`me:${password}`).toString('base64')}`,
});

describe('the address of the executor', () => {
  let folder: string;
  let plugin: Plugin;
  let listener: Listener;
  let url: string;

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${url}${path}`, { method, headers: { Accept: 'text/html', ...headers }, redirect: 'manual' });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-listener-'));
    const authenticate = adminBy(token);
    const loaded = await loadPlugin(baton, memoryHost(), {
      ...{ host: 'screwdriver', data: join(folder, 'data'), logLevel: 'silent', authenticate },
    });
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    ({ plugin } = loaded);
    await plugin.start();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    listener = await listen(
      `127.0.0.1:${port}`,
      plugin.middleware(),
      (req) => authenticate({ req }) !== undefined,
    );
  });
  afterAll(async () => {
    await listener.close();
    await plugin.stop({ mode: 'detach', deadlineMs: 0 });
    await rm(folder, { recursive: true, force: true });
  });

  it('leads to the pages, which a browser gets after it was asked for the token', async () => {
    expect((await get('/')).headers.get('Location')).toBe('./baton/');
    const unknown = await get('/baton/');
    expect([unknown.status, unknown.headers.get('WWW-Authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Basic realm="Baton/),
    ]);
    expect((await get('/baton/queue', basic('another token, quite long'))).status).toBe(401);
    // built or not, it is Baton that answers; test/hosts loads them
    for (const path of ['/baton/', '/baton/queue', '/baton/jobs/0b7f2c1e'])
      expect(await (await get(path, basic(token))).text()).toMatch(/The pages of Baton|<title>/);
    expect(await (await get('/baton/assets/none.js', basic(token))).text()).toContain('asset_not_found');
    const bare = await get('/baton?at=7', basic(token));
    expect([bare.status, bare.headers.get('Location')]).toEqual([302, './baton/?at=7']);
  });

  it('knows the browser in what its pages ask of the API, and refuses what others would do in its name', async () => {
    const session = await get('/baton/api/v1/session', basic(token));
    expect(await session.json()).toMatchObject({ actor: 'screwdriver-admin', via: 'host' });
    const test = (headers: Record<string, string>) =>
      get('/baton/api/v1/runners/none/test', { ...basic(token), ...headers }, 'POST');
    expect((await test({ Origin: 'https://evil.example.org' })).status).toBe(403);
    for (const site of ['cross-site', 'same-site'])
      expect([site, (await test({ 'Sec-Fetch-Site': site, Origin: url })).status]).toEqual([site, 403]);
    expect((await test({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(404);
  });

  it('serves the API to programs at its root, and nothing else', async () => {
    const bearer = { Authorization: `Bearer ${token}` };
    expect((await get('/api/v1/jobs', bearer)).status).toBe(200);
    expect((await get('/api/v1/jobs')).status).toBe(401);
    for (const path of ['/queue', '/batonic', '/baton/other', '/assets/x.js'])
      expect([path, (await get(path, bearer)).status]).toEqual([path, 404]);
  });

  it('without a token there are no pages, and no browser is asked for one; the API is there', async () => {
    const port = await freePort();
    const bare = await listen(`127.0.0.1:${port}`, plugin.middleware(), undefined);
    try {
      const page = await fetch(`http://127.0.0.1:${port}/baton/`, { headers: basic(token) });
      expect([page.status, page.headers.get('WWW-Authenticate'), await page.text()]).toEqual([
        404,
        null,
        expect.stringContaining('the executor has no tokenFile'),
      ]);
      expect((await fetch(`http://127.0.0.1:${port}/api/v1/jobs`)).status).toBe(401);
    } finally {
      await bare.close();
    }
  });
});
