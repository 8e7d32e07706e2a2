/** The pages over real HTTP: what is served, under which headers, to whom, and that nothing else of the disk is. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { givenSessions } from '../app/given-sessions.js';
import { aJob, startEdge, tokens } from './edge.js';
import { plainRequest, reasonIn, type PlainAnswer } from './plain-request.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const documentIn = (up: string, more = ''): string =>
  `<!doctype html><head>${more}<title>Baton</title><link rel="icon" href="${up}/assets/icon-1.svg"><script type="module" src="${up}/assets/index-Ab3_x.js"></script></head>\n`;
const INDEX = documentIn('.');
const SCRIPT = 'console.log("a page");\n'.repeat(200);

/** As Vite would build it, and beside it what must never be served. */
const built = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-web-'));
  closers.push(() => rm(folder, { recursive: true }));
  const root = join(folder, 'web');
  await mkdir(join(root, 'assets', 'fonts'), { recursive: true });
  const files: Readonly<Record<string, string | Buffer>> = {
    'secret.txt': 'not yours',
    'web/index.html': INDEX,
    'web/licences.md': 'of others',
    'web/assets/index-Ab3_x.js': SCRIPT,
    'web/assets/index-Cd4.css': 'body{margin:0}',
    'web/assets/icon-1.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'web/assets/fonts/plain-2.woff2': Buffer.alloc(2000, 7),
    'web/assets/strange.bin': 'x',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  await symlink(join(folder, 'secret.txt'), join(root, 'assets', 'link.txt'));
  return root;
};

const open = async (webRoot?: string) => {
  const { sessions } = givenSessions();
  const edge = await startEdge({}, { more: webRoot === undefined ? {} : { webRoot, sessions } });
  closers.push(edge.close);
  return {
    edge,
    get: (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
      plainRequest(edge.port, method, path, { headers }),
  };
};

const of = (answer: PlainAnswer, ...names: readonly string[]) => names.map((name) => answer.headers[name]);

describe('the pages', () => {
  it.each([
    ...[
      ['/', '.'],
      ['/queue', '.'],
      ['/runners', '.'],
      ['/changes?at=1/2', '.'],
      ['/history', '.'],
      ['/login', '.'],
    ],
    ...[
      ['/runners/build-07', '..'],
      [`/changes/${aJob().id}`, '..'],
      [`/jobs/${aJob().id}`, '..'],
      ['/jobs/x?attempt=2', '..'],
      ['/runners/a%2Fb', '..'],
    ],
  ])(
    'serve one document at %s, to everybody, to be asked for anew each time; its files from %s',
    async (path, up) => {
      const { get } = await open(await built());
      const answer = await get(path, { Accept: 'text/html' });
      expect([answer.status, answer.bytes.toString()]).toEqual([200, documentIn(up)]);
      expect(of(answer, 'content-type', 'cache-control')).toEqual(['text/html; charset=utf-8', 'no-cache']);
      const tag = String(answer.headers['etag']);
      const known = await get(path, { 'If-None-Match': tag });
      expect([known.status, known.bytes.length, known.headers['etag']]).toEqual([304, 0, tag]);
    },
  );

  it('say so where nobody logs in here, since a host lets people in', async () => {
    const edge = await startEdge({}, { more: { webRoot: await built() } });
    closers.push(edge.close);
    const told = '<meta name="baton-login" content="host" />';
    for (const [path, up] of [
      ['/', '.'],
      ['/jobs/x', '..'],
    ] as const)
      expect((await plainRequest(edge.port, 'GET', path)).bytes.toString()).toBe(documentIn(up, told));
  });

  it.each([
    ...['/queues', '/jobs', '/index.html', '/assets'].map((path) => [path, '.'] as const),
    ...['/runners/', '/jobs/'].map((path) => [path, '..'] as const),
  ])(
    'do not stand at %s: a person is told so by a page, a program needs a token as before',
    async (path, up) => {
      const { get } = await open(await built());
      const answer = await get(path, { Accept: 'text/html' });
      expect([answer.status, answer.bytes.toString()]).toEqual([404, documentIn(up)]);
      expect(of(answer, 'cache-control')).toEqual(['no-store']);
      const program = await get(path, { Accept: '*/*' });
      expect([program.status, reasonIn(program)]).toEqual([401, 'token_missing']);
    },
  );

  it.each(['/api', '/api/v1/queue', '/metrics', '/jobs/a/b'])(
    'do not stand at %s, whoever asks',
    async (path) => {
      const { get } = await open(await built());
      const answer = await get(path, { Accept: 'text/html' });
      expect([answer.status, reasonIn(answer)]).toEqual([401, 'token_missing']);
    },
  );

  it('answer HEAD as GET, without the body, and understand nothing else', async () => {
    const { get } = await open(await built());
    const [page, head] = [await get('/'), await get('/', {}, 'HEAD')];
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    expect(of(head, 'content-length', 'etag')).toEqual(of(page, 'content-length', 'etag'));
    expect((await get('/', {}, 'POST')).status).toBe(401);
    expect((await get('/assets/index-Ab3_x.js', {}, 'DELETE')).status).toBe(401);
  });

  it('are not for other names of this address', async () => {
    const { get } = await open(await built());
    const answer = await get('/', { Host: 'rebound.example.org' });
    expect([answer.status, reasonIn(answer)]).toEqual([403, 'host_not_allowed']);
  });

  it('may run our own scripts and nothing else, and stand in nobody’s frame', async () => {
    const { get } = await open(await built());
    for (const path of ['/', '/assets/index-Ab3_x.js']) {
      const answer = await get(path);
      const policy = String(answer.headers['content-security-policy']).split('; ');
      expect(policy).toEqual([
        ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"],
        ...["font-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'"],
        ...["frame-ancestors 'none'", "require-trusted-types-for 'script'"],
      ]);
      expect(answer.headers).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
      });
      expect(String(answer.headers['permissions-policy'])).toContain('camera=()');
    }
  });
});

describe('files of the pages', () => {
  it.each([
    ['index-Ab3_x.js', 'text/javascript; charset=utf-8'],
    ['index-Cd4.css', 'text/css; charset=utf-8'],
    ['icon-1.svg', 'image/svg+xml'],
    ['fonts/plain-2.woff2', 'font/woff2'],
    ['strange.bin', 'application/octet-stream'],
  ])('are kept for a year: %s as %s', async (name, type) => {
    const { get } = await open(await built());
    const answer = await get(`/assets/${name}`);
    expect(answer.status).toBe(200);
    expect(of(answer, 'content-type', 'cache-control')).toEqual([
      type,
      'public, max-age=31536000, immutable',
    ]);
  });

  it.each<[string, string | undefined, (bytes: Buffer) => Buffer]>([
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['br;q=0, gzip;q=0.5', 'gzip', gunzipSync],
    ['deflate', undefined, (bytes) => bytes],
    ['', undefined, (bytes) => bytes],
    ['identity, *;q=0', undefined, (bytes) => bytes],
  ])('given Accept-Encoding "%s", then %s', async (header, encoding, unpack) => {
    const { get } = await open(await built());
    const ask = () => get('/assets/index-Ab3_x.js', { 'Accept-Encoding': header });
    const answer = await ask();
    expect(of(answer, 'content-encoding', 'vary')).toEqual([encoding, 'Accept-Encoding']);
    expect(unpack(answer.bytes).toString()).toBe(SCRIPT);
    if (encoding !== undefined) expect(answer.bytes.length).toBeLessThan(SCRIPT.length / 4);
    expect((await ask()).bytes).toEqual(answer.bytes);
    const tag = String(answer.headers['etag']);
    const known = await get('/assets/index-Ab3_x.js', { 'Accept-Encoding': header, 'If-None-Match': tag });
    expect(known.status).toBe(304);
  });

  it('are beside them the licences of what they are made of, to be asked for anew each time', async () => {
    const { get } = await open(await built());
    const answer = await get('/licences.md');
    expect([answer.status, answer.bytes.toString()]).toEqual([200, 'of others']);
    expect(of(answer, 'content-type', 'cache-control')).toEqual(['text/plain; charset=utf-8', 'no-cache']);
  });

  it('given what is packed already, then it is sent as it is', async () => {
    const { get } = await open(await built());
    const answer = await get('/assets/fonts/plain-2.woff2', { 'Accept-Encoding': 'br' });
    expect(of(answer, 'content-encoding', 'vary')).toEqual([undefined, undefined]);
  });

  it.each([
    ...[
      '/assets/',
      '/assets/none.js',
      '/assets/link.txt',
      '/assets/../index.html',
      '/assets/../../secret.txt',
    ],
    ...['/assets/..%2f..%2fsecret.txt', '/assets/%2e%2e/%2e%2e/secret.txt', '/assets/..\\..\\secret.txt'],
    ...['/assets/....//secret.txt', '/assets//etc/passwd', '/assets/%00', '/assets/index-Ab3_x.js%00.css'],
    ...['/assets/__proto__', '/assets/constructor', '/assets/fonts', '/assets/INDEX-AB3_X.JS'],
  ])('are found by their names alone: nothing at %s', async (path) => {
    const { get } = await open(await built());
    const answer = await get(path);
    expect([answer.status, reasonIn(answer)]).toEqual([404, 'asset_not_found']);
    expect(answer.bytes.toString()).not.toContain('not yours');
  });

  it('given a browser that looks for an icon, then 404, and nobody is warned', async () => {
    const { get, edge } = await open(await built());
    expect((await get('/favicon.ico')).status).toBe(404);
    expect(edge.lines.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([30]);
  });
});

describe('without pages', () => {
  it('given none that were built, then a browser is told how to, and programs as before', async () => {
    const { get } = await open('/nonexistent/baton/web');
    const answer = await get('/', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'text/plain; charset=utf-8']);
    expect(answer.bytes.toString()).toContain('npm run build');
    expect(reasonIn(await get('/', { Accept: '*/*' }))).toBe('token_missing');
    const queue = await get('/api/v1/queue', { Authorization: `Bearer ${tokens.viewer}` });
    expect(queue.status).toBe(200);
    expect((await get('/assets/index.js')).status).toBe(404);
  });

  it('given a server that wants none, then all is as before', async () => {
    const { get } = await open();
    for (const path of ['/', '/queue', '/assets/x.js', '/favicon.ico'])
      expect((await get(path, { Accept: 'text/html' })).status, path).toBe(401);
  });
});

describe('an answer of the API opened as a page', () => {
  it('can do nothing: no script, no frame, no guess of its type', async () => {
    const given = givenSessions();
    const edge = await startEdge(
      { authenticate: (token) => given.callers.get(token) },
      { more: { sessions: given.sessions } },
    );
    closers.push(edge.close);
    const headers = { Authorization: 'Bearer baton_ops' };
    const log = await plainRequest(edge.port, 'GET', `/api/v1/jobs/${aJob().id}/log`, { headers });
    expect(of(log, 'content-type')).toEqual(['text/plain; charset=utf-8']);
    const others = [
      await plainRequest(edge.port, 'GET', '/api/v1/queue', { headers }),
      await plainRequest(edge.port, 'GET', '/api/v1/queue'),
      await plainRequest(edge.port, 'GET', '/api/v0/e/default/orgs', { headers }),
      await plainRequest(edge.port, 'GET', '/healthz'),
      await plainRequest(edge.port, 'GET', '/nowhere', { headers }),
    ];
    for (const answer of [log, ...others])
      expect(answer.headers).toMatchObject({
        'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
      });
  });
});
