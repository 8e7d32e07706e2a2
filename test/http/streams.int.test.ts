import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { concat, from, NEVER, Observable, of, Subject, tap, throwError } from 'rxjs';
import { appError } from '../../src/app/errors.js';
import type { LogError } from '../../src/app/ports.js';
import type { UseCases } from '../../src/app/use-cases.js';
import { readEvents, type ServerEvent } from '../../src/cli/events.js';
import { fileLogStore } from '../../src/logs/files.js';
import type { JobView } from '../../projections/jobs.js';
import { aJob, growingLog, startEdge, tokens, until, type Edge } from './edge.js';

const job = aJob();
const logPath = `/api/v1/jobs/${job.id}/log`;

let edge: Edge | undefined;
const start = async (...args: Parameters<typeof startEdge>): Promise<Edge> =>
  (edge = await startEdge(...args));
afterEach(async () => {
  await edge?.close();
  edge = undefined;
});

const ofLog = (log: ReturnType<typeof growingLog>): Partial<UseCases> => ({
  readLog: (_id, offset, max) => TE.right(log.read(offset, max)),
  watchLog: () => log.watch(),
});

/** Bytes of the `bytes` events, checked to be without gap or repeat from `offset` on. */
const joined = (events: readonly ServerEvent[], offset = 0): Buffer => {
  const parts: Buffer[] = [];
  let at = offset;
  for (const { event, data, id } of events) {
    if (event !== 'bytes') continue;
    const piece = JSON.parse(data) as { offset: number; base64: string };
    const bytes = Buffer.from(piece.base64, 'base64');
    expect(piece.offset).toBe(at);
    at += bytes.length;
    expect(id).toBe(String(at));
    parts.push(bytes);
  }
  return Buffer.concat(parts);
};

const all = async (response: Response): Promise<ServerEvent[]> => {
  expect(response.status).toBe(200);
  const events: ServerEvent[] = [];
  for await (const event of readEvents(response.body)) events.push(event);
  return events;
};

describe('GET jobs/:id/log', () => {
  const content = randomBytes(700_000);
  const withLog = () => {
    const log = growingLog(content);
    log.seal();
    return start(ofLog(log));
  };

  it('given no Range, then all bytes as they are, and no browser takes them for a page', async () => {
    const response = await (await withLog()).ask('GET', logPath);
    expect(response.headers.get('Content-Type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(response.headers.get('Content-Length')).toBe('700000');
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=100-300099', 100, 300_100],
    ['bytes=699999-', 699_999, 700_000],
    ['bytes=10-99999999', 10, 700_000],
    ['bytes=-5', 699_995, 700_000],
    ['bytes=-99999999', 0, 700_000],
  ])('given %s, then 206 with exactly these bytes', async (range, first, end) => {
    const response = await (await withLog()).ask('GET', logPath, { headers: { Range: range } });
    expect(response.status).toBe(206);
    expect(response.headers.get('Content-Range')).toBe(`bytes ${first}-${end - 1}/700000`);
    expect(Buffer.from(await response.arrayBuffer()).equals(content.subarray(first, end))).toBe(true);
  });

  it.each(['bytes=700000-', 'bytes=-0', 'bytes=800000-900000'])('given %s, then 416', async (range) => {
    const response = await (await withLog()).ask('GET', logPath, { headers: { Range: range } });
    expect(response.status).toBe(416);
    expect(response.headers.get('Content-Range')).toBe('bytes */700000');
    await response.text();
  });

  it.each(['bytes=5-2', 'bytes=a-b', 'lines=1-2', 'bytes=0-1,5-6', 'bytes=-'])(
    'given %s, then it is ignored',
    async (range) => {
      const response = await (await withLog()).ask('GET', logPath, { headers: { Range: range } });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    },
  );

  it('given a job that was never assigned, then an empty log', async () => {
    const server = await start({ showJob: () => TE.right(aJob({ status: 'queued', attempts: [] })) });
    const response = await server.ask('GET', logPath);
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('given HEAD, then the length and no body', async () => {
    const response = await (await withLog()).ask('HEAD', logPath);
    expect([response.status, response.headers.get('Content-Length')]).toEqual([200, '700000']);
  });
});

describe('GET jobs/:id/log/stream', () => {
  it('given a log that grows, then every byte comes once, and then the end', async () => {
    const log = growingLog(Buffer.from('first\n'));
    const response = await (await start(ofLog(log))).ask('GET', `${logPath}/stream`);
    expect(response.headers.get('Content-Type')).toBe('text/event-stream; charset=utf-8');
    const parts = [randomBytes(10), randomBytes(200_000), Buffer.from([0, 0xff, 0x0a])];
    const events: ServerEvent[] = [];
    let next = 0;
    for await (const event of readEvents(response.body)) {
      events.push(event);
      const part = parts[next];
      next += 1;
      if (part !== undefined) log.add(part);
      else if (next === parts.length + 1) log.seal();
    }
    const expected = Buffer.concat([Buffer.from('first\n'), ...parts]);
    expect(joined(events).equals(expected)).toBe(true);
    expect(events.at(-1)?.event).toBe('end');
    expect(JSON.parse(events.at(-1)?.data ?? '')).toEqual({
      size: expected.length,
      sealed: true,
      attempt: 1,
    });
  });

  it('given a Last-Event-ID anywhere, then exactly the rest comes', async () => {
    const content = randomBytes(150_000);
    const log = growingLog(content);
    log.seal();
    const server = await start(ofLog(log));
    for (const offset of [0, 1, 65_535, 65_536, 149_999, 150_000]) {
      const headers = { 'Last-Event-ID': String(offset) };
      const events = await all(await server.ask('GET', `${logPath}/stream`, { headers }));
      expect(joined(events, offset).equals(content.subarray(offset))).toBe(true);
    }
  });

  it('given a reader that is cut after every event, when it resumes each time, then it has every byte once', async () => {
    const content = randomBytes(300_000);
    const log = growingLog(content);
    log.seal();
    const server = await start(ofLog(log));
    const events: ServerEvent[] = [];
    while (events.at(-1)?.event !== 'end') {
      const last = events.at(-1)?.id;
      const response = await server.ask('GET', `${logPath}/stream`, {
        headers: last === undefined ? {} : { 'Last-Event-ID': last },
      });
      for await (const event of readEvents(response.body)) {
        events.push(event);
        break;
      }
    }
    expect(joined(events).equals(content)).toBe(true);
    expect(events.length).toBeGreaterThan(3);
  });

  it('given from, then it begins there, in the middle of a line too, and a Last-Event-ID counts more', async () => {
    const log = growingLog(Buffer.from('first\nsecond\n'));
    log.seal();
    const server = await start(ofLog(log));
    const fromThere = await all(await server.ask('GET', `${logPath}/stream?from=9`));
    expect(joined(fromThere, 9).toString()).toBe('ond\n');
    const headers = { 'Last-Event-ID': '11' };
    const resumed = await all(await server.ask('GET', `${logPath}/stream?from=9`, { headers }));
    expect(joined(resumed, 11).toString()).toBe('d\n');
    for (const wrong of ['-1', 'x', '']) {
      const refused = await server.ask('GET', `${logPath}/stream?from=${wrong}`);
      expect(refused.status).toBe(422);
      await refused.text();
    }
  });

  it('given a Last-Event-ID that is no offset, then 422', async () => {
    const response = await (
      await start()
    ).ask('GET', `${logPath}/stream`, { headers: { 'Last-Event-ID': '-1' } });
    expect(response.status).toBe(422);
    await response.text();
  });

  it('given a job that is not there, then 404 and no stream', async () => {
    const response = await (await start()).ask('GET', '/api/v1/jobs/ffffffff/log/stream');
    expect(response.status).toBe(404);
    await response.text();
  });

  it('given a job that is cancelled before it was assigned, then the stream ends', async () => {
    let state: JobView = aJob({ status: 'queued', attempts: [] });
    const server = await start({ showJob: () => TE.right(state) });
    const response = await server.ask('GET', `${logPath}/stream`);
    state = { ...state, status: 'cancelled', endedAt: '2026-01-31T12:00:05.000Z' };
    expect((await all(response)).map(({ event }) => event)).toEqual(['end']);
  });

  it('given a job that is lost and whose log is never sealed, then the stream ends with what there is', async () => {
    let state: JobView = job;
    const log = growingLog(Buffer.from('some'));
    const server = await start({ ...ofLog(log), showJob: () => TE.right(state) });
    const response = await server.ask('GET', `${logPath}/stream`);
    state = { ...job, status: 'lost', endedAt: '2026-01-31T12:00:05.000Z' };
    const events = await all(response);
    expect(joined(events).toString()).toBe('some');
    expect(JSON.parse(events.at(-1)?.data ?? '')).toEqual({ size: 4, sealed: false, attempt: 1 });
  });

  it('given a watch that fails, then the last event is a problem without its inside', async () => {
    const server = await start({
      readLog: () => TE.right({ bytes: Buffer.alloc(0), size: 0, sealed: false }),
      watchLog: () => throwError(() => new Error('xyzzy')),
    });
    const events = await all(await server.ask('GET', `${logPath}/stream`));
    expect(events.map(({ event }) => event)).toEqual(['problem']);
    expect(events[0]?.data).not.toContain('xyzzy');
  });

  it('given silence, then comments show that it lives', async () => {
    const server = await start(ofLog(growingLog()), { heartbeatMs: 30 });
    const response = await server.ask('GET', `${logPath}/stream`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let seen = '';
    while (seen.split(': still here').length < 3) {
      seen += new TextDecoder().decode((await reader.read()).value);
    }
    await reader.cancel();
  });

  it('given a reader that leaves, then nothing watches any more', async () => {
    const log = growingLog();
    const server = await start(ofLog(log));
    const abort = new AbortController();
    await fetch(`${server.url}${logPath}/stream`, {
      headers: { Authorization: `Bearer ${tokens.viewer}` },
      signal: abort.signal,
    });
    await until('the log is watched', () => log.readers() === 1);
    abort.abort();
    await until('the watch is over', () => log.readers() === 0);
  });

  it('given a server that closes, then its streams end', async () => {
    const log = growingLog();
    const server = await start(ofLog(log));
    const response = await server.ask('GET', `${logPath}/stream`);
    await until('the log is watched', () => log.readers() === 1);
    server.endStreams();
    await all(response);
    expect(log.readers()).toBe(0);
  });
});

/** A reader that sends its request and then never reads. */
const deafReader = (port: number, path: string) =>
  new Promise<ReturnType<typeof connect>>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.pause();
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokens.viewer}\r\n\r\n`,
      );
      resolve(socket);
    }).on('error', reject);
  });

describe('a reader that never reads', () => {
  /** Resolves with the count once it has stood still for a while, or fails when it never does. */
  const settled = async (count: () => number): Promise<number> => {
    const end = performance.now() + 20_000;
    let last = -1;
    let since = performance.now();
    while (performance.now() < end) {
      if (count() !== last) {
        last = count();
        since = performance.now();
      } else if (last > 0 && performance.now() - since > 500) return last;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never stood still; last ${last}`);
  };

  it('given an endless log, then the server stops pulling after what sockets hold', async () => {
    const endless = Buffer.alloc(65_536, 'x');
    const server = await start({
      readLog: (_id, _offset, max) =>
        TE.right({ bytes: endless.subarray(0, max), size: 1e12, sealed: false }),
      watchLog: () => NEVER,
    });
    const socket = await deafReader(server.port, `${logPath}/stream`);
    const pulls = await settled(() => server.names().filter((name) => name === 'readLog').length);
    socket.destroy();
    // socket buffers of Linux may hold some megabytes on both sides
    expect(pulls * endless.length).toBeLessThan(32 * 1024 * 1024);
  });

  it('given 200 MB that are stored meanwhile, then all are, and the server holds no more of them than sockets do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'baton-deaf-'));
    try {
      const store = fileLogStore(folder);
      const ref = { jobId: job.id, attempt: 1 };
      const failed = TE.mapLeft(({ why, message }: LogError) => appError('store_unavailable', why, message));
      let pulled = 0;
      let told = 0;
      const server = await start({
        readLog: (_id, offset, max) =>
          pipe(
            failed(store.read(ref, offset, max)),
            TE.map((read) => {
              pulled += read.bytes.length;
              return read;
            }),
          ),
        watchLog: () => store.watch(ref).pipe(tap(() => void (told += 1))),
      });
      const opened = await store.open(ref, [])();
      if (E.isLeft(opened)) expect.fail(opened.left.message);
      const socket = await deafReader(server.port, `${logPath}/stream`);
      await until('the log is watched', () => told > 0);
      const piece = Buffer.alloc(262_144, `${'x'.repeat(79)}\n`);
      const size = 800 * piece.length;
      for (let offset = 0; offset < size; offset += piece.length)
        expect(E.isRight(await opened.right.write(offset, piece)())).toBe(true);
      const sealed = await opened.right.seal(false)();
      await opened.right.close();
      expect(sealed).toMatchObject({ right: { storedBytes: size } });
      // everything that was taken from the disk for it, whether it has left the process or not
      const held = await settled(() => pulled);
      expect(told).toBeGreaterThan(800);
      expect(server.heldBytes()).toBeLessThan(1024 * 1024);
      expect(held).toBeLessThan(32 * 1024 * 1024);
      socket.destroy();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('given an endless log read as bytes, then the server stops pulling as well', async () => {
    const endless = Buffer.alloc(262_144, 'x');
    const server = await start({
      readLog: (_id, _offset, max) =>
        TE.right({ bytes: endless.subarray(0, max), size: 1e12, sealed: false }),
    });
    const socket = await deafReader(server.port, logPath);
    const pulls = await settled(() => server.names().filter((name) => name === 'readLog').length);
    socket.destroy();
    expect(pulls * endless.length).toBeLessThan(32 * 1024 * 1024);
  });

  it('given updates without end of a few jobs, then one state of each is kept, and the last is told', async () => {
    const updates = new Subject<{ position: string; job: JobView }>();
    const server = await start({ watchJobs: () => updates.asObservable() });
    const response = await server.ask('GET', '/api/v1/jobs/stream');
    await until('the jobs are watched', () => updates.observed);
    const filler = 'y'.repeat(2_000);
    const total = 50_000;
    for (let i = 1; i <= total; i += 1) {
      updates.next({
        position: String(i),
        job: aJob({ id: `job-${i % 10}`, summary: `${i} ${filler}`, revision: i }),
      });
    }
    const revisions: number[] = [];
    for await (const { data, id } of readEvents(response.body)) {
      revisions.push((JSON.parse(data) as JobView).revision);
      if (id === String(total)) break;
    }
    expect(revisions.length).toBeLessThan(1_000);
    expect(revisions.slice(-10)).toEqual(Array.from({ length: 10 }, (_, i) => total - 9 + i));
  });
});

describe('GET jobs/stream', () => {
  it('given a snapshot whose jobs share a position, then only the last of them carries it as id', async () => {
    const snapshot = ['a', 'b', 'c'].map((id) => ({ position: '7', job: aJob({ id: `job-${id}` }) }));
    const server = await start({
      watchJobs: () => concat(from(snapshot), of({ position: '9', job: aJob() })),
    });
    const events = await all(await server.ask('GET', '/api/v1/jobs/stream'));
    expect(events.map(({ id }) => id)).toEqual([undefined, undefined, '7', '9']);
    expect(events.every(({ event }) => event === 'job')).toBe(true);
  });

  it('given a Last-Event-ID, then the use case is asked for what came after it', async () => {
    const server = await start({ watchJobs: () => of() });
    const response = await server.ask('GET', '/api/v1/jobs/stream?status=running', {
      headers: { 'Last-Event-ID': '120/118' },
    });
    await all(response);
    expect(server.calls.at(-1)).toEqual({ name: 'watchJobs', args: [{ status: 'running' }, '120/118'] });
  });

  it('given a Last-Event-ID that is no position, then 422', async () => {
    const response = await (
      await start()
    ).ask('GET', '/api/v1/jobs/stream', { headers: { 'Last-Event-ID': 'x' } });
    expect(response.status).toBe(422);
    await response.text();
  });

  it('given a reader that leaves, then the subscription ends', async () => {
    let open = 0;
    const server = await start({
      watchJobs: () =>
        new Observable(() => {
          open += 1;
          return () => void (open -= 1);
        }),
    });
    const socket = await deafReader(server.port, '/api/v1/jobs/stream');
    await until('it is subscribed to', () => open === 1);
    socket.destroy();
    await until('it is left', () => open === 0);
  });

  it('given a log that cannot be read, then the stream says so', async () => {
    const server = await start({
      readLog: () =>
        TE.left({ code: 'store_unavailable', reason: 'io', message: 'The disk does not answer.' }),
    });
    const events = await all(await server.ask('GET', `${logPath}/stream`));
    expect(E.isRight(E.tryCatch(() => JSON.parse(events[0]?.data ?? '') as unknown, String))).toBe(true);
    expect(events[0]?.data).toContain('The disk does not answer.');
  });
});
