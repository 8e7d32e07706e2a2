/** What has changed, over HTTP: the real hub on real views of a store in memory, behind the real routes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Subject } from 'rxjs';
import { changes } from '../../plugin/hosts/standalone/changes.js';
import { changesTouched } from '../../plugin/hosts/standalone/touched.js';
import { jobs } from '../../projections/jobs.js';
import { queue } from '../../projections/queue.js';
import { runnerHealth } from '../../projections/runner-health.js';
import { readModels } from '../../src/app/read-models.js';
import { openUpdates, type Update, type Updates } from '../../src/app/updates.js';
import type { Caller, UseCases } from '../../src/app/use-cases.js';
import { readEvents } from '../../src/cli/events.js';
import { updateFrames } from '../../src/http/update-stream.js';
import { memoryStore } from '../../src/store/memory.js';
import { record } from '../app/history-store.js';
import { givenEvents, type Given } from '../given.js';
import { assigned, queued, readyRunner, started } from '../projections/stories.js';
import { startEdge, until, type Edge } from './edge.js';

const scope = (project: string) => ({ enterprise: 'acme', organisation: 'web', project });
const opened = (id: string, project = 'shop'): Given => ({
  stream: `change-${id}`,
  type: 'ChangeOpened',
  data: { scope: scope(project), pipeline: 'main', branch: id, repository: '/git/shop', title: id },
});
const before: readonly Given[] = [
  ...readyRunner('r1', 'debian'),
  ...readyRunner('r2', 'debian'),
  queued('job-old', { scope: scope('shop') }),
  queued('job-theirs', { scope: scope('secret') }),
];

const onProblem = ({ message }: { readonly message: string }): never => {
  throw new Error(message);
};

const EVERY_MS = 300;

let edge: Edge;
let updates: Updates;
let caller: Caller | undefined;
let closeAll: () => Promise<void>;
/** Appends events behind those of before. */
let happen: (...more: readonly Given[]) => Promise<string>;
/** What a model is waited for with, before anything is told. */
let gate: Promise<void>;
let lookups: number;
/** What the hub says of its own failures. */
let untold: string[];
let queueView: () => string;

beforeEach(async () => {
  caller = { actor: 'somebody', grants: [{ role: 'viewer' }] };
  gate = Promise.resolve();
  lookups = 0;
  untold = [];
  const store = memoryStore();
  let told: readonly Given[] = before;
  await record(store, givenEvents(...before));
  const { models, close } = readModels({ jobs, queue, health: runnerHealth, changes }, store, { onProblem });
  queueView = () => Object.keys(models.queue.view().jobs).join(' ');
  const gated = { caughtUp: () => Promise.resolve(), waitFor: () => gate };
  updates = openUpdates({
    source: models.jobs,
    models: [models.jobs, models.queue, models.health, models.changes, gated],
    jobs: models.jobs.view,
    runners: models.health.view,
    changesOf: (stream) => {
      lookups++;
      return changesTouched(models.changes.view(), stream);
    },
    onProblem: (message) => {
      untold.push(message);
    },
    everyMs: EVERY_MS,
  });
  happen = async (...more) => {
    const from = told.length;
    told = [...told, ...more];
    const written = await record(store, givenEvents(...told).slice(from));
    return written.at(-1)?.position ?? '';
  };
  edge = await startEdge({ watchUpdates: updates.watch, authenticate: () => caller });
  closeAll = async () => {
    await edge.close();
    updates.close();
    await close();
    await store.close();
  };
});
afterEach(async () => {
  await closeAll();
  expect(untold).toEqual([]);
});

interface Told extends Update {
  readonly id: string | undefined;
  readonly atMs: number;
}

/** A reader that reads as it comes; `next` waits for the next one. */
const reader = async (query = '', lastEventId?: string) => {
  const response = await edge.ask('GET', `/api/v1/updates${query}`, {
    headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
  });
  expect(response.status).toBe(200);
  const told: Told[] = [];
  const problems: string[] = [];
  let ended = false;
  let taken = 0;
  const reading = (async () => {
    for await (const { event, data, id } of readEvents(response.body))
      if (event === 'changed') told.push({ ...(JSON.parse(data) as Update), id, atMs: performance.now() });
      else problems.push(`${event} ${data}`);
  })()
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  return {
    told,
    problems,
    hasEnded: () => ended,
    reading,
    next: async (): Promise<Told> => {
      await until('something is told', () => told.length > taken);
      const update = told[taken++];
      if (update === undefined) throw new Error('nothing was told');
      return update;
    },
  };
};
const topicsOf = (update: Update) => [...update.topics].sort();

describe('GET /updates', () => {
  it('given a reader that comes, then it is told at once where the views are, and nothing else', async () => {
    const first = await (await reader()).next();
    expect(first).toMatchObject({ id: '8', position: '8', topics: [] });
    expect(first).not.toHaveProperty('many');
  });

  it('given what happens to a job, then the job, its runner, its change and the lists that show them are told', async () => {
    const { next } = await reader();
    await next();
    await happen(opened('change-1'));
    expect(topicsOf(await next())).toEqual(['change:change-1', 'changes']);
    const position = await happen(assigned('job-old', { runner: 'r2' }));
    expect(await next()).toMatchObject({ position, id: position });
    await happen(started('job-old'));
    expect(topicsOf(await next())).toEqual(['job:job-old', 'queue', 'runner:r2', 'runners']);
    await happen({ stream: 'runner-r1', type: 'RunnerPaused', data: {} });
    expect(topicsOf(await next())).toEqual(['runner:r1', 'runners']);
    await happen({
      ...{ stream: 'job-job-old', type: 'JobCollectionPaused' },
      data: { attempt: 1, why: 'secrets_unknown', detail: 'd' },
    });
    expect(topicsOf(await next())).toEqual(['job:job-old']);
    const reason = { filter: [], reason: 'all_busy', detail: '', blockers: [] } as const;
    await happen({ stream: 'filter_class-fc', type: 'WaitReasonChanged', data: reason });
    expect(topicsOf(await next())).toEqual(['queue']);
  });

  it('given a view that has not folded it yet, then nothing is told before it has', async () => {
    const { next, told } = await reader();
    await next();
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const position = await happen(queued('job-new'));
    await until('the other views have it', () => queueView().includes('job-new'));
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    expect(told).toHaveLength(1);
    open();
    expect(await next()).toMatchObject({ position });
    expect(queueView()).toContain('job-new');
  });

  it('given much that happens, then the first is told at once and the rest not more often than it may', async () => {
    const { next, told } = await reader();
    await next();
    const beginMs = performance.now();
    const last = 40;
    for (let i = 0; i <= last; i++) {
      await happen(queued(`job-${i}`));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until('the last is told', () => told.at(-1)?.topics.includes(`job:job-${last}`) === true);
    const times = told.slice(1).map(({ atMs }) => atMs);
    expect((times[0] ?? Infinity) - beginMs).toBeLessThan(EVERY_MS);
    const pauses = times.slice(1).map((ms, i) => ms - (times[i] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThan(EVERY_MS * 0.6);
    expect(new Set(told.flatMap(({ topics }) => topics)).size).toBe(last + 2);
  });

  it('given topics that are wanted, then these alone, and nothing when others are touched', async () => {
    const { next } = await reader('?topics=runners,job:job-old');
    await next();
    await happen(queued('job-new'));
    const position = await happen(assigned('job-old'));
    expect(await next()).toMatchObject({ position, topics: ['runners', 'job:job-old'] });
  });

  it.each([
    ...[
      'topics=',
      'topics=all',
      'topics=job:',
      'topics=job:a%0Ab',
      'topics=runner:a%20b',
      'topics=job:aaaa:b',
    ],
    ...[`topics=${Array.from({ length: 51 }, (_, i) => `job:job-${i}`).join(',')}`, 'topic=queue'],
  ])('given ?%s, then 422', async (query) => {
    const response = await edge.ask('GET', `/api/v1/updates?${query}`);
    await response.body?.cancel();
    expect(response.status).toBe(422);
  });

  it('given a viewer of one project, then nothing tells of a job or change of another; of its own everything', async () => {
    caller = { actor: 'somebody', grants: [{ role: 'viewer', ...scope('shop') }] };
    const { next, told } = await reader();
    const asked = await reader('?topics=job:job-theirs,change:change-theirs,changes');
    await Promise.all([next(), asked.next()]);
    await happen(opened('change-theirs', 'secret'));
    await happen(assigned('job-theirs', { runner: 'r2' }));
    await until('that the queue is another is told', () =>
      told.some(({ topics }) => topics.includes('queue')),
    );
    await happen(opened('change-ours'));
    await until('ours is told', () => told.some(({ topics }) => topics.includes('change:change-ours')));
    expect([...new Set(told.flatMap(({ topics }) => topics))].sort()).toEqual([
      ...['change:change-ours', 'changes', 'queue', 'runner:r2', 'runners'],
    ]);
    expect((await asked.next()).topics).toEqual(['changes']);
  });

  it('given a runner that was looked at and no event says so, then it is told, at the position that there is', async () => {
    const { next } = await reader();
    await next();
    updates.sawRunner('r1');
    expect(await next()).toMatchObject({ position: '8', topics: ['runner:r1'] });
  });

  it('given a reader that comes back, then it is told first what it missed; one that nobody knows of, that all may be other', async () => {
    const watched = await reader();
    await watched.next();
    await happen(queued('job-1'));
    const { id } = await watched.next();
    await happen({ stream: 'runner-r1', type: 'RunnerPaused', data: {} });
    await watched.next();
    const back = await (await reader('', id)).next();
    expect(topicsOf(back)).toEqual(['runner:r1', 'runners']);
    expect(await (await reader('', back.id)).next()).toMatchObject({ topics: [], position: back.position });
    const all = { topics: ['queue', 'runners', 'changes'], many: true, position: back.position };
    expect(await (await reader('', '2')).next()).toMatchObject(all);
    expect(await (await reader('', '999999')).next()).toMatchObject(all);
    expect(await (await reader('?topics=queue', '2')).next()).toMatchObject({ topics: ['queue'] });
  });

  it('given more than 200 things in one, then the lists and that there are many', async () => {
    const { told, next } = await reader();
    const one = await reader('?topics=job:job-250');
    await Promise.all([next(), one.next()]);
    await happen(...Array.from({ length: 300 }, (_, i) => queued(`job-${i}`)));
    await until('that there are many is told', () => told.some(({ many }) => many === true));
    expect(told.find(({ many }) => many === true)?.topics).toEqual(['queue']);
    // who asked for one is told of that one
    expect(await one.next()).toMatchObject({ topics: ['job:job-250'] });
  });

  it('given that telling fails, then it is said once, and as soon as it works everything is told', async () => {
    const { next, told } = await reader();
    const one = await reader('?topics=runners');
    await Promise.all([next(), one.next()]);
    gate = Promise.reject(new Error('not now'));
    gate.catch(() => undefined);
    await happen(queued('job-lost'));
    await until('it has failed', () => untold.length === 1);
    // without anything else that happens it is tried again, and fails again
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS * 2));
    const position = await happen(queued('job-next'));
    expect(told).toHaveLength(1);
    gate = Promise.resolve();
    expect(await next()).toMatchObject({ position, topics: ['queue', 'runners', 'changes'], many: true });
    expect(await one.next()).toMatchObject({ topics: ['runners'] });
    expect(untold.splice(0)).toEqual(['what has changed could not be told, and is tried again']);
    const later = await happen(queued('job-later'));
    expect(await next()).toMatchObject({ position: later, topics: ['queue', 'job:job-later'] });
  });

  it('given a view that was folded anew, then all that is shown may be another, and who comes back is told, too', async () => {
    const { next } = await reader();
    const one = await reader('?topics=job:job-old,queue');
    const { id } = await next();
    await one.next();
    updates.sawRebuild();
    const all = { topics: ['queue', 'runners', 'changes'], many: true, position: '8' };
    expect(await next()).toMatchObject(all);
    expect(await one.next()).toMatchObject({ topics: ['queue'], many: true });
    expect(await (await reader('', id)).next()).toMatchObject(all);
  });

  it('given many readers, then what they are told is looked up once', async () => {
    const readers = await Promise.all(Array.from({ length: 40 }, () => reader()));
    await Promise.all(readers.map(({ next }) => next()));
    lookups = 0;
    await happen(queued('job-1'));
    await Promise.all(readers.map(({ next }) => next()));
    expect(lookups).toBe(1);
  });

  it('given a token that is revoked, then the stream ends and says why', async () => {
    const watched = await reader();
    await watched.next();
    caller = undefined;
    await until('it has ended', watched.hasEnded);
    expect(watched.problems.join()).toContain('"code":"unauthenticated"');
  });

  it('given that the server ends, then the streams do', async () => {
    const watched = await reader();
    await watched.next();
    edge.endStreams();
    await until('it has ended', watched.hasEnded);
  });
});

it('given a reader that does not read, then all that comes is kept in one update of bounded size', async () => {
  const source = new Subject<Update>();
  const stop = new AbortController();
  const watch: UseCases['watchUpdates'] = () => source;
  const pace = { heartbeatMs: 60_000, checkMs: 1000 };
  const frames = updateFrames(watch({}), { pace, requestId: 'r' }, stop.signal);
  await frames.next();
  for (let i = 1; i <= 100_000; i++) source.next({ position: String(i), topics: ['queue', `job:job-${i}`] });
  source.complete();
  const rest: string[] = [];
  for await (const text of frames) rest.push(text);
  expect(rest).toEqual([
    'event: changed\nid: 100000\ndata: {"position":"100000","topics":["queue"],"many":true}\n\n',
  ]);
  expect(source.observed).toBe(false);
});

it('given the end of a Union, then any change may be another, since pipelines may be blocked or free', () => {
  const view = changes.init();
  const run = { stageRunId: 'run-1', stage: 'union', patchset: 1, phases: [] } as const;
  const base = changes.init();
  for (const recorded of givenEvents(opened('change-1'))) changes.evolve(base, recorded);
  const change = base.changes['change-1'];
  if (change === undefined) throw new Error('no change');
  Object.assign(view.changes, { 'change-1': { ...change, stages: [{ ...run, status: 'running' }] } });
  Object.assign(view.stageRuns, { 'run-1': 'change-1' });
  expect(changesTouched(view, 'stage_run-run-1')).toMatchObject([{ id: 'change-1' }]);
  Object.assign(view.changes, { 'change-1': { ...change, stages: [{ ...run, status: 'passed' }] } });
  expect(changesTouched(view, 'stage_run-run-1')).toBe('all');
  expect(changesTouched(view, 'phase_run-unknown')).toEqual([]);
  expect(changesTouched(view, 'change-constructor')).toEqual([]);
});
