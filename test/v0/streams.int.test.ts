/** The original's streams at a real listener: a snapshot first, ids to come back with, and a cost that stays bounded. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { Subject } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { appError } from '../../src/app/errors.js';
import type { NumberedChange } from '../../src/app/original.js';
import type { UseCases } from '../../src/app/use-cases.js';
import { readEvents } from '../../src/cli/events.js';
import { TAIL_BYTES } from '../../src/http/v0/run-log.js';
import {
  aChange,
  aJob,
  aNumberedChange,
  aNumberedJob,
  aRunner,
  growingLog,
  startEdge,
  tokens,
  type Edge,
} from '../http/edge.js';

const servers: Edge[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const NOW = '2026-01-31T12:00:05.000Z';

/** Something that changes, and tells so. */
const world = <A>(first: A) => {
  const ticks = new Subject<string>();
  let [value, position] = [first, 1];
  return {
    watchOriginal: () => ticks.asObservable(),
    now: () => ({ position: String(position), now: NOW, value }),
    set: (next: A): void => {
      value = next;
      position += 1;
      ticks.next(String(position));
    },
  };
};

const listen = async (over: Partial<UseCases>, path: string, headers: Record<string, string> = {}) => {
  const server = await startEdge(over);
  servers.push(server);
  const response = await server.ask('GET', `/api/v0/e/default/${path}`, {
    headers: {
      Authorization: '',
      'chef-delivery-user': 'subject-viewer',
      'chef-delivery-token': tokens.viewer,
      ...headers,
    },
  });
  if (response.body === null) throw new Error('no body');
  const events = readEvents(response.body)[Symbol.asyncIterator]();
  return {
    server,
    status: response.status,
    type: response.headers.get('Content-Type'),
    next: async () => {
      const got = await events.next();
      if (got.done === true) return undefined;
      const { event, data, id } = got.value;
      return { event, id, data: JSON.parse(data) as unknown };
    },
    rest: async () => {
      const all: { readonly event: string; readonly data: string }[] = [];
      for (let got = await events.next(); got.done !== true; got = await events.next()) all.push(got.value);
      return all;
    },
  };
};

describe('runners/streaming', () => {
  const busy = world([{ id: 'r-1', runner: aRunner() }]);

  it('tells all runners at first, then all again when one has changed', async () => {
    const stream = await listen({ ...busy, originalRunners: () => TE.fromIO(busy.now) }, 'runners/streaming');
    expect([stream.status, stream.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(await stream.next()).toMatchObject({
      event: 'runners_state_updated',
      id: '1',
      data: [{ hostname: 'build-07.example.org', health: { status: 'ok' } }],
    });
    busy.set([{ id: 'r-1', runner: aRunner({ state: 'unreachable', detail: 'no route' }) }]);
    expect(await stream.next()).toMatchObject({
      id: '2',
      data: [{ health: { status: 'error', command_output: 'no route' } }],
    });
  });

  it('tells that a test is under way, and that it is over though nothing was recorded', async () => {
    const quiet = world([{ id: 'r-1', runner: aRunner() }]);
    let end = (): void => undefined;
    const over: Partial<UseCases> = {
      watchOriginal: quiet.watchOriginal,
      originalRunners: () => TE.fromIO(quiet.now),
      testRunner: () => () =>
        new Promise((resolve) => {
          end = () =>
            resolve({ _tag: 'Right', right: { code: 'ready', sentence: 'ready', runner: aRunner() } });
        }),
    };
    const stream = await listen(over, 'runners/streaming');
    expect(await stream.next()).toMatchObject({ data: [{ health: { status: 'ok' } }] });
    const asked = await stream.server.ask('POST', '/api/v0/e/default/runners/build-07/health');
    expect(await asked.json()).toMatchObject({ health: { status: 'pending' } });
    expect(await stream.next()).toMatchObject({ data: [{ health: { status: 'pending' } }] });
    end();
    expect(await stream.next()).toMatchObject({ data: [{ health: { status: 'ok' } }] });
  });
});

describe('jobs/streaming', () => {
  const queue = (over: Partial<UseCases> = {}) => {
    const jobs = world([aNumberedJob()]);
    return {
      jobs,
      over: { watchOriginal: jobs.watchOriginal, originalQueue: () => TE.fromIO(jobs.now), ...over },
    };
  };

  it('given a reader that comes back and nothing has happened, then it is told of the next change only', async () => {
    const { jobs, over } = queue();
    const stream = await listen(over, 'jobs/streaming', { 'Last-Event-ID': '1' });
    const next = stream.next();
    jobs.set([]);
    expect(await next).toEqual({ event: 'update_job_queue', id: '2', data: [] });
  });

  it('given a reader that comes back from another server, then it is told everything', async () => {
    const stream = await listen(queue().over, 'jobs/streaming', { 'Last-Event-ID': 'c0ffee0123456789' });
    expect(await stream.next()).toMatchObject({ id: '1', data: [{ status: 'running' }] });
  });

  it('given a thousand changes one after the other, then a handful of lists, and the last one is how it is', async () => {
    let reads = 0;
    const jobs = world([aNumberedJob()]);
    const stream = await listen(
      {
        watchOriginal: jobs.watchOriginal,
        originalQueue: () =>
          TE.fromIO(() => {
            reads += 1;
            return jobs.now();
          }),
      },
      'jobs/streaming',
    );
    await stream.next();
    const startedMs = performance.now();
    for (let n = 1; n <= 1000; n += 1) {
      jobs.set([aNumberedJob({ phase: `phase-${n}` })]);
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    let last = await stream.next();
    while (!JSON.stringify(last).includes('phase-1000')) last = await stream.next();
    // at most four in a second, and one at each end
    expect(reads).toBeLessThan(4 * ((performance.now() - startedMs) / 1000) + 3);
  });

  it('given an event that changes nothing of the queue, then nothing is told', async () => {
    const jobs = world([aNumberedJob()]);
    let [reads, readTwice] = [0, (): void => undefined];
    const second = new Promise<void>((resolve) => (readTwice = resolve));
    const originalQueue: UseCases['originalQueue'] = () =>
      TE.fromIO(() => {
        reads += 1;
        if (reads === 2) readTwice();
        return jobs.now();
      });
    const stream = await listen({ watchOriginal: jobs.watchOriginal, originalQueue }, 'jobs/streaming');
    await stream.next();
    jobs.set([aNumberedJob()]);
    await second;
    jobs.set([]);
    expect(await stream.next()).toMatchObject({ id: '3', data: [] });
  });
});

describe('changes/:id/streaming', () => {
  const RUN = '/api/v0/e/default/orgs/default/projects/web-shop/pipelines/master/phase_runs/7';
  const path = `orgs/default/projects/web-shop/changes/${aChange().id}/streaming`;

  const running = (over: Partial<NumberedChange> = {}): NumberedChange => ({
    ...aNumberedChange({
      stages: [
        {
          ...{ stageRunId: 's', stage: 'verify', patchset: 1, status: 'running' },
          phases: [{ phase: 'unit', status: 'running', phaseRunId: 'run-0001', jobs: [aJob().id] }],
        },
      ],
    }),
    jobs: { [aJob().id]: aNumberedJob() },
    ...over,
  });

  const given = (log = growingLog(Buffer.from('hello\n'))) => {
    const change = world(running());
    const over: Partial<UseCases> = {
      watchOriginal: change.watchOriginal,
      originalChange: () => TE.right(change.now()),
      watchLog: () => log.watch(),
      readLog: (_id, offset, max) => TE.right(log.read(offset, max)),
    };
    return { change, log, over };
  };

  it('tells the change as it is, then its log as it grows, then how it ends', async () => {
    const { change, log, over } = given();
    const stream = await listen(over, path);
    expect(await stream.next()).toMatchObject({
      event: 'build_event',
      id: '1',
      data: { stages: [{ stage: 'verify', phases: [{ run_details: [{ href: RUN, status: 'running' }] }] }] },
    });
    const first = { id: 7, status: 'running', run_log: 'hello\n', href: RUN };
    expect(await stream.next()).toMatchObject({ event: 'phase_run_updated', data: first });
    log.add(Buffer.from('more\n'));
    expect(await stream.next()).toMatchObject({
      event: 'phase_run_updated',
      data: { ...first, run_log: 'hello\nmore\n' },
    });
    const ended = { status: 'succeeded' as const, endedAt: NOW };
    change.set(running({ jobs: { [aJob().id]: aNumberedJob(ended) } }));
    expect(await stream.next()).toMatchObject({ event: 'build_event', id: '2' });
    expect(await stream.next()).toMatchObject({
      event: 'phase_run_updated',
      data: { status: 'passed', finished: true, run_success: true, run_log: 'hello\nmore\n' },
    });
    expect(log.readers()).toBe(0);
  });

  it('given a log that grows and grows, then what is told is bounded in time and in length (B7)', async () => {
    const log = growingLog(Buffer.from('x'.repeat(4 * TAIL_BYTES)));
    const { over } = given(log);
    const stream = await listen(over, path);
    await stream.next();
    const startedMs = performance.now();
    let [pieces, bytes] = [0, 0];
    let isOver = false;
    const growing = setInterval(() => {
      log.add(Buffer.from('y'.repeat(1000)));
      if (performance.now() - startedMs > 2500 && !isOver) {
        isOver = true;
        clearInterval(growing);
        log.add(Buffer.from('the end\n'));
      }
    }, 5);
    for (;;) {
      const { data } = (await stream.next()) as { readonly data: { readonly run_log: string } };
      pieces += 1;
      bytes = Math.max(bytes, data.run_log.length);
      expect(data.run_log).toMatch(/^\[\d+ bytes before this: \/api\/v0\/e\/default\/orgs\/.*\/7\/log\]\n/);
      if (data.run_log.endsWith('the end\n')) break;
    }
    const seconds = (performance.now() - startedMs) / 1000;
    expect(bytes).toBeLessThan(TAIL_BYTES + 200);
    expect(pieces).toBeLessThan(seconds + 3);
  });

  it('tells when it may no longer be promoted', async () => {
    const { change, over } = given();
    const stream = await listen(over, path);
    await stream.next();
    await stream.next();
    const superseded = aNumberedChange({
      status: 'superseded',
      promotion: { status: 'disabled', reason: 'change_superseded' },
    });
    change.set(superseded);
    expect(await stream.next()).toMatchObject({ event: 'build_event', data: { state: 'merged' } });
    expect(await stream.next()).toEqual({
      event: 'promotion_status_update',
      id: '2',
      data: { promotion: { status: 'disabled', reason: 'change_superseded' } },
    });
  });

  it('given the change is deleted, then by whom, and the stream ends', async () => {
    const { change, over } = given();
    let isGone = false;
    const stream = await listen(
      {
        ...over,
        originalChange: () =>
          isGone ? TE.left(appError('not_found', 'change_unknown', 'gone')) : TE.right(change.now()),
        originalDeletion: () => TE.right('bob'),
      },
      path,
    );
    await stream.next();
    await stream.next();
    isGone = true;
    change.set(running());
    expect(await stream.rest()).toMatchObject([{ event: 'change_deleted', data: '{"deleted_by":"bob"}' }]);
  });
});
