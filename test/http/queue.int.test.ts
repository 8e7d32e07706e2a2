/** The queue in windows over HTTP: the real reads on a store in memory, behind the real routes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explain } from '../../projections/explain.js';
import { history } from '../../projections/history.js';
import { jobs } from '../../projections/jobs.js';
import { queue } from '../../projections/queue.js';
import { jobReads } from '../../src/app/job-reads.js';
import type { EventStore } from '../../src/app/ports.js';
import type { QueueAnswer } from '../../src/app/queue-window.js';
import type { Grant } from '../../src/domain/grants.js';
import { defaultQueuePolicy } from '../../src/domain/queue-policy.js';
import { memoryStore } from '../../src/store/memory.js';
import { record } from '../app/history-store.js';
import { givenEvents, type Given } from '../given.js';
import { assigned, queued } from '../projections/stories.js';
import { readModel } from '../read-model.js';
import { answerPlace, differences } from './described.js';
import { startEdge, type Edge } from './edge.js';

const scope = (project: string) => ({ enterprise: 'acme', organisation: 'web', project });
const story: readonly Given[] = [
  ...Array.from({ length: 30 }, (_, i) =>
    queued(`job-${String(i).padStart(2, '0')}`, { scope: scope(i % 3 === 0 ? 'shop' : 'other') }),
  ),
  assigned('job-00'),
];

const onProblem = ({ message }: { readonly message: string }): never => {
  throw new Error(message);
};

let edge: Edge;
let store: EventStore;
let close: () => Promise<void>;
let grants: readonly Grant[];
beforeEach(async () => {
  grants = [{ role: 'viewer' }];
  store = memoryStore();
  await record(store, givenEvents(...story));
  const live = {
    jobs: readModel(jobs, store, { onProblem }),
    queue: readModel(queue, store, { onProblem }),
    history: readModel(history, store, { onProblem }),
    explain: readModel(explain, store, { onProblem }),
  };
  edge = await startEdge({
    ...jobReads(live, store, defaultQueuePolicy, () => Promise.resolve(undefined), { now: () => undefined }),
    authenticate: () => ({ actor: 'somebody', grants }),
  });
  close = async () => {
    await edge.close();
    for (const model of Object.values(live)) await model.close();
    await store.close();
  };
});
afterEach(() => close());

const ask = async (query = '') => {
  const response = await edge.ask('GET', `/api/v1/queue${query}`);
  const body = (await response.json()) as QueueAnswer;
  return { status: response.status, body };
};

describe('GET /queue', () => {
  it('given windows one after the other, then together they are the whole queue, and each is as described', async () => {
    const whole = await ask();
    expect(whole.body.entries).toHaveLength(30);
    const pieces = [];
    for (const offset of [0, 12, 24, 36]) {
      const { status, body } = await ask(`?limit=12&offset=${offset}`);
      expect(status).toBe(200);
      expect(differences(answerPlace('get', '/queue', 200, 'application/json'), body)).toEqual([]);
      expect(body.total).toBe(30);
      pieces.push(...body.entries);
    }
    expect(pieces).toEqual(whole.body.entries);
    expect(whole.body.counts).toEqual({ queued: 29, assigned: 1, running: 0, unmatched: 0 });
  });

  it('given filters in the query, then they hold; signs of patterns are letters like others', async () => {
    expect((await ask('?limit=5&project=shop&status=queued')).body).toMatchObject({ total: 9 });
    expect((await ask('?limit=5&q=JOB-1')).body).toMatchObject({ total: 10 });
    expect((await ask('?q=.*')).body).toMatchObject({ total: 0, entries: [] });
    expect((await ask('?runner=r1')).body.entries).toMatchObject([{ jobId: 'job-00', place: 1 }]);
  });

  it('given jobs that pass from waiting to running, then no answer with both parts holds one twice or loses one', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `job-${String(i).padStart(2, '0')}`);
    const passing = names.slice(1).map((name) => assigned(name));
    const seen = new Set<number>();
    for (const recorded of givenEvents(...story, ...passing).slice(story.length)) {
      const [{ status, body }] = await Promise.all([
        ask('?active=0-99&waiting=0-99'),
        record(store, [recorded]),
      ]);
      expect(status).toBe(200);
      expect(differences(answerPlace('get', '/queue', 200, 'application/json'), body)).toEqual([]);
      const { active, waiting } = body;
      const told = [...(active?.entries ?? []), ...(waiting?.entries ?? [])].map(({ jobId }) => jobId);
      expect(told.sort()).toEqual(names);
      expect(body).toMatchObject({ total: 30, entries: [], waiting: { total: body.counts.queued } });
      seen.add(active?.total ?? 0);
    }
    // it looked while they passed
    expect(seen.size).toBeGreaterThan(2);
  });

  it.each([
    ...['active=0', 'active=9-0', 'waiting=0-1000', 'waiting=-1-5', 'waiting=0-9,20-29', 'active='],
    ...['limit=0', 'limit=1001', 'limit=ten', 'offset=-1', 'status=done', 'reason=nothing_waits'],
    ...['runner=a%20b', 'q=', 'q=a%0Ab', `q=${'x'.repeat(101)}`, 'colour=red'],
  ])('given ?%s, then 422', async (query) => {
    expect((await ask(`?${query}`)).status).toBe(422);
  });

  it('given a viewer of one project, then its jobs alone, counted alone, beside the number of the others', async () => {
    grants = [{ role: 'viewer', ...scope('shop') }];
    const { body } = await ask('?limit=2&offset=1');
    expect(body).toMatchObject({
      total: 10,
      counts: { queued: 9, assigned: 1, running: 0, unmatched: 0 },
      others: { queued: 20, assigned: 0, running: 0 },
      oldestQueuedAt: '2026-01-01T00:00:03.000Z',
    });
    expect(body.entries.map(({ jobId, place }) => [jobId, place])).toEqual([
      ['job-03', 4],
      ['job-06', 7],
    ]);
    expect((await ask('?q=other')).body.total).toBe(0);
  });
});
