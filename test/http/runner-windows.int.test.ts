/** Runners in windows over HTTP: the real reads on a store in memory, behind the real routes. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobs } from '../../projections/jobs.js';
import { runnerHealth, type RunnerView } from '../../projections/runner-health.js';
import { createEvidence, type RunnerStatus } from '../../src/app/evidence.js';
import { runnerReads } from '../../src/app/runner-reads.js';
import type { RunnerWindow } from '../../src/app/runner-window.js';
import type { Grant } from '../../src/domain/grants.js';
import { memoryStore } from '../../src/store/memory.js';
import { record } from '../app/history-store.js';
import { givenEvents, type Given } from '../given.js';
import { assigned, queued, readyRunner, started, succeeded } from '../projections/stories.js';
import { readModel } from '../read-model.js';
import { answerPlace, differences } from './described.js';
import { startEdge, type Edge } from './edge.js';

const scope = (enterprise: string) => ({ enterprise, organisation: 'web', project: 'shop' });
const paused: Given = { stream: 'runner-r03', type: 'RunnerPaused', data: {} };
const story: readonly Given[] = [
  ...Array.from({ length: 12 }, (_, i) =>
    readyRunner(`r${String(i).padStart(2, '0')}`, 'debian', i === 5 ? { enterprises: ['globex'] } : {}),
  ).flat(),
  ...[queued('ours', { scope: scope('acme') }), assigned('ours', { runner: 'r07' }), started('ours')],
  ...[queued('theirs', { scope: scope('globex') }), assigned('theirs', { runner: 'r08' })],
  ...[queued('done', { scope: scope('acme') }), assigned('done', { runner: 'r09' }), started('done')],
  succeeded('done'),
  paused,
];

const onProblem = ({ message }: { readonly message: string }): never => {
  throw new Error(message);
};

let edge: Edge;
let close: () => Promise<void>;
let grants: readonly Grant[];
beforeEach(async () => {
  grants = [{ role: 'viewer' }];
  const store = memoryStore();
  await record(store, givenEvents(...story));
  const live = {
    jobs: readModel(jobs, store, { onProblem }),
    health: readModel(runnerHealth, store, { onProblem }),
  };
  const { beside } = createEvidence();
  const reads = runnerReads(live);
  edge = await startEdge({
    listRunners: (sight) => TE.map((all: readonly RunnerView[]) => all.map(beside))(reads.listRunners(sight)),
    windowRunners: (request, sight) =>
      TE.map((found: RunnerWindow<RunnerView>) => ({ ...found, items: found.items.map(beside) }))(
        reads.windowRunners(request, sight),
      ),
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
  const response = await edge.ask('GET', `/api/v1/runners${query}`);
  return { status: response.status, body: (await response.json()) as RunnerWindow<RunnerStatus> };
};
const names = ({ items }: RunnerWindow<RunnerStatus>) => items.map(({ name }) => name);

describe('GET /runners', () => {
  it('given no limit, then all by name and nothing beside them', async () => {
    const { body } = await ask();
    expect(Object.keys(body)).toEqual(['items']);
    expect(names(body)).toEqual([...names(body)].sort());
    expect(body.items).toHaveLength(12);
  });

  it('given windows one after the other, then together they are all, trouble first, each as described', async () => {
    const found: string[] = [];
    for (const offset of [0, 5, 10]) {
      const { body } = await ask(`?limit=5&offset=${offset}`);
      expect(differences(answerPlace('get', '/runners', 200, 'application/json'), body)).toEqual([]);
      const counted = { total: 12, counts: { ready: 11, paused: 1 }, busy: 2, slots: 12, free: 9 };
      expect(body).toMatchObject(counted);
      found.push(...names(body));
    }
    expect(found.slice(0, 3)).toEqual(['r03', 'r07', 'r08']);
    expect(new Set(found).size).toBe(12);
  });

  it('given what an ended job took, then the runner tells it', async () => {
    const { body } = await ask('?limit=1&q=r09');
    expect(body.items[0]?.lastOutcomes).toMatchObject([{ jobId: 'done', outcome: 'succeeded', ranMs: 1000 }]);
  });

  it.each(['limit=0', 'limit=5&state=well', 'limit=5&sort=host', 'limit=5&label=a%20b', 'q=r1', 'offset=3'])(
    'given ?%s, then 422',
    async (query) => {
      expect((await ask(`?${query}`)).status).toBe(422);
    },
  );

  it('given a viewer in one enterprise, then no runner that is kept for another, and none of its jobs', async () => {
    grants = [{ role: 'viewer', enterprise: 'acme' }];
    const { body } = await ask('?limit=20');
    expect(names(body)).not.toContain('r05');
    expect(body).toMatchObject({ total: 11, counts: { ready: 10, paused: 1 }, busy: 2, slots: 11 });
    expect(body.items.slice(1, 3).map(({ current }) => current)).toEqual([{ 0: 'ours' }, { 0: '' }]);
  });
});
