/** What the edge does beside its routes: limits, entity tags, measures, TLS. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { NEVER } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { UseCases } from '../../src/app/use-cases.js';
import { baton } from '../cli/terminal.js';
import { listen, type Listener } from '../../src/http/listen.js';
import { defaultLimits } from '../../src/http/limits.js';
import { certificate } from './certificate.js';
import { aJob, startEdge, tokens, type Edge } from './edge.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const start = async (...args: Parameters<typeof startEdge>): Promise<Edge> => {
  const edge = await startEdge(...args);
  closers.push(edge.close);
  return edge;
};
const reasonOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { reason: string }).reason;
const job = `/api/v1/jobs/${aJob().id}`;

describe('limits', () => {
  it('given more requests than the burst, then 429 says when to come back, and other tokens are served', async () => {
    const edge = await start({}, { limits: { ...defaultLimits, requests: { perSecond: 0.1, burst: 3 } } });
    for (let i = 0; i < 3; i++) expect((await edge.ask('GET', '/api/v1/queue')).status).toBe(200);
    const refused = await edge.ask('GET', '/api/v1/queue');
    expect([refused.status, refused.headers.get('Retry-After'), await reasonOf(refused)]).toEqual([
      ...[429, '10', 'rate_exceeded'],
    ]);
    expect((await edge.ask('GET', '/api/v1/queue', { role: 'viewer' })).status).toBe(200);
  });

  it('given many failures from one address, then 429; who has a token is served all the same', async () => {
    const edge = await start({}, { limits: { ...defaultLimits, failures: { perSecond: 0.1, burst: 2 } } });
    const wrong = () => edge.ask('GET', '/api/v1/queue', { headers: { Authorization: 'Bearer wrong' } });
    expect([(await wrong()).status, (await wrong()).status]).toEqual([401, 401]);
    const refused = await wrong();
    expect([refused.status, await reasonOf(refused)]).toEqual([429, 'too_many_failures']);
    expect((await edge.ask('GET', '/api/v1/queue')).status).toBe(200);
  });

  it('given as many streams as are allowed, then one more is refused until one is closed', async () => {
    const edge = await start({ watchJobs: () => NEVER }, { limits: { ...defaultLimits, streams: 2 } });
    const open = () => edge.ask('GET', '/api/v1/jobs/stream');
    const [first] = [await open(), await open()];
    const refused = await open();
    expect([refused.status, await reasonOf(refused)]).toEqual([429, 'too_many_streams']);
    await first.body?.cancel();
    let status = 429;
    for (let i = 0; i < 200 && status === 429; i++) {
      const again = await open();
      ({ status } = again);
      if (status === 429) await again.text();
    }
    expect(status).toBe(200);
  });

  it('given a URL that is too long, then 414', async () => {
    const response = await (await start()).ask('GET', `/api/v1/jobs?change=${'x'.repeat(8200)}`);
    expect([response.status, await reasonOf(response)]).toEqual([414, 'url_too_long']);
  });
});

describe('a stream whose token is revoked', () => {
  it('ends soon, with a problem as its last event', async () => {
    let usable = true;
    const edge = await start({
      watchJobs: () => NEVER,
      authenticate: () => (usable ? { actor: 'ops', grants: [{ role: 'viewer' }] } : undefined),
    });
    const response = await edge.ask('GET', '/api/v1/jobs/stream');
    usable = false;
    expect(await response.text()).toMatch(/event: problem\n.*"code":"unauthenticated"/);
  });

  it('ends when the roles of its subject change, so that the reader comes back and is judged anew', async () => {
    let grants: ReturnType<UseCases['authenticate']> = { actor: 'ops', grants: [{ role: 'viewer' }] };
    const edge = await start({ watchJobs: () => NEVER, authenticate: () => grants });
    const response = await edge.ask('GET', '/api/v1/jobs/stream');
    grants = { actor: 'ops', grants: [{ role: 'viewer', enterprise: 'acme' }] };
    expect(await response.text()).not.toContain('problem');
  });
});

describe('entity tags', () => {
  it('given If-None-Match with the tag of the answer, then 304 without a body; with another, the answer', async () => {
    const edge = await start();
    const tag = (await edge.ask('GET', job)).headers.get('ETag') ?? '';
    const known = await edge.ask('GET', job, { headers: { 'If-None-Match': `"0", W/${tag}` } });
    expect([known.status, known.headers.get('ETag'), await known.text()]).toEqual([304, tag, '']);
    expect((await edge.ask('GET', job, { headers: { 'If-None-Match': '"2"' } })).status).toBe(200);
  });

  it.each([
    ['"2-0123456789ab"', 2],
    ['"2"', 2],
    ['*', undefined],
  ])('given If-Match %s, then the command expects the revision %s', async (header, revision) => {
    const edge = await start();
    const response = await edge.ask('POST', `${job}/cancel`, { headers: { 'If-Match': header } });
    expect(response.status).toBe(202);
    expect(edge.calls.at(-1)?.args[0]).toMatchObject({ caller: { actor: 'subject-admin' } });
    expect((edge.calls.at(-1)?.args[0] as { expectedRevision?: number }).expectedRevision).toBe(revision);
  });

  it.each([
    ['W/"2"', `${job}/cancel`],
    ['2', `${job}/cancel`],
    ['"2"', '/api/v1/projections/jobs/rebuild'],
  ])('given If-Match %s on %s, then 422: it is never silently ignored', async (header, path) => {
    const edge = await start();
    const response = await edge.ask('POST', path, { headers: { 'If-Match': header } });
    expect([response.status, edge.names()]).toEqual([422, []]);
    await response.text();
  });
});

describe('what the server says of itself', () => {
  it('given what is missing, then /readyz answers 503 and says it, without a token', async () => {
    const checks = [{ name: 'read_models', ok: false, detail: 'still folding: jobs' }];
    const edge = await start({ readiness: () => Promise.resolve({ ready: false, checks }) });
    const response = await edge.ask('GET', '/readyz', { role: 'none' });
    expect([response.status, await response.json()]).toEqual([503, { status: 'not_ready', checks }]);
  });

  it('given /metrics, then queue, runners, outcomes and requests by route, and a token is needed', async () => {
    const edge = await start();
    await (await edge.ask('GET', job)).text();
    expect((await edge.ask('GET', '/metrics', { role: 'none' })).status).toBe(401);
    const text = await (await edge.ask('GET', '/metrics', { role: 'viewer' })).text();
    for (const line of [
      'baton_queue_jobs{reason="all_busy"} 2',
      'baton_webhook_deliveries_total{webhook="chat",outcome="taken"} 3',
      'baton_webhook_deliveries_total{webhook="chat",outcome="failed"} 1',
      'baton_webhook_owed{webhook="chat"} 2',
      'baton_webhook_oldest_owed_seconds{webhook="chat"} 90.5',
      'baton_webhook_position{webhook="chat"} 10',
      'baton_queue_oldest_wait_seconds 1.5',
      'baton_jobs_active{status="running"} 1',
      'baton_runners{state="ready"} 3',
      'baton_jobs_ended_total{outcome="timed_out"} 0',
      'baton_read_model_position{model="queue"} 11',
      'baton_http_requests_total{method="GET",route="/jobs/:id",status="200"} 1',
    ])
      expect(text).toContain(line);
    expect(text).not.toContain(aJob().id);
  });

  it('given the viewer of one project, then /metrics are refused: they count over all', async () => {
    const edge = await start({
      authenticate: () => ({ actor: 'ops', grants: [{ role: 'admin', enterprise: 'acme' }] }),
    });
    expect((await edge.ask('GET', '/metrics')).status).toBe(403);
  });

  it('given metrics that are public, then no token is needed', async () => {
    const edge = await start({}, { metricsPublic: true });
    expect((await edge.ask('GET', '/metrics', { role: 'none' })).status).toBe(200);
  });

  it('given no token, then the description of the API all the same', async () => {
    const response = await (await start()).ask('GET', '/api/v1/openapi.json', { role: 'none' });
    expect([response.status, ((await response.json()) as { openapi: string }).openapi]).toEqual([
      200,
      '3.1.0',
    ]);
  });
});

const door = async (more: Partial<Parameters<typeof listen>[1]> = {}): Promise<Listener> => {
  const opened = await listen((_request, response) => response.end('[]'), {
    ...{ host: '127.0.0.1', port: 0, headerBytes: 2048, requestTimeoutMs: 30_000 },
    ...more,
  });
  if (E.isLeft(opened)) throw new Error(opened.left.message);
  closers.push(opened.right.close);
  return opened.right;
};

/** Sends these bytes and nothing more; answers what comes back until the server hangs up. */
const raw = (port: number, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (piece) => (text += piece.toString()));
    socket.on('close', () => resolve(text)).on('error', reject);
  });

describe('the door', () => {
  it('given a header that is too large, then 431 as a problem', async () => {
    const { port } = await door();
    const answer = await raw(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(4000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"reason":"header_too_large"');
  });

  it('given a client that never finishes its header, then 408 and the connection is closed', async () => {
    const { port } = await door({ requestTimeoutMs: 300 });
    expect(await raw(port, 'GET / HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408 [^]*request_too_slow/);
  });

  it('given something else than HTTP, then 400', async () => {
    const { port } = await door();
    expect(await raw(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });
});

/** Common name of the certificate that the server shows. */
const shownBy = (port: number, ca: Buffer, maxVersion?: 'TLSv1.1'): Promise<string> =>
  new Promise((resolve, reject) => {
    secureRequest(
      { host: '127.0.0.1', port, ca, agent: false, ...(maxVersion === undefined ? {} : { maxVersion }) },
      (response) => {
        response.resume();
        const { socket } = response as unknown as {
          socket: { getPeerCertificate: () => { subject: { CN: string } } };
        };
        resolve(socket.getPeerCertificate().subject.CN);
      },
    )
      .on('error', reject)
      .end();
  });

describe('TLS', () => {
  it('serves with the given certificate, refuses old versions, and takes a new one without a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'baton-tls-'));
    closers.push(() => rm(folder, { recursive: true }));
    const tls = certificate(folder, 'first');
    const { port, reload } = await door({ tls });
    const first = await readFile(tls.cert);
    expect(await shownBy(port, first)).toBe('first');
    await expect(shownBy(port, first, 'TLSv1.1')).rejects.toThrow();

    const next = certificate(folder, 'second');
    for (const part of ['key', 'cert'] as const) execFileSync('cp', [next[part], tls[part]]);
    expect(E.isRight(await reload())).toBe(true);
    expect(await shownBy(port, await readFile(next.cert))).toBe('second');
  });

  it('given files that are no certificate, then a sentence and no server', async () => {
    const opened = await listen(() => undefined, {
      ...{ host: '127.0.0.1', port: 0, headerBytes: 2048, requestTimeoutMs: 1000 },
      tls: { cert: '/nonexistent.crt', key: '/nonexistent.key' },
    });
    expect(E.isLeft(opened) && opened.left.reason).toBe('tls_files');
  });

  it('given the certificate by --ca, then the command line speaks TLS; without it, it refuses', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'baton-tls-'));
    closers.push(() => rm(folder, { recursive: true }));
    const tls = certificate(folder, 'server');
    const edge = await start();
    const opened = await listen(edge.handler, {
      ...{ host: '127.0.0.1', port: 0, headerBytes: 16_384, requestTimeoutMs: 30_000, tls },
    });
    if (E.isLeft(opened)) throw new Error(opened.left.message);
    closers.push(opened.right.close);
    const env = { BATON_URL: `https://localhost:${opened.right.port}`, BATON_TOKEN: tokens.viewer };
    const trusting = await baton(['job', 'list', '--json'], { env: { ...env, BATON_CA: tls.cert } });
    expect([trusting.code, trusting.err]).toEqual([0, '']);
    expect(trusting.out).toContain(aJob().id);
    const strict = await baton(['job', 'list'], { env });
    expect([strict.code, strict.out]).toEqual([1, '']);
    expect(strict.err).toContain('certificate');
  });
});
