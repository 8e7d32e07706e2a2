/** History, its files and the past over HTTP: the real use cases on a store in memory, behind the real routes. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeReads } from '../../plugin/hosts/standalone/reads.js';
import { changes } from '../../plugin/hosts/standalone/changes.js';
import { explain } from '../../projections/explain.js';
import { history } from '../../projections/history.js';
import type { HistoryRow } from '../../projections/history.js';
import { jobs } from '../../projections/jobs.js';
import { queue } from '../../projections/queue.js';
import { queueMeasures } from '../../projections/queue-measures.js';
import { runnerHealth, type RunnerView } from '../../projections/runner-health.js';
import { defaultQueuePolicy } from '../../src/domain/queue-policy.js';
import { jobReads, jobSourcesAt, readAt } from '../../src/app/job-reads.js';
import { measureReads, type QueueMeasures } from '../../src/app/measure-reads.js';
import { past, type AtMoment } from '../../src/app/past.js';
import { readModel } from '../read-model.js';
import { createEvidence } from '../../src/app/evidence.js';
import { runnerReads } from '../../src/app/runner-reads.js';
import { systemClock } from '../../src/kernel/time.js';
import { memoryStore } from '../../src/store/memory.js';
import { record } from '../app/history-store.js';
import { givenEvents, type Given } from '../given.js';
import {
  assigned,
  cancelAsked,
  failed,
  queued,
  readyRunner,
  started,
  succeeded,
} from '../projections/stories.js';
import { answerPlace, differences } from './described.js';
import { startEdge, type Edge } from './edge.js';

const jobIds = Array.from({ length: 12 }, (_, i) => `job-of-${String(i).padStart(2, '0')}`);

/** Positions: 1 to 3 the runner; then four events per job; a cancelled one at the end. */
const story: readonly Given[] = [
  ...readyRunner('r1', 'debian', { slots: 20 }),
  ...jobIds.flatMap((id, i): readonly Given[] => [
    queued(id, { label: i === 3 ? '=HYPERLINK("http://evil")' : '' }),
    assigned(id, { runner: i % 2 === 0 ? 'r1' : 'r2' }),
    started(id),
    i % 4 === 0 ? failed(id, 3) : succeeded(id),
  ]),
  queued('job-ended'),
  cancelAsked('job-ended', { by: '-alice', reason: 'say "no",\tplease' }),
  { stream: 'job-job-ended', type: 'JobCancelled', data: { evidence: { how: 'never_started' } } },
];

/** Five changes, the third of another project, the last deleted. Behind the jobs, so that their positions stay as they are told above. */
const changeIds = Array.from({ length: 5 }, (_, i) => `change-no-${i}`);
const changeStory: readonly Given[] = [
  ...changeIds.map((id, i): Given => ({
    stream: `change-${id}`,
    type: 'ChangeOpened',
    data: {
      scope: { enterprise: 'acme', organisation: 'web', project: i === 2 ? 'other' : 'shop' },
      ...{ pipeline: 'main', branch: id, repository: '/git/shop', title: id },
    },
  })),
  { stream: 'change-change-no-4', type: 'ChangeDeleted', data: { patchset: 1 } },
  {
    ...{ stream: 'job-job-of-00', type: 'JobReportRefused' as const },
    data: { attempt: 1, report: 'job', why: 'job_already_finished' },
  },
];

const onProblem = ({ message }: { readonly message: string }): never => {
  throw new Error(message);
};

const nowhere = () => Promise.resolve(undefined);

let edge: Edge;
let close: () => Promise<void>;
beforeEach(async () => {
  const store = memoryStore();
  await record(store, givenEvents(...story, ...changeStory));
  const live = {
    jobs: readModel(jobs, store, { onProblem }),
    queue: readModel(queue, store, { onProblem }),
    history: readModel(history, store, { onProblem }),
    explain: readModel(explain, store, { onProblem }),
    health: readModel(runnerHealth, store, { onProblem }),
    changes: readModel(changes, store, { onProblem }),
    measures: readModel(queueMeasures, store, { onProblem }),
  };
  const evidence = createEvidence();
  const runners = runnerReads(live);
  const before = past(store, systemClock);
  edge = await startEdge({
    ...jobReads(live, store, defaultQueuePolicy, nowhere, { now: () => undefined }),
    listRunners: () =>
      TE.map((all: readonly RunnerView[]) => all.map(evidence.beside))(runners.listRunners()),
    showRunner: (name) => TE.map(evidence.beside)(runners.showRunner(name)),
    ...changeReads(live.changes),
    ...measureReads(live.measures, () => undefined),
    at: (at) =>
      TE.map((then: AtMoment) => ({
        moment: then.moment,
        reads: {
          ...runnerReads({ health: then.of(runnerHealth), jobs: then.of(jobs) }),
          ...changeReads(then.of(changes)),
          ...measureReads(then.of(queueMeasures), () => then.moment.time),
          ...jobReads(jobSourcesAt(then), store, defaultQueuePolicy, nowhere, readAt(then.moment)),
        },
      }))(before.at(at)),
  });
  close = async () => {
    await edge.close();
    before.close();
    for (const model of Object.values(live)) await model.close();
    await store.close();
  };
});
afterEach(() => close());

interface Rows {
  readonly items: readonly HistoryRow[];
  readonly next?: string;
  readonly at?: { readonly position: string; readonly time?: string };
}
const get = async <A>(path: string) => {
  const response = await edge.ask('GET', `/api/v1${path}`);
  const body = (await response.json()) as A;
  return { status: response.status, headers: response.headers, body };
};

describe('GET /queue/measures', () => {
  it('given the present and a moment of the past, then each tells what had happened by then, as described', async () => {
    const { body } = await get<QueueMeasures>('/queue/measures?since=2026-01-01T00:00:00Z');
    expect(differences(answerPlace('get', '/queue/measures', 200, 'application/json'), body)).toEqual([]);
    expect(body).toMatchObject({
      step: '1m',
      // in the second minute a word of a job is refused, and nothing moves in the queue
      items: [
        { started: 12, depthEnd: 0, waitP50Ms: 2004 },
        { started: 0, depthEnd: 0, waitP50Ms: null },
      ],
    });
    // the first job has started, and not ended
    const then = await get<QueueMeasures>('/queue/measures?since=2026-01-01T00:00:00Z&at=6');
    expect(then.body.items).toMatchObject([{ started: 1, running: 1, depthMax: 1, depthEnd: 0 }]);
  });
  it('given a span that ends before it begins, then 422', async () => {
    const { status } = await get('/queue/measures?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z');
    expect(status).toBe(422);
  });
});

describe('GET /history', () => {
  it('given pages, then together they are the whole list', async () => {
    const whole = await get<Rows>('/history');
    expect(whole.body.items).toHaveLength(13);
    expect(whole.body).not.toHaveProperty('next');
    const seen: HistoryRow[] = [];
    let cursor = '';
    for (let pages = 0; pages < 4; pages++) {
      const { body } = await get<Rows>(`/history?limit=4${cursor}`);
      seen.push(...body.items);
      cursor = body.next === undefined ? '' : `&cursor=${body.next}`;
    }
    expect(seen).toEqual(whole.body.items);
    expect(cursor).toBe('');
  });
  it.each([
    ['runner=r2', 6],
    ['outcome=failed', 3],
    ['actor=-alice', 1],
    ['project=shop&phase=unit&stage=verify&pipeline=master&enterprise=acme&organisation=web', 13],
    ['project=other', 0],
    ['job=job-of-07', 1],
    ['job=job-e', 1],
    ['since=2026-01-01T00:00:51.000Z', 1],
    ['until=2026-01-01T01:00:10%2B01:00', 1],
  ])('given ?%s, then %i rows', async (query, count) => {
    expect((await get<Rows>(`/history?${query}`)).body.items).toHaveLength(count);
  });
  it.each([
    ['cursor=@', 'invalid_input'],
    ['cursor=bm9uZQ', 'cursor_unusable'],
    ['outcome=broken', 'invalid_input'],
    ['since=yesterday', 'invalid_input'],
    ['job=job-o', 'id_ambiguous'],
  ])('given ?%s, then a refusal with the reason %s', async (query, reason) => {
    const { status, body } = await get<{ reason: string }>(`/history?${query}`);
    expect([status >= 400, body.reason]).toEqual([true, reason]);
  });
  it('counted by runner', async () => {
    const { body } = await get<{ by: string; items: { key: string; attempts: number }[] }>(
      '/history/summary?by=runner',
    );
    expect(body.by).toBe('runner');
    expect(body.items.map(({ key, attempts }) => [key, attempts])).toEqual([
      ['r1', 6],
      ['r2', 6],
      ['', 1],
    ]);
  });
});

/** RFC 4180, so that what is tested is what a spreadsheet reads. */
const parseCsv = (text: string): string[][] => {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  for (let match = cell.exec(text); match !== null; match = cell.exec(text)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '\r\n') {
      rows.push(row);
      row = [];
    }
    if (cell.lastIndex === text.length) return rows;
  }
  throw new Error(`not CSV behind ${cell.lastIndex}: ${text.slice(cell.lastIndex, 40)}`);
};

describe('GET /history/export', () => {
  it('as NDJSON: one row a line, the rows of the list', async () => {
    const response = await edge.ask('GET', '/api/v1/history/export?format=ndjson&runner=r2');
    expect(response.headers.get('Content-Type')).toBe('application/x-ndjson; charset=utf-8');
    const lines = (await response.text()).split('\n');
    expect(lines.pop()).toBe('');
    const { body } = await get<Rows>('/history?runner=r2');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(body.items);
  });
  it('as CSV: a header, a row each, what would be a formula defused, quotes doubled', async () => {
    const response = await edge.ask('GET', '/api/v1/history/export?format=csv');
    expect(response.headers.get('Content-Type')).toBe('text/csv; charset=utf-8; header=present');
    expect(response.headers.get('Content-Disposition')).toContain('baton-history.csv');
    const text = await response.text();
    const [head = [], ...rows] = parseCsv(text);
    expect(head.slice(0, 4)).toEqual(['jobId', 'attempt', 'outcome', 'exitCode']);
    expect(rows).toHaveLength(13);
    for (const row of rows) expect(row).toHaveLength(head.length);
    const of = (job: string, column: string) => rows.find(([id]) => id === job)?.[head.indexOf(column)];
    expect(of('job-of-03', 'label')).toBe(`'=HYPERLINK("http://evil")`);
    expect(of('job-ended', 'cancelledBy')).toBe("'-alice");
    expect(of('job-ended', 'cancelReason')).toBe('say "no",\tplease');
    expect(of('job-of-00', 'exitCode')).toBe('3');
    expect(of('job-of-00', 'cancelledBy')).toBe('');
    // programs count columns: new ones are at the end
    expect(head.slice(-3)).toEqual(['retryOf', 'reported', 'reportRefused']);
    expect(of('job-of-00', 'reportRefused')).toBe('job_already_finished');
    expect(of('job-of-00', 'reported')).toBe('');
  });
  it('given a moment of the past, then only what was then', async () => {
    const response = await edge.ask('GET', '/api/v1/history/export?format=ndjson&at=7');
    expect(response.headers.get('Baton-Position')).toBe('7');
    expect((await response.text()).trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('?at=', () => {
  it('given a position, then the queue as it was, with the position in header and body', async () => {
    const { headers, body } = await get<{ position: string; entries: { status: string }[]; at: unknown }>(
      '/queue?at=6',
    );
    expect([headers.get('Baton-Position'), headers.get('Baton-Time')]).toEqual([
      '6',
      '2026-01-01T00:00:05.000Z',
    ]);
    expect(body).toMatchObject({
      position: '6',
      at: { position: '6', time: '2026-01-01T00:00:05.000Z' },
      entries: [{ jobId: 'job-of-00', status: 'running', runner: 'r1' }],
    });
    expect((await get<{ entries: unknown[] }>('/queue')).body.entries).toEqual([]);
  });
  it('given a time, then the position is that of the last event before', async () => {
    const { headers } = await get('/jobs?at=2026-01-01T00:00:05.500Z');
    expect(headers.get('Baton-Position')).toBe('6');
  });
  it.each<[string, object]>([
    ['/runners?at=2', { items: [{ name: 'r1', state: 'untested' }] }],
    ['/runners/r1?at=5', { state: 'ready', current: { 0: 'job-of-00' } }],
    ['/jobs?at=4', { items: [{ id: 'job-of-00', status: 'queued' }] }],
    ['/jobs/job-of-00?at=5', { status: 'assigned' }],
    ['/jobs/job-of-00/explain?at=6', { verdict: 'runs on r1 (rule: only_match)' }],
    ['/jobs/job-of-00/timeline?at=5', { items: [{ position: '4' }, { position: '5' }] }],
    ['/history?at=7', { items: [{ jobId: 'job-of-00', outcome: 'failed' }] }],
    ['/history/summary?by=outcome&at=7', { items: [{ key: 'failed', attempts: 1 }] }],
    ['/changes?at=5', { items: [] }],
    ['/queue?at=start', { entries: [], at: { position: 'start' } }],
  ])('GET %s', async (path, expected) => {
    const { status, body } = await get<{ at: object; items?: unknown[] }>(path);
    expect(status).toBe(200);
    expect(body).toMatchObject(expected);
    if ('items' in expected) expect(body.items).toHaveLength((expected.items as unknown[]).length);
    expect(body.at).toHaveProperty('position');
  });
  it('given what was not yet then, then it is not found', async () => {
    expect((await get('/jobs/job-of-01?at=5')).status).toBe(404);
    expect((await get('/runners/r1?at=start')).status).toBe(404);
  });
  it.each([
    ['9999', 'at_beyond_the_end'],
    ['2999-01-01T00:00:00Z', 'at_in_the_future'],
    ['-1', 'invalid_input'],
    ['2026-02-30T00:00:00Z', 'invalid_input'],
  ])('given %s, then 422 with the reason %s', async (at, reason) => {
    const { status, body } = await get<{ code: string; reason: string }>(`/queue?at=${at}`);
    expect([status, body.code, body.reason]).toEqual([422, 'invalid', reason]);
  });
});

describe('GET /jobs', () => {
  it('given pages of a moment, then together they are the jobs of that moment', async () => {
    interface Jobs {
      readonly items: readonly { readonly id: string }[];
      readonly next?: string;
    }
    const whole = await get<Jobs>('/jobs?at=20');
    const first = await get<Jobs>('/jobs?at=20&limit=3');
    const second = await get<Jobs>(`/jobs?at=20&limit=3&cursor=${first.body.next ?? ''}`);
    expect(second.body).not.toHaveProperty('next');
    expect([...first.body.items, ...second.body.items]).toEqual(whole.body.items);
    expect(whole.body.items).toHaveLength(5);
  });
});

describe('GET /changes', () => {
  interface Changes {
    readonly items: readonly { readonly id: string }[];
    readonly next?: string;
  }
  const idsOf = ({ items }: Changes): readonly string[] => items.map(({ id }) => id);
  const newestFirst = changeIds.toReversed();
  /** The moment at which the third was the last one. */
  const third = story.length + 3;

  it('given nothing, then all of them, newest first, on one page', async () => {
    const { body } = await get<Changes>('/changes');
    expect(idsOf(body)).toEqual(newestFirst);
    expect(body).not.toHaveProperty('next');
    const place = answerPlace('get', '/changes', 200, 'application/json');
    expect(differences(place, body)).toEqual([]);
  });
  it('given pages, now or of a moment, then together they are the whole list', async () => {
    for (const [at, whole] of [
      ['', newestFirst],
      [`&at=${third}`, newestFirst.slice(2)],
    ] as const) {
      const seen: string[] = [];
      let [cursor, pages] = ['', 0];
      do {
        const { status, body } = await get<Changes>(`/changes?limit=2${at}${cursor}`);
        expect([status, body.items.length <= 2]).toEqual([200, true]);
        seen.push(...idsOf(body));
        cursor = body.next === undefined ? '' : `&cursor=${body.next}`;
        pages++;
      } while (cursor !== '');
      expect([seen, pages]).toEqual([whole, Math.ceil(whole.length / 2)]);
    }
  });
  it.each([
    ['project=other', ['change-no-2']],
    ['status=deleted', ['change-no-4']],
    ['status=open&project=shop', ['change-no-3', 'change-no-1', 'change-no-0']],
    ['project=nothing', []],
  ])('given ?%s, then what fits', async (query, expected) => {
    expect(idsOf((await get<Changes>(`/changes?${query}`)).body)).toEqual(expected);
  });
  it.each([
    ['limit=0', 'invalid_input'],
    ['limit=1001', 'invalid_input'],
    ['cursor=@', 'invalid_input'],
    ['status=running', 'invalid_input'],
    ['colour=red', 'invalid_input'],
    ['cursor=bm9uZQ', 'cursor_unusable'],
  ])('given ?%s, then 422 %s', async (query, reason) => {
    const { status, body } = await get<{ reason: string }>(`/changes?${query}`);
    expect([status, body.reason]).toEqual([422, reason]);
  });
  it('given a cursor of jobs, then it is none of changes', async () => {
    const { body } = await get<Changes>('/jobs?limit=1');
    expect(body.next).toBeDefined();
    expect((await get(`/changes?cursor=${body.next ?? ''}`)).status).toBe(422);
  });
});
